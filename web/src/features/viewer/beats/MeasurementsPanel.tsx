/** What is measured on the beats: each number with its spread and its beats, or why there is none. */
import { Button, CopyButton, Menu, Select, Tooltip } from "@mantine/core";
import { IconChevronDown, IconCopy, IconDownload, IconPencil } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Availability, MeasuredRecord, Measurement } from "@/api";
import { fmt, ProblemView, Query, StateTag, Waiting } from "@/ui";
import { Doubt } from "../Doubt";
import type { LitBeats } from "./lit";
import { beatsQuery, delineatorsQuery, exportAddress } from "./queries";
import type { BeatSettings } from "./settings";
import { type Group, GLOBAL, asTable, bundled, commonReason, figure, grouped, kindsWords, missingWords, unitWords, valueWords } from "./words";
import css from "./beats.module.css";

interface MeasurementsPanelProps {
  item: number;
  settings: BeatSettings;
  onMethod: (method: string) => void;
  lit: LitBeats;
  /** Begin to correct the marks by hand; null while that is being done. */
  onCorrect: (() => void) | null;
}

export function MeasurementsPanel({ item, settings, onMethod, lit, onCorrect }: MeasurementsPanelProps) {
  const delineators = useQuery(delineatorsQuery);
  const beats = useQuery(beatsQuery(item, settings.method));
  return (
    <div className={css["stack"]} data-testid="measurements" aria-busy={beats.isFetching}>
      {delineators.data !== undefined && <MethodChoice entries={delineators.data} value={settings.method} onChange={onMethod} />}
      {beats.isError ? (
        <ProblemView error={beats.error} onRetry={() => void beats.refetch()} compact />
      ) : (
        <Query query={beats} waiting={<Waiting rows={8} />}>
          {(record) => <Measured record={record} lit={lit} onCorrect={onCorrect} />}
        </Query>
      )}
    </div>
  );
}

/** Who finds the waves. One that cannot be used here says what it needs. */
export function MethodChoice({ entries, value, onChange, size = "xs" }: { entries: readonly Availability[]; value: string; onChange: (method: string) => void; size?: "xs" | "sm" }) {
  const chosen = entries.find(({ name }) => name === value);
  const known = new Map(entries.map((entry) => [entry.name, entry]));
  return (
    <Select
      size={size} label="Waves found by" value={value} allowDeselect={false} maxDropdownHeight={420} data-testid="method" description={chosen === undefined ? undefined : firstSentence(chosen.summary)}
      inputWrapperOrder={["label", "input", "description", "error"]} error={chosen === undefined || chosen.available ? undefined : chosen.reason}
      data={[...entries.map(({ name, title, available }) => ({ value: name, label: title, disabled: !available })), ...(chosen === undefined ? [{ value, label: `${value} (not known here)`, disabled: true }] : [])]}
      onChange={(method) => method !== null && onChange(method)}
      comboboxProps={{ width: 320, position: "bottom-start" }}
      renderOption={({ option }) => {
        const entry = known.get(option.value);
        return (
          <div>
            <div>{option.label}</div>
            <div className={css["optionNote"]}>{entry?.available === false ? `Not usable here: ${entry.reason}` : entry?.summary}</div>
          </div>
        );
      }}
    />
  );
}

const firstSentence = (text: string): string => /^.*?\.(?=\s|$)/.exec(text)?.[0] ?? text;

