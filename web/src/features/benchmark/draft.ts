import type { ArchitectureView, BenchmarkCheck, BenchmarkRequest, TrainOptions } from "@/api";

/** What stands in the form, as typed. */
export interface Draft {
  readonly dataset: string | null;
  readonly task: string | null;
  /** Null: all standard ones. */
  readonly architectures: readonly string[] | null;
  /** Null: the usual one. */
  readonly recipes: readonly string[] | null;
  readonly budget: string;
  readonly parts: string;
  readonly seed: string;
  /** Folds of the dataset that may be used; empty: all. */
  readonly folds: readonly number[];
}

export const EMPTY_DRAFT: Draft = {
  dataset: null, task: null, architectures: null, recipes: null, budget: "30m", parts: "5", seed: "0", folds: [],
}; // prettier-ignore

/** Ticked from the start: those that can be used here and are recommended. */
export function standard(architectures: readonly ArchitectureView[]): readonly string[] {
  return architectures.filter((one) => one.available && one.experimental === "").map((one) => one.name);
}

/** What is ticked: what was chosen, else the standard ones and the usual recipe. */
export function ticked(draft: Draft, architectures: readonly ArchitectureView[], options: TrainOptions | undefined) {
  return {
    architectures: draft.architectures ?? standard(architectures),
    recipes: draft.recipes ?? (options === undefined ? [] : [options.recipe]),
  };
}

/** Why the form cannot be sent; null when it can, or when nothing to learn is chosen yet. The server has the last word. */
export function lacking(draft: Draft, chosen: ReturnType<typeof ticked>, architectures: readonly ArchitectureView[]): string | null {
  if (chosen.architectures.length === 0) return "Tick at least one network.";
  const stepwise = architectures.some((one) => one.fit !== "closed_form" && chosen.architectures.includes(one.name));
  if (stepwise && chosen.recipes.length === 0) return "Tick at least one recipe.";
  if (draft.budget.trim() === "") return "Say how long it may take, such as 30m.";
  if (whole(draft.parts) === null) return "The number of folds is a whole number.";
  if (whole(draft.seed) === null) return "The seed is a whole number.";
  return null;
}

export function requestOf(draft: Draft, chosen: ReturnType<typeof ticked>, architectures: readonly ArchitectureView[]): BenchmarkRequest | null {
  const [parts, seed] = [whole(draft.parts), whole(draft.seed)];
  if (draft.dataset === null || draft.task === null || parts === null || seed === null) return null;
  if (lacking(draft, chosen, architectures) !== null) return null;
  return {
    dataset: draft.dataset,
    task: draft.task,
    architectures: [...chosen.architectures],
    recipes: [...chosen.recipes],
    budget: draft.budget.trim(),
    n_folds: parts,
    folds: draft.folds.length === 0 ? null : [...draft.folds],
    seed,
    settings: {},
  };
}

function whole(text: string): number | null {
  return /^\d+$/.test(text.trim()) ? Number(text.trim()) : null;
}

/** "6 candidates, 30 trainings": each candidate once in each fold. */
export function work(check: BenchmarkCheck): string {
  const n = check.candidates.length;
  const trainings = n * check.n_folds;
  return `${n} ${n === 1 ? "candidate" : "candidates"}, ${trainings} trainings`;
}
