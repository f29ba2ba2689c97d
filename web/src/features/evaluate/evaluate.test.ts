import { describe, expect, it } from "vitest";
import { evaluation } from "./fixtures";
import { cellInWords, cellsOf, mistakesIn, shareInWords } from "./matrix";
import { nearest, pathOf, pointInWords } from "./roc";

describe("the confusion matrix", () => {
  it("has the true class in rows, and shares of each row", () => {
    const cell = cellsOf(evaluation)?.[1]?.[0];
    expect(cell).toEqual({ truth: "LBBB", predicted: "NORM", n: 3, share: 0.1, right: false });
    expect(cell && cellInWords(cell, 30)).toBe("3 of 30 LBBB were called NORM (10 %)");
  });
  it("has no share for a class without records", () => {
    expect(cellsOf(evaluation)?.[2]?.map((cell) => cell.share)).toEqual([0, 0, 0]);
  });
  it("does not exist for several labels", () => {
    expect(cellsOf({ ...evaluation, confusion: null })).toBeNull();
  });
  it("opens to the records of a cell", () => {
    const row = (file_name: string, truth: string[], answer: string[]) => ({
      item: 1, prediction: { file_name, values: [], logits: [], notes: [], doubts: [] }, answer, truth,
    });
    const mistakes = [row("a", ["LBBB"], ["NORM"]), row("b", ["NORM"], ["LBBB"])];
    const cell = cellsOf(evaluation)?.[1]?.[0];
    expect(cell && mistakesIn(cell, mistakes).map((m) => m.prediction.file_name)).toEqual(["a"]);
  });
});

it("a share that is not quite 1 is not written as 1", () => {
  expect([1, 0.9996, 0.99999, 0.123, 0.001, 0].map(shareInWords)).toEqual(["1.00", "0.9996", ">0.9999", "0.12", "0.0010", "0.00"]);
});

describe("a ROC curve", () => {
  const curve = { false_positive_rate: [0, 0.1, 1], true_positive_rate: [0, 0.9, 1], threshold: [2, 0.6, 0] };
  it("gives the point under the pointer", () => {
    const point = nearest(curve, 0.15, 0.8);
    expect(point).toEqual({ falsePositiveRate: 0.1, truePositiveRate: 0.9, threshold: 0.6 });
    expect(point && pointInWords(point, "LBBB")).toBe("LBBB called present from 0.600 on: finds 90 % of them, false alarm in 10 % of the others.");
  });
  it("has none where there is no curve", () => {
    expect(nearest({ false_positive_rate: [], true_positive_rate: [], threshold: [] }, 0, 0)).toBeNull();
  });
  it("says that nothing is called present above every probability", () => {
    expect(pointInWords({ falsePositiveRate: 0, truePositiveRate: 0, threshold: 2 }, "AF")).toContain("present never");
  });
  it("is drawn from the lower left", () => {
    expect(pathOf(curve, 100)).toBe("M0.00 100.00L10.00 10.00L100.00 0.00");
  });
});
