import type { ModelView, Tested } from "@/api";
import { fmt } from "@/ui";

/** What a card shows of how good a model is: the numbers of a test where there is one, else of its own validation part. */
export interface Judged {
  readonly test: Tested | null;
  readonly macroF1: Figure;
  readonly macroAuroc: Figure;
  /** Mean absolute error of a regression, in the unit of its answers. */
  readonly meanError: Figure;
}

export interface Figure {
  readonly value: number | null;
  /** How sure it is, or where it comes from. */
  readonly note: string;
}

export function judged(model: ModelView): Judged {
  const test = model.tested.find((one) => one.part === "test") ?? null;
  return {
    test,
    macroF1: test === null ? ofValidation(model.validation_macro_f1) : ofTest(test, "macro_f1"),
    macroAuroc: test === null ? ofValidation(model.validation_macro_auroc) : ofTest(test, "macro_auroc"),
    meanError: test === null ? ofValidation(model.tested[0]?.numbers["mae"] ?? null) : ofTest(test, "mae"),
  };
}

function ofValidation(value: number | null): Figure {
  return { value, note: value === null ? "not stated" : "on its validation part" };
}

function ofTest(test: Tested, name: string): Figure {
  const value = test.numbers[name] ?? null;
  if (value === null) return { value, note: "not estimable" };
  const pair = test.intervals[name];
  return { value, note: pair === undefined ? "interval not estimable" : `95 %: ${fmt.fixed(pair.low)} to ${fmt.fixed(pair.high)}` };
}

/** "Tested on 182 ECGs of 170 patients kept aside" */
export function testInWords(test: Tested): string {
  const patients = test.n_patients === null ? "" : ` of ${fmt.plural(test.n_patients, "patient")}`;
  return `Tested on ${fmt.plural(test.n ?? 0, "ECG")}${patients} kept aside`;
}

/** Own models and those that come with Einthoven, in the order in which they came. */
export function shelves(models: readonly ModelView[]): { readonly own: readonly ModelView[]; readonly zoo: readonly ModelView[] } {
  return { own: models.filter((model) => !model.zoo), zoo: models.filter((model) => model.zoo) };
}

export const ZOO_TITLE = "Models that come with Einthoven";

interface Option {
  value: string;
  label: string;
  disabled?: boolean;
}

/** Options of a list to choose from, in groups where there are both kinds. */
export function inGroups(models: readonly ModelView[], option: (model: ModelView) => Option): (Option | { group: string; items: Option[] })[] {
  const { own, zoo } = shelves(models);
  if (zoo.length === 0) return own.map(option);
  const groups = [
    { group: "Your models", items: own.map(option) },
    { group: ZOO_TITLE, items: zoo.map(option) },
  ];
  return groups.filter((group) => group.items.length > 0);
}
