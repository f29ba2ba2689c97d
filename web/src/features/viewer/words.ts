/** A record in words. */
import type { RecordDetail } from "@/api";
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
