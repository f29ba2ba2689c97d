import type { PredictionRow, SinglePrediction, TaskClass } from "@/api";

/** One class of an answer, ready to be drawn as a bar. */
export interface Bar {
  readonly name: string;
  readonly title: string;
  readonly value: number;
  /** From where the class counts as present; null where no threshold decides (single-label). */
  readonly threshold: number | null;
  readonly answered: boolean;
}

/** All classes, the most probable first. */
export function barsOf(prediction: SinglePrediction): readonly Bar[] {
  const { classes, thresholds, row, kind } = prediction;
  return classes
    .map((entry, i) => ({
      name: entry.name,
      title: titleOf(entry),
      value: row.prediction.values[i] ?? NaN,
      threshold: kind === "multi-label" ? (thresholds[i] ?? null) : null,
      answered: row.answer.includes(entry.name),
    }))
    .sort((a, b) => b.value - a.value);
}

export function titleOf(entry: TaskClass): string {
  return entry.title === undefined || entry.title === "" ? entry.name : entry.title;
}

/** The sentence that stands above everything else. */
export function answerInWords(prediction: SinglePrediction): string {
  const { kind, row, unit, classes } = prediction;
  if (kind === "regression") {
    const name = classes[0] === undefined ? "Value" : titleOf(classes[0]);
    return `${name}: ${quantity(row.prediction.values[0] ?? NaN, unit)}`;
  }
  const bars = barsOf(prediction);
  const answered = bars.filter((bar) => bar.answered);
  if (answered.length === 0) return "None of the classes reaches its threshold";
  return answered
    .map((bar) => {
      const value = probability(bar.value);
      if (bar.threshold === null) return `${bar.title}, ${value}, the most probable of ${bars.length} classes`;
      return `${bar.title}, ${value}, above its threshold ${probability(bar.threshold)}`;
    })
    .join("; ");
}

/** Two figures after the point, never a rounded 1 or 0. */
export function probability(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value > 0.995 && value < 1) return ">0.99";
  if (value > 0 && value < 0.005) return "<0.01";
  return value.toFixed(2);
}

export function quantity(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "–";
  const figures = Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1);
  return unit === "" ? figures : `${figures} ${unit}`;
}

/** What is known of the answer, in words: "" when nothing is. */
export function truthInWords(truth: PredictionRow["truth"], unit: string): string {
  if (truth === null || truth === undefined) return "";
  if (typeof truth === "number") return quantity(truth, unit);
  return truth.length === 0 ? "none of them" : truth.join(", ");
}

/** Whether the model said what the label says; null when there is no label, or nothing that could agree exactly. */
export function agrees(row: PredictionRow): boolean | null {
  if (!Array.isArray(row.truth)) return null;
  const truth = new Set(row.truth);
  return truth.size === new Set(row.answer).size && row.answer.every((name) => truth.has(name));
}

/** Strength of a cell's background, 0 to 1: nothing below a twentieth, so that a table is quiet where nothing is. */
export function strength(value: number): number {
  return Number.isFinite(value) && value >= 0.05 ? Math.min(1, value) : 0;
}
