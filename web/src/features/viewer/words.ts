/** A record in words. */
import type { Annotation, RecordDetail } from "@/api";
import { gainText, speedText, type Amplitude } from "@/plot";
import { fmt } from "@/ui";
import type { Filter } from "./settings";

export function subjectText({ sex, age }: RecordDetail["subject"]): string {
  const who = sex === "F" ? "female" : sex === "M" ? "male" : "";
  const years = age === null || age === undefined ? "" : `${fmt.plain(age, 0)} years`;
  return [who, years].filter(Boolean).join(", ") || "sex and age unknown";
}

export function labelText(answer: RecordDetail["labels"][string]): string {
  if (typeof answer === "number") return fmt.plain(answer, 2);
  return answer.length === 0 ? "none of the classes" : answer.join(", ");
}

/** Every class that some task gives this ECG, once, with the tasks that say so; sex stands with the subject already. */
export function classesOf({ labels, subject }: Pick<RecordDetail, "labels" | "subject">): Map<string, string[]> {
  const classes = new Map<string, string[]>();
  for (const [task, answer] of Object.entries(labels))
    if (typeof answer !== "number")
      for (const name of answer) if (name !== subject.sex) classes.set(name, [...(classes.get(name) ?? []), task]);
  return classes;
}

export function amplitudeText(amplitude: Amplitude): string {
  return amplitude === "mV" ? "mV" : "relative amplitude";
}

export const RELATIVE_EXPLAINED =
  "The file gives amplitudes without a known relation to millivolt (for example z-scored research data). Shape and timing can be judged, voltage cannot.";

/** What was done to the trace: printed on every tracing. */
export function filterText(filter: Filter, stated: RecordDetail["source"]["band"]): string {
  if (filter.band !== null) return `filter ${filter.title}`;
  const [low, high] = stated ?? [];
  return low === undefined || high === undefined ? "as recorded" : `as recorded (file states ${fmt.plain(low)}\u2013${fmt.plain(high)} Hz)`;
}

export interface Setup {
  readonly speed: number;
  readonly gain: number;
  readonly zoom: number;
  readonly filter: Filter;
}

/** The line at the foot of the tracing. */
export function settingsLine(record: RecordDetail, { speed, gain, zoom, filter }: Setup): string[] {
  return [
    speedText({ mmPerSecond: speed }),
    gainText({ mmPerUnit: gain, amplitude: record.amplitude }),
    filterText(filter, record.source.band),
    fmt.rate(record.rate),
    ...(zoom === 1 ? [] : [`zoom ${Math.round(zoom * 100)} %`]),
    ...(record.source.simulated ? ["simulated"] : []),
  ];
}

/** `III, aVR and aVL` */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

export function missingText(missing: readonly string[]): string {
  return missing.length === 12 ? "None of the 12 standard leads is in this record." : `Not in this record: ${listed(missing)}.`;
}

/** Gains as the file states them: one figure where all leads agree. */
export function gainsText(gains: readonly number[] | null | undefined, leads: readonly string[] | null | undefined): string {
  if (gains === null || gains === undefined || gains.length === 0) return "not stated";
  if (new Set(gains).size === 1) return `${fmt.plain(gains[0])} counts per unit`;
  return `counts per unit: ${gains.map((gain, i) => `${leads?.[i] ?? i + 1} ${fmt.plain(gain)}`).join(", ")}`;
}

/** What the server writes at each pacing spike that it found. */
const PACING = "pacing spike";

/** Moments of pacing spikes, in seconds; and all other annotations. */
export function divided(annotations: readonly Annotation[]): { spikes: number[]; others: Annotation[] } {
  const isSpike = (a: Annotation) => a.text === PACING && typeof a.onset === "number";
  return { spikes: annotations.filter(isSpike).map((a) => a.onset ?? 0), others: annotations.filter((a) => !isSpike(a)) };
}

/** The passport in few lines, for a printed sheet: everything that is not simply as the file states it. */
export function passportLines({ source, steps, file_name }: Pick<RecordDetail, "source" | "steps" | "file_name">): string[] {
  const read = [`read from ${file_name} (${source.format}${source.reader ? `, ${source.reader}` : ""})`, ...(source.device ? [`device ${source.device}`] : [])];
  if (source.sha256) read.push(`sha256 ${source.sha256.slice(0, 16)}\u2026`);
  const part = (word: string, what: readonly string[]) => (what.length === 0 ? [] : [`${word}: ${what.join("; ")}`]);
  const made = [
    ...part("assumed", source.assumed), ...part("derived", source.derived.length > 0 ? [source.derived.join(", ")] : []),
    ...part("changed", [...source.changed, ...steps]),
  ]; // prettier-ignore
  return [read.join(" \u00b7 "), ...(made.length > 0 ? [made.join(" \u00b7 ")] : []), ...part("DOUBTS", source.doubts)].map(short);
}

// A sheet is 281 mm wide: about 200 characters of the small type.
const MOST_CHARACTERS = 200;

function short(line: string): string {
  return line.length <= MOST_CHARACTERS ? line : `${line.slice(0, MOST_CHARACTERS - 36)}\u2026 (more in Einthoven's passport)`;
}

export interface LeadQuality {
  readonly lead: string;
  /** What is wrong with it, in words. */
  readonly findings: readonly string[];
}

export interface Quality {
  readonly grade: string;
  readonly reason: string;
  readonly leads: readonly LeadQuality[];
}

/** What was found of the signal when it was read; null where it was never looked at. The server keeps it as it was written. */
export function qualityOf({ quality }: Pick<RecordDetail, "quality">): Quality | null {
  const found = quality as Partial<Quality> | null | undefined;
  if (typeof found?.grade !== "string") return null;
  const leads = Array.isArray(found.leads) ? found.leads.filter((one) => typeof one.lead === "string" && Array.isArray(one.findings)) : [];
  return { grade: found.grade, reason: found.reason ?? "", leads };
}

/** What the device states: statements about the whole ECG one by one, moments by their kind with their number. */
export function statements(annotations: readonly Annotation[]): string[] {
  const coded = ({ text, code }: Annotation) => (code && code !== text ? `${text} \u00b7 ${code}` : text);
  const isMoment = ({ onset }: Annotation) => onset !== null && onset !== undefined;
  const moments = new Map<string, number[]>();
  for (const one of annotations.filter(isMoment)) moments.set(coded(one), [...(moments.get(coded(one)) ?? []), one.onset ?? 0]);
  const told = [...moments].map(([text, onsets]) =>
    onsets.length === 1 ? `${text} \u00b7 at ${fmt.fixed(onsets[0], 2)} s` : `${text} \u00b7 ${fmt.count(onsets.length)} times`,
  );
  return [...annotations.filter((one) => !isMoment(one)).map(coded), ...told];
}
