/** The passport of a record: what was read, assumed, derived, changed and doubted, by what, and what is kept of the file. */
import type { ReactNode } from "react";
import { address, type RecordDetail } from "@/api";
import { Definitions, fmt, StateTag } from "@/ui";
import { Doubt } from "./Doubt";
import { divided, gainsText, statements } from "./words";
import css from "./viewer.module.css";

const NOT_STATED = "not stated";

export function PassportPanel({ record }: { record: RecordDetail }) {
  const { source, steps } = record;
  const { others } = divided(record.annotations);
  return (
    <div className={css["stack"]} data-testid="viewer-passport">
      <Lines title="Doubted" lines={source.doubts} none="Nothing looked wrong." render={(line) => <Doubt words={line} />} testId="passport-doubted" />
      <section data-testid="passport-read">
        <h3 className={css["small"]}>Read, as the file states it</h3>
        <Definitions rows={stated(record)} />
      </section>
      <Lines title="Assumed, because the file does not say" lines={source.assumed} none="Nothing." testId="passport-assumed" />
      <Lines
        title="Derived" none="Nothing: every lead is as it was stored." testId="passport-derived"
        lines={source.derived.length === 0 ? [] : [`${source.derived.join(", ")}: computed from the other limb leads, and marked on the paper`]}
      />
      <Lines title="Changed" lines={[...source.changed, ...steps]} none="Nothing: shown as it was read." testId="passport-changed" />
      <Original record={record} />
      <Lines title="Stated by the device" lines={statements(others)} testId="passport-statements" />
    </div>
  );
}

function stated({ source, leads, subject, fold }: RecordDetail): { name: string; value: ReactNode }[] {
  const [low, high] = source.band ?? [];
  return [
    { name: "File", value: source.name },
    { name: "Format", value: source.format },
    ...(source.reader ? [{ name: "Decoded by", value: source.reader }] : []),
    ...(source.device ? [{ name: "Device", value: source.device }] : []),
    { name: "Rate", value: source.rate === null || source.rate === undefined ? NOT_STATED : fmt.rate(source.rate) },
    { name: "Unit", value: source.unit ?? NOT_STATED },
    { name: "Gain", value: gainsText(source.gain, source.leads) },
    { name: "Leads", value: source.leads ? source.leads.join(", ") : `${leads.join(", ")} (not stated)` },
    ...(low !== undefined && high !== undefined ? [{ name: "Filter before", value: `${fmt.plain(low)}\u2013${fmt.plain(high)} Hz` }] : []),
    ...(source.recorded ? [{ name: "Recorded", value: fmt.when(source.recorded) }] : []),
    ...(subject.id ? [{ name: "Patient", value: subject.id }] : []),
    ...(fold !== null ? [{ name: "Fold", value: String(fold) }] : []),
  ];
}

function Original({ record }: { record: RecordDetail }) {
  const { original, source } = record;
  const read = original?.read ?? source.sha256;
  return (
    <section data-testid="passport-original">
      <h3 className={css["small"]}>Original</h3>
      {original === undefined || original === null || original.kept === null ? (
        <p className={css["line"]}>Not kept: only the signal and the facts above are.</p>
      ) : original.identifiers ? (
        <p className={css["line"]}>
          <StateTag plain state="doubt" word="kept unchanged" /> with all that identifies the patient, as was asked for ({fmt.bytes(original.size)}).
        </p>
      ) : (
        <p className={css["line"]}>
          <StateTag plain state="good" word="kept, blanked" />: names, birth date and numbers of the patient are taken out ({fmt.bytes(original.size)}).
        </p>
      )}
      {original?.kept && (
        <p className={css["line"]}>
          <a href={address("records", record.item, "original")} download className={css["link"]} data-testid="passport-download">
            Download the original{original.identifiers ? "" : ", blanked"}
          </a>
        </p>
      )}
      <Definitions
        rows={[
          ...(read ? [{ name: "sha256 of what was read", value: <code className={css["hash"]}>{read}</code> }] : []),
          ...(original?.kept ? [{ name: "sha256 of what is kept", value: <code className={css["hash"]}>{original.kept}</code> }] : []),
        ]}
      />
    </section>
  );
}

interface LinesProps {
  title: string;
  lines: readonly string[];
  /** What to say where there is nothing; without it the whole block is left out. */
  none?: string;
  render?: (line: string) => ReactNode;
  testId?: string;
}

function Lines({ title, lines, none, render, testId }: LinesProps) {
  if (lines.length === 0 && none === undefined) return null;
  return (
    <section data-testid={testId}>
      <h3 className={css["small"]}>{title}</h3>
      {lines.length === 0 ? (
        <p className={css["line"]}>
          <span className="ein-quiet">{none}</span>
        </p>
      ) : (
        <ul className={css["lines"]}>
          {lines.map((line, i) => (
            <li key={i}>{render ? render(line) : line}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