export function Measured({ record, lit, onCorrect }: { record: MeasuredRecord; lit: LitBeats; onCorrect: (() => void) | null }) {
  if (record.obstacle !== null && record.obstacle !== undefined)
    return (
      <div data-testid="no-beats">
        <StateTag state="doubt" word={record.obstacle} />
        <p className={css["line"]}>{record.reason}</p>
        <p className={css["line"]}>
          <span className="ein-quiet">Nothing can be measured on this ECG.</span>
        </p>
      </div>
    );
  return (
    <>
      <p className={css["line"]} data-testid="beat-kinds">
        {kindsWords(record.kinds)}
        {record.spikes.length > 0 && `; ${fmt.plural(record.spikes.length, "pacing spike")}`}
      </p>
      <Remarks record={record} />
      <p className={css["missing"]}>± is the standard deviation over the beats. Point at a number to see its beats on the paper, and how it was measured.</p>
      {grouped(record.measurements).map((group) => (
        <GroupView key={group.title} group={group} lit={lit} />
      ))}
      <div className={css["save"]}>
        <Save record={record} />
        {onCorrect !== null && (
          <Button size="xs" variant="default" leftSection={<IconPencil size={14} aria-hidden />} onClick={onCorrect} title="A mark is at the wrong place, or lacks: correct it, and the numbers follow (E)" data-testid="measurements-correct">
            Correct marks
          </Button>
        )}
      </div>
    </>
  );
}

function Remarks({ record }: { record: MeasuredRecord }) {
  const { left_out = {}, absent = {}, notes = {} } = record;
  const lines: [string, ReactNode][] = [
    ...Object.entries(absent).map(([wave, why]): [string, ReactNode] => [`absent ${wave}`, `${wave} wave absent: ${why}`]),
    ...Object.entries(left_out).map(([lead, why]): [string, ReactNode] => [`out ${lead}`, `Lead ${lead} left out: ${why}`]),
    ...Object.entries(notes).map(([channel, why]): [string, ReactNode] => [`note ${channel}`, record.channels.includes(channel) && channel !== GLOBAL ? `Lead ${channel}: ${why}` : why]),
  ];
  if (lines.length === 0) return null;
  return (
    <div className={css["remarks"]} data-testid="beat-remarks">
      {lines.map(([key, words]) => (
        <Doubt key={key} words={String(words)} />
      ))}
    </div>
  );
}

function GroupView({ group, lit }: { group: Group; lit: LitBeats }) {
  const { title, single, leads, columns } = group;
  const why = commonReason(leads.flatMap(({ cells }) => cells));
  return (
    <details className={css["group"]} open={group.open} data-testid={`group-${title}`}>
      <summary className={css["groupTitle"]}>
        {title}
        <IconChevronDown size={14} aria-hidden className={css["groupIcon"]} />
      </summary>
      {bundled(single).map((bundle) =>
        bundle[0]!.state === "measured" ? <Line key={bundle[0]!.name} one={bundle[0]!} lit={lit} /> : <Lacking key={bundle[0]!.name} all={bundle} />,
      )}
      {leads.length > 0 && (why !== null ? <p className={css["missing"]}>{why}</p> : <LeadTable title={title} leads={leads} columns={columns} lit={lit} />)}
    </details>
  );
}

/** What lights up the beats of a number while it is looked at. */
function lighting(one: Measurement, lit: LitBeats) {
  const on = () => lit.set(one.beats.length > 0 ? { beats: one.beats, lead: one.lead ?? null } : null);
  const off = () => lit.set(null);
  return { onMouseEnter: on, onMouseLeave: off, onFocus: on, onBlur: off };
}

const help = (one: Measurement): string => [one.state === "measured" ? "" : `${missingWords(one)}.`, one.method].filter(Boolean).join(" ") || one.title;

function Line({ one, lit }: { one: Measurement; lit: LitBeats }) {
  return (
    <Tooltip label={help(one)} position="left">
      <div className={css["measure"]} tabIndex={0} role="group" aria-label={`${one.title}: ${valueWords(one)}`} data-testid={`measure-${one.name}`} data-state={one.state} {...lighting(one, lit)}>
        <Title text={one.title} />
        <span className={css["value"]}>
          <strong>{figure(one.value, one.unit)}</strong>
          {unitWords(one.unit)}
          {one.spread !== null && one.spread !== undefined && <span className="ein-quiet"> ± {figure(one.spread, one.unit)}</span>}
        </span>
        <span className={css["beats"]}>{fmt.plural(one.beats.length, "beat")}</span>
      </div>
    </Tooltip>
  );
}

