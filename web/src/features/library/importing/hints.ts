/** The hints form as values: what somebody typed, what is sent, what is still wrong. The server checks again. */
import type { ReadHints } from "@/api";

export type HintName = "unit" | "rate" | "gain" | "baseline" | "leads" | "orientation" | "stored";

export interface HintsDraft {
  unit: ReadHints["unit"] | "";
  rate: string;
  gain: string;
  baseline: string;
  leads: string;
  orientation: ReadHints["orientation"] | "";
  stored: ReadHints["stored"] | "";
}

export const NO_HINTS: HintsDraft = { unit: "", rate: "", gain: "", baseline: "", leads: "", orientation: "", stored: "" };

export const HINT_WORDS: Record<HintName, { title: string; explanation: string }> = {
  unit: {
    title: "Unit",
    explanation: "What a stored 1 means. An R wave is about 1 in mV and about 1000 in µV. “Counts” are the raw steps of the recorder and need gain and baseline.",
  },
  rate: { title: "Rate, Hz", explanation: "Samples per second, often 100, 250, 257, 500 or 1000. A 10-second ECG with 5000 samples has 500 Hz." },
  gain: { title: "Gain, counts per mV", explanation: "How many steps of the recorder make 1 mV, often 200 or 1000. Only for counts." },
  baseline: { title: "Baseline, counts", explanation: "The count that stands for 0 mV, mostly 0. mV = (count − baseline) ÷ gain." },
  leads: { title: "Leads, in their order", explanation: "Names with blanks or commas between them, one for each row or column of numbers." },
  orientation: { title: "Arrangement", explanation: "Whether each row is a lead, or each row is a moment with one number per lead." },
  stored: {
    title: "Stored numbers",
    explanation: "Only for raw files that have no header at all, such as a bare .dat: the type of each stored number. They also need unit, rate, leads and arrangement.",
  },
};

type Stored = NonNullable<ReadHints["stored"]>;

const SIZES = ["int16", "int32", "int24", "int8", "uint16", "uint8", "float32", "float64"] as const;

/** Types of stored numbers in words, the most usual first. */
export const STORED_TYPES: readonly { value: Stored; label: string }[] = SIZES.flatMap((name) => {
  const bits = name.replace(/\D+/, "");
  const kind = name.startsWith("float") ? "decimal" : name.startsWith("u") ? "whole, unsigned" : "whole";
  if (bits === "8") return [{ value: name as Stored, label: `${name}: ${kind}, 8 bit` }];
  return [
    { value: name as Stored, label: `${name}: ${kind}, ${bits} bit` },
    { value: `${name}be` as Stored, label: `${name}be: ${kind}, ${bits} bit, big-endian` },
  ];
});

export const STANDARD_ORDER = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6";

function number(text: string): number | null {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() === "" || !Number.isFinite(value) ? null : value;
}

/** What is sent for a draft: only what was filled in. */
export function hintsOf(draft: HintsDraft): ReadHints {
  const counts = draft.unit === "counts";
  const hints: ReadHints = {};
  if (draft.unit) hints.unit = draft.unit;
  const rate = number(draft.rate);
  if (rate !== null) hints.rate = rate;
  const gain = counts ? number(draft.gain) : null;
  if (gain !== null) hints.gain = gain;
  const baseline = counts ? number(draft.baseline) : null;
  if (baseline !== null) hints.baseline = baseline;
  const leads = draft.leads.split(/[\s,;/+]+/).filter((name) => name !== "");
  if (leads.length > 0) hints.leads = leads;
  if (draft.orientation) hints.orientation = draft.orientation;
  if (draft.stored) hints.stored = draft.stored;
  return hints;
}

/** What keeps a draft from being sent, by field. Only what no server needs to be asked for. */
export function mistakes(draft: HintsDraft): Partial<Record<HintName, string>> {
  const found: Partial<Record<HintName, string>> = {};
  const wrong = (name: "rate" | "gain" | "baseline", positive: boolean) => {
    const text = draft[name];
    const value = number(text);
    if (text.trim() !== "" && (value === null || (positive && value <= 0)))
      found[name] = positive ? "Give a number above 0." : "Give a number.";
  };
  wrong("rate", true);
  if (draft.unit === "counts") {
    wrong("gain", true);
    wrong("baseline", false);
    if (draft.gain.trim() === "") found.gain = "Counts need their gain.";
  }
  return found;
}

export function isEmpty(draft: HintsDraft): boolean {
  return Object.keys(hintsOf(draft)).length === 0;
}

/** Hints that at least one of the files asks for. */
export function missingOf(files: readonly { missing_hints?: readonly string[] }[]): Set<string> {
  return new Set(files.flatMap((file) => file.missing_hints ?? []));
}
