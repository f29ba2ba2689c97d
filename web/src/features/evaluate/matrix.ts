import type { Evaluation, PredictionRow } from "@/api";

export interface Cell {
  readonly truth: string;
  readonly predicted: string;
  readonly n: number;
  /** Of the records that truly are of this class: 0 to 1; 0 for a class without records. */
  readonly share: number;
  readonly right: boolean;
}

/** The confusion matrix with names and shares; null where there is none (multi-label, regression). */
export function cellsOf(evaluation: Evaluation): readonly (readonly Cell[])[] | null {
  const { confusion, per_class: classes } = evaluation;
  if (confusion === null || confusion.length === 0) return null;
  return confusion.map((row, i) => {
    const total = row.reduce((sum, n) => sum + n, 0);
    return row.map((n, j) => ({
      truth: classes[i]?.name ?? "",
      predicted: classes[j]?.name ?? "",
      n,
      share: total === 0 ? 0 : n / total,
      right: i === j,
    }));
  });
}

/** The records that a cell off the diagonal counts, out of the report's mistakes. */
export function mistakesIn(cell: Cell, mistakes: readonly PredictionRow[]): readonly PredictionRow[] {
  return mistakes.filter(
    (row) => Array.isArray(row.truth) && row.truth.includes(cell.truth) && row.answer.includes(cell.predicted),
  );
}

/** "27 of 30 LBBB were called LBBB (90 %)" */
export function cellInWords(cell: Cell, total: number): string {
  return `${cell.n} of ${total} ${cell.truth} were called ${cell.predicted} (${Math.round(cell.share * 100)} %)`;
}

/** Two figures after the point; never "1.00" or "0.00" for what is only close to it. */
export function shareInWords(value: number): string {
  const rounded = value.toFixed(2);
  if (rounded === "1.00" && value < 1) return value.toFixed(4) === "1.0000" ? ">0.9999" : value.toFixed(4);
  if (rounded === "0.00" && value > 0) return value.toFixed(4) === "0.0000" ? "<0.0001" : value.toFixed(4);
  return rounded;
}

export const NUMBERS = [
  { key: "macro_f1", title: "Macro F1" },
  { key: "macro_auroc", title: "Macro AUROC" },
  { key: "weighted_f1", title: "Weighted F1" },
  { key: "accuracy", title: "Accuracy" },
] as const;

export const REGRESSION_NUMBERS = [
  { key: "mae", title: "Mean absolute error", inUnit: true },
  { key: "rmse", title: "Root mean square error", inUnit: true },
  { key: "r2", title: "R²", inUnit: false },
  { key: "bias", title: "Bias", inUnit: true },
  { key: "lower_limit", title: "Lower limit of agreement", inUnit: true },
  { key: "upper_limit", title: "Upper limit of agreement", inUnit: true },
] as const;
