import type { RecipeView, TrainOption, TrainOptions, TrainRequest } from "@/api";

export type Method = TrainRequest["method"];
export type SubjectInput = "age" | "sex";
export type SettingValue = boolean | number | string | null;

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
  /** Null: the usual one. */
  readonly recipe: string | null;
  /** What the model is told of the person. */
  readonly subject: readonly SubjectInput[];
  /** Settings that were touched, by name; one that is as its recipe has it counts as untouched. */
  readonly typed: Readonly<Record<string, string>>;
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
  recipe: null,
  subject: [],
  typed: {},
};

const PADDINGS = ["zeros", "edge", "repeat"] as const;
const SCALINGS = ["z_score", "min_max"] as const;
const SCALED_OVER = ["lead", "record", "none"] as const;
const MODEL_INPUTS = ["ecg", "median-beat", "rlign-median", "rlign-aligned"] as const;
const THRESHOLDS = ["f1", "half"] as const;
const SEES = "What the model sees";
const LEARNS = "How it learns";

const INPUT_DEFAULTS: Readonly<Record<string, SettingValue>> = {
  rate: null, duration: null, model_input: "ecg", padding: "zeros", scaling: null, scaled_over: "lead",
  thresholds: "f1", beside: true,
}; // prettier-ignore

/** What shapes the model's input: fields of the request that are no settings of a recipe. */
export const INPUT_OPTIONS: readonly TrainOption[] = [
  input("rate", "Sampling rate, Hz", "What the model sees: every ECG is resampled to this rate first. Empty: as this installation is set."),
  input("duration", "Length, seconds", "What the model sees of each ECG: longer ones are cropped, shorter ones expanded. Empty: as this installation is set, or one beat."),
  input("model_input", "Input", "The ECG as recorded, its median beat (1 s; our own or by Rlign), or every beat time-aligned by Rlign.", MODEL_INPUTS),
  input("padding", "Expanding", "What fills the part that a short ECG lacks: zeros, its edge value, or the ECG repeated.", PADDINGS),
  input("scaling", "Scaling", "How amplitudes are brought to a scale: by mean and deviation (z_score), or from lowest to highest value (min_max). Empty: as the network's authors do.", SCALINGS),
  input("scaled_over", "Scaled over", "Each lead by itself, the whole ECG, or not at all; then only ECGs in mV can be used.", SCALED_OVER),
];

/** Asked for with any start: from where a class counts as present. */
export const THRESHOLD_OPTION: TrainOption = {
  ...input("thresholds", "Thresholds", "Tasks with any number of answers: a class counts as present from where its F1 is largest on the validation part (f1), or from 0.5 on (half).", THRESHOLDS),
  group: LEARNS,
}; // prettier-ignore

export const BESIDE_OPTION: TrainOption = {
  ...input("beside", "Ridge model beside it", "With fewer than 200 ECGs to learn from a ridge model is often as good as a network: it is fitted too, in seconds, and the two are compared."),
  group: LEARNS,
  kind: "yes-no",
}; // prettier-ignore

function input(name: string, title: string, explanation: string, choices: readonly string[] = []): TrainOption {
  // Which rates and lengths are possible is known to the server alone: its check says so.
  return {
    name, title, explanation, group: SEES, common: false, kind: choices.length > 0 ? "choice" : "number",
    optional: INPUT_DEFAULTS[name] === null, choices: [...choices], minimum: null, maximum: null,
  }; // prettier-ignore
}

/** The settings of a form with the values that they begin with. */
export interface Sheet {
  /** Null while the server has not told what there is. */
  readonly recipe: string | null;
  readonly options: readonly TrainOption[];
  readonly usual: Readonly<Record<string, SettingValue>>;
}

export function recipeOf(server: TrainOptions, draft: Pick<Draft, "recipe">): RecipeView | undefined {
  return server.recipes.find((recipe) => recipe.name === (draft.recipe ?? server.recipe)) ?? server.recipes[0];
}

/** What can be set: a model that is trained on keeps the input it has, so that is not asked then. */
export function sheetOf(server: TrainOptions | undefined, draft: Pick<Draft, "recipe" | "start">): Sheet {
  const asked = "model" in draft.start ? [THRESHOLD_OPTION] : [...INPUT_OPTIONS, THRESHOLD_OPTION, BESIDE_OPTION];
  const recipe = server === undefined ? undefined : recipeOf(server, draft);
  return {
    recipe: recipe?.name ?? null,
    options: [...(server?.options ?? []), ...asked],
    usual: { ...INPUT_DEFAULTS, ...recipe?.settings },
  };
}