/** "QRS duration, middle lead": what is measured, and quietly where. */
function Title({ text }: { text: string }) {
  const [what, ...where] = text.split(", ");
  return (
    <span className={css["title"]}>
      {what}
      {where.length > 0 && <span className={css["where"]}> {where.join(", ")}</span>}
    </span>
  );
}

/** Measurements without a number, and why, once. */
function Lacking({ all }: { all: readonly Measurement[] }) {
  return (
    <div className={css["lacking"]}>
      <div>
        {all.map((one, i) => (
          <span key={one.name}>
            {i > 0 && ", "}
            <Tooltip label={one.method || one.title} position="left">
              <span className={css["lackingName"]} tabIndex={0} data-testid={`measure-${one.name}`} data-state={one.state}>
                {one.title}
              </span>
            </Tooltip>
          </span>
        ))}
      </div>
      <div className={css["missing"]}>{missingWords(all[0]!)}</div>
    </div>
  );
}

function LeadTable({ title, leads, columns, lit }: Pick<Group, "title" | "leads" | "columns"> & { lit: LitBeats }) {
  return (
    <table className={css["leadTable"]} aria-label={title}>
      <thead>
        <tr>
          <th scope="col">Lead</th>
          {columns.map((column) => (
            <th key={column.name} scope="col">
              {shortTitle(column.title, title)}, {column.unit}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {leads.map(({ lead, cells }) => (
          <tr key={lead}>
            <th scope="row">{lead}</th>
            {cells.map((one) => (
              <td key={one.name}>
                <Tooltip label={`${help(one)}${one.state === "measured" ? ` ${fmt.plural(one.beats.length, "beat")}.` : ""}`} position="left">
                  <span className={css["cell"]} tabIndex={0} role="group" aria-label={`${one.title}, lead ${lead}: ${one.state === "measured" ? valueWords(one) : missingWords(one)}`} {...lighting(one, lit)}>
                    {one.state === "measured" ? (
                      <>
                        {figure(one.value, one.unit)}
                        {one.spread !== null && one.spread !== undefined && <span className="ein-quiet"> ±{figure(one.spread, one.unit)}</span>}
                      </>
                    ) : (
                      <span className={css["missing"]}>{one.state}</span>
                    )}
                  </span>
                </Tooltip>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** "ST level at J + 60 ms" under the heading "ST level" → "J + 60 ms". */
function shortTitle(title: string, group: string): string {
  const short = title.startsWith(group) ? title.slice(group.length).replace(/^\s+at\s+/, "") : title.replace(/ amplitude$/, "");
  return short.trim() || title;
}

function Save({ record }: { record: MeasuredRecord }) {
  const link = (what: "measurements" | "fiducials", format: "csv" | "json") => exportAddress(record.item, what, format, { method: record.method });
  return (
    <>
      <CopyButton value={asTable(record.measurements)} timeout={2000}>
        {({ copied, copy }) => (
          <Button size="xs" variant="default" leftSection={<IconCopy size={14} aria-hidden />} onClick={copy} data-testid="measurements-copy">
            {copied ? "Copied" : "Copy"}
          </Button>
        )}
      </CopyButton>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button size="xs" variant="default" leftSection={<IconDownload size={14} aria-hidden />} rightSection={<IconChevronDown size={12} aria-hidden />} data-testid="measurements-save">
            Save
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Measurements</Menu.Label>
          <Menu.Item component="a" href={link("measurements", "csv")} download data-testid="measurements-csv">CSV</Menu.Item>
          <Menu.Item component="a" href={link("measurements", "json")} download data-testid="measurements-json">JSON</Menu.Item>
          <Menu.Label>Times of the waves</Menu.Label>
          <Menu.Item component="a" href={link("fiducials", "csv")} download>CSV</Menu.Item>
          <Menu.Item component="a" href={link("fiducials", "json")} download>JSON</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  ); // prettier-ignore
}

