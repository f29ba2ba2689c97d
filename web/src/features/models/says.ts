/** What a person says of a model that was made elsewhere: what somebody typed, and what is sent. The server checks. */
import type { ForeignModel } from "@/api";

export type SaidName = "layout" | "samples" | "output" | "leads" | "rate" | "scaling" | "unit" | "band" | "class_names" | "kind" | "value_unit" | "task";

export interface SaidDraft {
  layout: string;
  samples: string;
  output: string;
  leads: string;
  rate: string;
  scaling: string;
  unit: string;
  /** "": not chosen yet. */
  band: "" | "none" | "usual" | "other";
  low: string;
  high: string;
  class_names: string;
  kind: string;
  value_unit: string;
  task: string;
}

export const NOTHING_SAID: SaidDraft = {
  layout: "", samples: "", output: "", leads: "", rate: "", scaling: "", unit: "", band: "", low: "", high: "",
  class_names: "", kind: "", value_unit: "", task: "",
}; // prettier-ignore

/** The band-pass of PTB-XL's usual preparation, which is also ours. */
export const USUAL_BAND: readonly [number, number] = [0.5, 40];

export const KINDS: Record<string, string> = {
  "single-label": "one class for each ECG",
  "multi-label": "yes or no for each class",
  regression: "a number",
};

export const SCALINGS: Record<string, string> = {
  none: "not at all: it takes the signal in a unit",
  "z_score lead": "z-score, each lead by itself",
  "z_score record": "z-score, all leads together",
  "min_max lead": "lowest −1 to highest 1, each lead by itself",
  "min_max record": "lowest −1 to highest 1, all leads together",
};

export const UNITS: Record<string, string> = { mV: "mV, millivolt", uV: "µV, microvolt", V: "V, volt" };

export const LAYOUTS: Record<string, string> = {
  "leads x samples": "one row per lead",
  "samples x leads": "one column per lead",
};

function number(text: string): number | null {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() === "" || !Number.isFinite(value) ? null : value;
}

/** Hints as they are sent: what was filled in, and nothing that does not matter any more. */
export function hintsOf(draft: SaidDraft): Record<string, unknown> {
  const hints: Record<string, unknown> = {};
  for (const name of ["layout", "output", "scaling", "kind"] as const) if (draft[name] !== "") hints[name] = draft[name];
  if (draft.unit !== "" && unitMatters(draft)) hints["unit"] = draft.unit;
  const rate = number(draft.rate);
  if (rate !== null) hints["rate"] = rate;
  const samples = number(draft.samples);
  if (samples !== null) hints["samples"] = samples;
  const leads = draft.leads.split(/[\s,;]+/).filter((name) => name !== "");
  if (leads.length > 0) hints["leads"] = leads;
  const classes = draft.class_names.split(/[,;\n]/).map((name) => name.trim()).filter((name) => name !== "");
  if (classes.length > 0) hints["class_names"] = classes;
  if (draft.band === "usual") hints["band"] = USUAL_BAND;
  if (draft.band === "other") hints["band"] = [number(draft.low), number(draft.high)];
  if (draft.kind === "regression" && draft.value_unit.trim() !== "") hints["value_unit"] = draft.value_unit.trim();
  if (draft.task.trim() !== "") hints["task"] = draft.task.trim();
  return hints;
} // prettier-ignore

/** Scaling takes the unit away. */
export function unitMatters(draft: SaidDraft): boolean {
  return draft.scaling === "" || draft.scaling === "none";
}

/** Of the fields that are shown, those that nothing is said in yet. */
export function unsaid(draft: SaidDraft, asked: readonly string[]): Set<string> {
  const matters = (name: string) => (name === "unit" ? unitMatters(draft) : name !== "value_unit" || draft.kind === "regression");
  const empty = asked.filter((name) => matters(name) && String(draft[name as SaidName] ?? "").trim() === "");
  if (draft.band === "" || (draft.band === "other" && (number(draft.low) === null || number(draft.high) === null))) empty.push("band");
  return new Set(empty);
}

/** What the usual answer is, as the field would hold it; "" where there is none. */
export function offered(found: ForeignModel, name: string): string {
  const value = found.offers?.[name];
  return Array.isArray(value) ? value.join(" ") : value === undefined || value === null ? "" : String(value);
}

/** How long the model's input is at some usual rates, in words. */
export function lengths(samples: number | null): string {
  if (samples === null) return "Samples per second of the ECGs it learned from, often 100, 250, 400 or 500.";
  const at = [100, 250, 400, 500].map((rate) => `${Number((samples / rate).toFixed(2))} s at ${rate} Hz`);
  return `Samples per second of the ECGs it learned from: its ${samples} samples are ${at.slice(0, -1).join(", ")}, or ${at.at(-1)}.`;
}
