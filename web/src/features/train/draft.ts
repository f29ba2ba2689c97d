import type { TrainOption, TrainRequest } from "@/api";

export type Method = TrainRequest["method"];

/** What stands in the form: as typed, so a number may be half written. */
export interface Draft {
  readonly dataset: string | null;
  readonly task: string | null;
  readonly start: Start;
  readonly method: Method;
  readonly name: string;
  /** Empty: all folds. */
  readonly folds: readonly number[];
  readonly onePerPatient: boolean;
  readonly seed: string;
  /** Advanced settings that were changed, by their name in the request; empty text means the default. */
  readonly advanced: Readonly<Record<string, string>>;
}

export type Start = { readonly architecture: string } | { readonly model: string };

export const EMPTY_DRAFT: Draft = {
  dataset: null,
  task: null,
  start: { architecture: "xceptiontime" },
  method: "scratch",
  name: "",
  folds: [],
  onePerPatient: false,
  seed: "0",
  advanced: {},
};

/** Settings of the request that are no part of the recipe, so GET /train-options need not list them. */
export const WINDOW_OPTIONS: readonly TrainOption[] = [
  option("rate", "Sampling rate, Hz", "What the model sees: every ECG is resampled to this rate first.", "of this installation", []),
  option("duration", "Window, seconds", "What the model sees of each ECG: longer ones are cropped, shorter ones expanded.", "of this installation", []),
  option("padding", "Expanding", "What fills the part that a short ECG lacks: zeros, its edge value, or the ECG repeated.", "zeros", ["zeros", "edge", "repeat"]),
  option("z_score", "Z-score", "Brings amplitudes to a common scale: each lead by itself, the whole ECG, or not at all. Without it, only ECGs in mV can be used.", "lead", ["lead", "record", "none"]),
];

function option(
  name: string,
  title: string,
  explanation: string,
  standard: string,
  choices: readonly string[],
): TrainOption {
  // Which rates and lengths are possible is known to the server alone: its check says so.
  return { name, title, explanation, default: standard, choices: [...choices], minimum: null, maximum: null };
}

const NUMBERS = ["epochs", "batch_size", "maximum_rate", "gamma", "patience", "rate", "duration"] as const;
const PADDINGS = ["zeros", "edge", "repeat"] as const;
const Z_SCORES = ["lead", "record", "none"] as const;

/**
 * The advanced settings to show: the server's list first, then what shapes the model's input.
 *
 * A model that is trained on keeps the input it has, so these are not asked then.
 */
export function allOptions(fromServer: readonly TrainOption[], start: Start): readonly TrainOption[] {
  const there = new Set(fromServer.map((entry) => entry.name));
  const shownElsewhere = new Set(["method", "seed", "name", "folds", "one_per_patient"]);
  const input = "model" in start ? [] : WINDOW_OPTIONS.filter((entry) => !there.has(entry.name));
  return [...fromServer.filter((entry) => !shownElsewhere.has(entry.name)), ...input];
}

/** The request that the form stands for; null while nothing to learn from, or nothing to learn, is chosen. */
export function requestOf(draft: Draft): TrainRequest | null {
  if (draft.dataset === null || draft.task === null) return null;
  const from = "model" in draft.start ? draft.start.model : null;
  const numbers = Object.fromEntries(NUMBERS.map((name) => [name, numberOf(draft.advanced[name])]));
  const optimiser = draft.advanced["optimiser"];
  return {
    dataset: draft.dataset,
    task: draft.task,
    architecture: "architecture" in draft.start ? draft.start.architecture : EMPTY_ARCHITECTURE,
    from_model: from,
    method: from === null ? "scratch" : draft.method === "scratch" ? "whole" : draft.method,
    name: draft.name.trim() === "" ? null : draft.name.trim(),
    folds: draft.folds.length === 0 ? null : [...draft.folds],
    one_per_patient: draft.onePerPatient,
    seed: numberOf(draft.seed) ?? 0,
    ...numbers,
    optimiser: optimiser === undefined || optimiser === "" ? null : optimiser,
    padding: oneOf(PADDINGS, draft.advanced["padding"]) ?? "zeros",
    z_score: oneOf(Z_SCORES, draft.advanced["z_score"]) ?? "lead",
  };
}

// With `from_model` the server takes the architecture of that model; the field still wants a value.
const EMPTY_ARCHITECTURE = "xceptiontime";

function numberOf(text: string | undefined): number | null {
  if (text === undefined || text.trim() === "") return null;
  const value = Number(text.replace(",", "."));
  return Number.isFinite(value) ? value : null;
}

function oneOf<T extends string>(choices: readonly T[], value: string | undefined): T | null {
  return choices.find((choice) => choice === value) ?? null;
}

/** Why a typed value cannot be sent; null when it can. The server has the last word. */
export function fault(entry: TrainOption, value: string): string | null {
  if (value.trim() === "" || entry.choices.length > 0) return null;
  const number = numberOf(value);
  if (number === null) return "This is not a number.";
  if (entry.minimum !== null && number < entry.minimum) return `At least ${entry.minimum}.`;
  if (entry.maximum !== null && number > entry.maximum) return `At most ${entry.maximum}.`;
  return null;
}

/** "1-8", "1, 3, 5-7": folds as people write them. */
export function foldsInWords(folds: readonly number[]): string {
  const sorted = [...new Set(folds)].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const fold of sorted) {
    const open = runs.at(-1);
    if (open !== undefined && fold === open[1] + 1) open[1] = fold;
    else runs.push([fold, fold]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}

/** "fold 9", "folds 1-8". */
export function foldsNamed(folds: readonly number[]): string {
  return `${new Set(folds).size === 1 ? "fold" : "folds"} ${foldsInWords(folds)}`;
}

/** Names of folds as the server counts them (`DatasetSummary.folds`), as numbers; records without one are no fold. */
export function foldNumbers(folds: Readonly<Record<string, number>>): readonly number[] {
  return Object.keys(folds)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}
