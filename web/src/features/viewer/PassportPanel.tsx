/** The passport of a record: what its file stated, what was assumed, what was done. */
import type { ReactNode } from "react";
import type { RecordDetail } from "@/api";
import { Definitions, fmt } from "@/ui";
import { Doubt } from "./Doubt";
import { gainsText } from "./words";
import css from "./viewer.module.css";

export function PassportPanel({ record }: { record: RecordDetail }) {
  const { source, steps, annotations, leads } = record;
  const [low, high] = source.band ?? [];
  return (
    <div className={css["stack"]} data-testid="viewer-passport">
      <Definitions
        rows={[
          { name: "Read from", value: source.name },
          { name: "Format", value: source.format },
          ...(source.reader ? [{ name: "Reader", value: source.reader }] : []),
          { name: "Rate", value: source.rate === null || source.rate === undefined ? "not stated" : fmt.rate(source.rate) },
          { name: "Unit", value: source.unit ?? "not stated" },
          { name: "Gain", value: gainsText(source.gain, source.leads) },
          { name: "Leads", value: (source.leads ?? leads).join(", ") + (source.leads ? "" : " (not stated)") },
          ...(low !== undefined && high !== undefined ? [{ name: "Filter before", value: `${fmt.plain(low)}\u2013${fmt.plain(high)} Hz` }] : []),
          ...(source.recorded ? [{ name: "Recorded", value: fmt.when(source.recorded) }] : []),
          ...(record.subject.id ? [{ name: "Patient", value: record.subject.id }] : []),
          ...(record.fold !== null ? [{ name: "Fold", value: String(record.fold) }] : []),
        ]}
      />
      <Lines title="Doubts" lines={source.doubts ?? []} render={(line) => <Doubt words={line} />} />
      <Lines title="Assumed, because the file does not say" lines={source.assumed ?? []} />
      <Lines title="Done since it was read" lines={steps} none="Nothing: shown as it was read." />
      <Lines
        title="Annotations in the file"
        lines={annotations.map((a) => [a.onset === null || a.onset === undefined ? "" : `${fmt.fixed(a.onset, 2)} s`, a.text, a.code ?? ""].filter(Boolean).join(" · "))}
      />
    </div>
  );
}

interface LinesProps {
  title: string;
  lines: readonly string[];
  /** What to say where there is nothing; without it the whole block is left out. */
  none?: string;
  render?: (line: string) => ReactNode;
}

function Lines({ title, lines, none, render }: LinesProps) {
  if (lines.length === 0 && none === undefined) return null;
  return (
    <section>
      <h3 className={css["small"]}>{title}</h3>
      {lines.length === 0 ? (
        <p className={css["line"]}>{none}</p>
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
