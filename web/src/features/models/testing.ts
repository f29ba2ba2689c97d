import type { ForeignModel, ModelView } from "@/api";

/** A model that was made elsewhere, for tests: it says its classes and unit, and neither leads nor rate nor kind. */
export function foreign(changes: Partial<ForeignModel> = {}): ForeignModel {
  return {
    name: "theirs.onnx", input_name: "x", layout: "leads x samples", n_leads: 12, n_samples: 1000, outputs: ["y"], output: "y",
    n_outputs: 2, kind: null, ending: "", class_names: ["MI", "NORM"], leads: null, rate: null, unit: "uV", scaling: "none", value_unit: null,
    untrained: "", trainable: "", own: false, opset: 17, said: ["Dead ends were left out."], warnings: [],
    missing: ["leads", "rate", "kind"], offers: { leads: ["I", "II", "III"] }, ...changes,
  }; // prettier-ignore
}

/** A model on the shelf, for tests. */
export function aModel(changes: Partial<ModelView> = {}): ModelView {
  return {
    name: "theirs", created: "2026-11-22T10:00:00+00:00", kind: "single-label", task: "t", unit: "", classes: ["MI", "NORM"],
    class_titles: ["", ""], thresholds: [], threshold_words: [], leads: ["I"], rate: 100, duration: 10, steps: ["leads in the order I"], architecture: null,
    base: null, run: null, trained_on: null, n_train: null, parameters: 10, size: 1000, simulated: false, can_continue: true,
    validation_macro_f1: null, validation_macro_auroc: null, label_counts: {}, imported: true, untrained: "", warnings: [],
    found: [], told: [], zoo: false, data: "", sealed: "", tested: [], ...changes,
  }; // prettier-ignore
}
