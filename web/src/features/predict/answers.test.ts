import { describe, expect, it } from "vitest";
import type { SinglePrediction } from "@/api";
import { agrees, answerInWords, barsOf, probability, strength, truthInWords } from "./answers";

const single: SinglePrediction = {
  model: "m", simulated_model: false, kind: "single-label", unit: "", seconds: 0.1, warnings: [],
  classes: [{ name: "NORM", title: "Normal", codes: {} }, { name: "LBBB", title: "Left bundle branch block", codes: {} }],
  thresholds: [0.5, 0.61],
  row: { item: 3, prediction: { file_name: "a", values: [0.07, 0.93], logits: [], notes: [], doubts: [] }, answer: ["LBBB"], truth: ["LBBB"] },
};

describe("an answer in words", () => {
  it("says the most probable class of a single-label model, without a threshold that plays no part", () => {
    expect(answerInWords(single)).toBe("Left bundle branch block, 0.93, the most probable of 2 classes");
    expect(barsOf(single)[0]).toMatchObject({ name: "LBBB", threshold: null, answered: true });
  });
  it("names the threshold of each class of a multi-label model", () => {
    expect(answerInWords({ ...single, kind: "multi-label" })).toBe("Left bundle branch block, 0.93, above its threshold 0.61");
  });
  it("says that no class is there", () => {
    expect(answerInWords({ ...single, kind: "multi-label", row: { ...single.row, answer: [] } })).toBe("None of the classes reaches its threshold");
  });
  it("gives a value its unit", () => {
    const age = { ...single, kind: "regression" as const, unit: "years", classes: [{ name: "age", title: "Age", codes: {} }] };
    expect(answerInWords({ ...age, row: { ...single.row, prediction: { ...single.row.prediction, values: [61.23] } } })).toBe("Age: 61.2 years");
  });
});

it("a probability is never rounded to 0 or 1", () => {
  expect([0, 0.001, 0.126, 0.9999, 1, NaN].map(probability)).toEqual(["0.00", "<0.01", "0.13", ">0.99", "1.00", "–"]);
});

it("a truth in words tells no label from no class", () => {
  expect([truthInWords(null, ""), truthInWords([], ""), truthInWords(["A", "B"], ""), truthInWords(61, "years")]).toEqual(["", "none of them", "A, B", "61.0 years"]);
});

it("agreement is of all classes, and unknown without a label", () => {
  expect([agrees(single.row), agrees({ ...single.row, truth: ["NORM"] }), agrees({ ...single.row, truth: null })]).toEqual([true, false, null]);
});

it("small probabilities leave a cell quiet", () => {
  expect([0.04, 0.5, 1, NaN].map(strength)).toEqual([0, 0.5, 1, 0]);
});