/** What stands in a field: what was typed, else the recipe's value. */
export function shownText(sheet: Sheet, typed: Draft["typed"], name: string): string {
  return typed[name] ?? textOf(sheet.usual[name] ?? null);
}

function textOf(value: SettingValue): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return value === null ? "" : String(value);
}

/** Names of the settings that are not as the recipe has them. */
export function changedNames(sheet: Sheet, typed: Draft["typed"]): readonly string[] {
  return sheet.options
    .filter((option) => option.name in typed && valueOf(option, typed[option.name] ?? "") !== sheet.usual[option.name])
    .map((option) => option.name);
}

/** A field as the server takes it; what is no number stays text, which `fault` has named already. */
function valueOf(option: TrainOption, text: string): SettingValue {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  if (option.kind === "choice") return trimmed;
  if (option.kind === "yes-no") return trimmed === "yes";
  return numberOf(trimmed) ?? trimmed;
}

/** The request that the form stands for; null while something is not chosen or cannot be sent. */
export function requestOf(draft: Draft, sheet: Sheet): TrainRequest | null {
  if (draft.dataset === null || draft.task === null || sheet.recipe === null) return null;
  if (sheet.options.some((option) => fault(option, shownText(sheet, draft.typed, option.name)) !== null)) return null;
  const from = "model" in draft.start ? draft.start.model : null;
  const byName = new Map(sheet.options.map((option) => [option.name, option]));
  const changed = changedNames(sheet, draft.typed).map((name): [string, SettingValue] => {
    const option = byName.get(name);
    return [name, option === undefined ? null : valueOf(option, draft.typed[name] ?? "")];
  });
  const asked = Object.fromEntries(changed.filter(([name]) => name in INPUT_DEFAULTS));
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
    recipe: sheet.recipe,
    settings: Object.fromEntries(changed.filter(([name]) => !(name in INPUT_DEFAULTS))),
    rate: numeric(asked["rate"]),
    duration: numeric(asked["duration"]),
    padding: oneOf(PADDINGS, asked["padding"]) ?? "zeros",
    scaling: oneOf(SCALINGS, asked["scaling"]),
    scaled_over: oneOf(SCALED_OVER, asked["scaled_over"]) ?? "lead",
    model_input: oneOf(MODEL_INPUTS, asked["model_input"]) ?? "ecg",
    // A model that is trained on goes on being told what it was told.
    subject: from === null ? [...draft.subject] : [],
    thresholds: oneOf(THRESHOLDS, asked["thresholds"]) ?? "f1",
    beside: asked["beside"] !== false,
  };
}

// With `from_model` the server takes the architecture of that model; the field still wants a value.
const EMPTY_ARCHITECTURE = "xceptiontime";

function numberOf(text: string): number | null {
  if (text.trim() === "") return null;
  const value = Number(text.replace(",", "."));
  return Number.isFinite(value) ? value : null;
}

function numeric(value: SettingValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}

function oneOf<T extends string>(choices: readonly T[], value: SettingValue | undefined): T | null {
  return choices.find((choice) => choice === value) ?? null;
}

/** Why a typed value cannot be sent; null when it can. The server has the last word. */
export function fault(entry: TrainOption, value: string): string | null {
  if (entry.kind === "choice" || entry.kind === "yes-no") return null;
  if (value.trim() === "") return entry.optional ? null : "A number is needed here.";
  const number = numberOf(value);
  if (number === null) return "This is not a number.";
  if (entry.kind === "whole" && !Number.isInteger(number)) return "A whole number is needed.";
  if (entry.minimum !== null && number < entry.minimum) return `At least ${entry.minimum}.`;
  if (entry.maximum !== null && number > entry.maximum) return `At most ${entry.maximum}.`;
  return null;
}

/** The settings whose name, title or sentence has these words, by group. */
export function grouped(options: readonly TrainOption[], search: string): readonly (readonly [string, readonly TrainOption[]])[] {
  const words = search.trim().toLowerCase().split(/\s+/);
  const groups = new Map<string, TrainOption[]>();
  for (const option of options) {
    const said = `${option.name} ${option.title} ${option.explanation}`.toLowerCase();
    if (words.every((word) => said.includes(word))) groups.set(option.group, [...(groups.get(option.group) ?? []), option]);
  }
  return [...groups];
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
