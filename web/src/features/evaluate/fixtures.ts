import type { ClassResult, Evaluation } from "@/api";

function klass(name: string, n: number): ClassResult {
  return { name, n, n_predicted: n, precision: 0.5, recall: 0.5, f1: 0.5, auroc: null, reasons: { auroc: "too few" } };
}

/** A single-label evaluation for tests: three classes, the last without records. */
export const evaluation: Evaluation = {
  kind: "single-label",
  n: 40,
  accuracy: 0.9,
  macro_f1: null,
  weighted_f1: 0.9,
  macro_auroc: 0.9996,
  per_class: [klass("NORM", 10), klass("LBBB", 30), klass("AF", 0)],
  confusion: [[9, 1, 0], [3, 27, 0], [0, 0, 0]], // prettier-ignore
  roc: {},
  regression: null,
  reasons: { macro_f1: "AF has no ECG." },
  warnings: [],
};
