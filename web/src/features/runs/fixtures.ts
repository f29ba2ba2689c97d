import type { Epoch, Run } from "@/api";

/** An epoch for tests. */
export function epoch(n: number, validationLoss: number, f1: number | null = 0.5): Epoch {
  return { epoch: n, train_loss: validationLoss * 0.9, validation_loss: validationLoss, f1, learning_rate: 0.001, seconds: 2 };
}

/** A running training for tests. */
export function run(changes: Partial<Run>): Run {
  return {
    job: {
      id: "j1", kind: "train", title: "Train demo", state: "running", created: "2026-11-22T10:00:00", started: "2026-11-22T10:00:01",
      finished: null, progress: { done: 0, total: 0, message: "", seconds_left: null }, cancel_requested: false, resumable: false, headline: "",
      problem: null, files: [], request: {},
    },
    request: {
      dataset: "demo", task: "diagnosis", architecture: "xceptiontime", from_model: null, method: "scratch", name: null, folds: null,
      one_per_patient: false, seed: 0, recipe: "paper", settings: {}, rate: null, duration: null, padding: "zeros", scaling: null,
      scaled_over: "lead", model_input: "ecg", subject: [], thresholds: "f1", beside: true,
    },
    epochs: [], seconds_left: null, log: [], split: null, config: {}, environment: {}, outcome: null, changed: {},
    ...changes,
  };
}
