/** Beats, their marks and their measurements in words. */
import type { MeasuredRecord, Measurement } from "@/api";
import { fmt } from "@/ui";

export const GLOBAL = "global";
export const WAVES = ["P", "QRS", "T"] as const;
export type Wave = (typeof WAVES)[number];
export const PARTS = ["on", "peak", "off"] as const;
export type Part = (typeof PARTS)[number];

const PART_WORDS: Readonly<Record<Part, string>> = { on: "onset", peak: "peak", off: "end" };

/** Position of a mark in `fiducials`. */
export const markIndex = (wave: Wave, part: Part): number => WAVES.indexOf(wave) * PARTS.length + PARTS.indexOf(part);
export const waveOf = (mark: number): Wave => WAVES[Math.floor(mark / PARTS.length)] ?? "P";
export const partOf = (mark: number): Part => PARTS[mark % PARTS.length] ?? "on";
/** `qrs_on` → "QRS onset". */
export const markWords = (mark: number): string => `${waveOf(mark)} ${PART_WORDS[partOf(mark)]}`;

export function channelWords(channel: string): string {
  return channel === GLOBAL ? "all leads together" : `lead ${channel}`;
}

/** Number of the beat as people count, and where it is. */
export function beatWords(record: Pick<MeasuredRecord, "r_peaks" | "kinds">, beat: number): string {
  const kind = record.kinds[beat];
  return `beat ${beat + 1} at ${fmt.fixed(record.r_peaks[beat], 2)} s${kind === undefined || kind === "normal" ? "" : `, ${kind}`}`;
}

/** "13 beats: 11 normal, 2 ectopic" */
export function kindsWords(kinds: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const parts = [...counts].map(([kind, n]) => `${fmt.count(n)} ${kind}`);
  return `${fmt.plural(kinds.length, "beat")}${counts.size > 0 ? `: ${parts.join(", ")}` : ""}`;
}

/** As many decimals as the unit bears: 0.05 mV matters, 0.05 ms does not. */
export function decimalsOf(unit: string): number {
  return unit === "mV" ? 2 : unit === "%" ? 1 : 0;
}

/** `fixed` without a minus before zero, and with a real minus sign. */
export function figure(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return "";
  const text = Math.abs(value).toFixed(decimalsOf(unit));
  return value < 0 && Number(text) !== 0 ? `\u2212${text}` : text;
}

/** "164 ms ± 4"; empty where nothing was measured: `missingWords` says why then. */
export function valueWords(one: Measurement): string {
  if (one.state !== "measured") return "";
  const spread = one.spread === null || one.spread === undefined ? "" : ` \u00b1 ${figure(one.spread, one.unit)}`;
  return `${figure(one.value, one.unit)}${unitWords(one.unit)}${spread}`;
}

/** The unit behind a figure: degrees stand close. */
export const unitWords = (unit: string): string => (unit === "" || unit === "\u00b0" ? unit : ` ${unit}`);

export function missingWords(one: Pick<Measurement, "state" | "reason">): string {
  return one.reason === "" ? one.state : `${one.state}: ${one.reason}`;
}

/** Names as the server gives them, in the order of a report. What is in none of them is shown in a group of its own. */
const GROUPS: readonly { readonly title: string; readonly names: RegExp; readonly open: boolean }[] = [
  { title: "Rate and rhythm", names: /^(heart_rate|rate|hr|rr|sdnn|rmssd|pnn|sd_|rhythm)/, open: true },
  { title: "Intervals", names: /^(p_duration|pr|qrs_duration|qt)/, open: true },
  { title: "Axes", names: /_axis$/, open: true },
  { title: "Voltage", names: /^(sokolow|cornell)/, open: true },
  { title: "Amplitudes", names: /_amplitude$/, open: false },
  { title: "ST level", names: /^st_/, open: false },
];

export interface Group {
  readonly title: string;
  readonly open: boolean;
  /** Of all leads together. */
  readonly single: readonly Measurement[];
  /** By lead. */
  readonly leads: readonly { readonly lead: string; readonly cells: readonly Measurement[] }[];
  readonly columns: readonly { readonly name: string; readonly title: string; readonly unit: string }[];
}

export function grouped(measurements: readonly Measurement[]): Group[] {
  const left = new Set(measurements);
  const take = (names: RegExp) => {
    const found = [...left].filter((one) => names.test(one.name));
    for (const one of found) left.delete(one);
    return found;
  };
  const groups = GROUPS.map(({ title, names, open }) => groupOf(title, open, take(names)));
  return [...groups, groupOf("More", true, [...left])].filter((group) => group.single.length > 0 || group.leads.length > 0);
}

function groupOf(title: string, open: boolean, all: readonly Measurement[]): Group {
  const single = all.filter((one) => one.lead === null || one.lead === undefined);
  const ofLeads = all.filter((one) => one.lead !== null && one.lead !== undefined);
  const columns = [...new Map(ofLeads.map(({ name, title: words, unit }) => [name, { name, title: words, unit }])).values()];
  const leads = [...new Set(ofLeads.map((one) => one.lead!))].map((lead) => ({
    lead, cells: columns.flatMap(({ name }) => ofLeads.filter((one) => one.lead === lead && one.name === name)),
  })); // prettier-ignore
  return { title, open, single, leads, columns };
}

/** A reason that all share, or null. */
export function commonReason(all: readonly Measurement[]): string | null {
  const [first] = all;
  if (first === undefined || first.state === "measured") return null;
  return all.every((one) => one.state === first.state && one.reason === first.reason) ? missingWords(first) : null;
}

/** In order, those that lack for one and the same reason together. */
export function bundled(all: readonly Measurement[]): (readonly Measurement[])[] {
  const bundles: Measurement[][] = [];
  for (const one of all) {
    const same = one.state === "measured" ? undefined : bundles.find(([first]) => first !== undefined && first.state === one.state && first.reason === one.reason);
    if (same === undefined) bundles.push([one]);
    else same.push(one);
  }
  return bundles;
}

/** Everything as lines for a spreadsheet. */
export function asTable(measurements: readonly Measurement[]): string {
  const head = ["Measurement", "Lead", "Value", "Unit", "Spread (SD)", "Beats", "State", "Reason"];
  const lines = measurements.map((one) => [
    one.title, one.lead ?? "all leads", one.value ?? "", one.unit, one.spread ?? "", one.state === "measured" ? one.beats.length : "", one.state, one.reason,
  ]); // prettier-ignore
  return [head, ...lines].map((line) => line.join("\t")).join("\n");
}
