import { expect, it } from "vitest";
import type { Tested } from "@/api";
import { inGroups, judged, shelves, testInWords } from "./tested";
import { aModel } from "./testing";

const TEST: Tested = {
  part: "test", data: "PTB-XL", folds: [9], n: 182, n_patients: 1, numbers: { macro_auroc: 0.905, macro_f1: 0.7 },
  intervals: { macro_auroc: { low: 0.87, high: 0.94 } }, how: "bootstrap", warnings: [],
}; // prettier-ignore
const VALIDATION: Tested = { ...TEST, part: "validation", numbers: { macro_auroc: 0.5 } };

it("shows the numbers of a test with their intervals before those of the validation part", () => {
  const { test, macroF1, macroAuroc } = judged(aModel({ tested: [VALIDATION, TEST], validation_macro_auroc: 0.5 }));
  expect(test).toBe(TEST);
  expect(macroAuroc).toEqual({ value: 0.905, note: "95 %: 0.87 to 0.94" });
  expect(macroF1).toEqual({ value: 0.7, note: "interval not estimable" });
  expect(testInWords(TEST)).toBe("Tested on 182 ECGs of 1 patient kept aside");
});

it("says where a number comes from when there was no test, and that it is not known when it is not", () => {
  const found = judged(aModel({ tested: [VALIDATION], validation_macro_auroc: 0.5 }));
  expect(found.test).toBeNull();
  expect(found.macroAuroc).toEqual({ value: 0.5, note: "on its validation part" });
  expect(found.macroF1).toEqual({ value: null, note: "not stated" });
  expect(judged(aModel({ tested: [{ ...TEST, numbers: {} }] })).macroF1).toEqual({ value: null, note: "not estimable" });
});

it("has the error of a regression, of the test or else of the validation part", () => {
  const ofValues = { ...VALIDATION, numbers: { mae: 8.25, r2: 0.4 } };
  expect(judged(aModel({ kind: "regression", tested: [ofValues] })).meanError).toEqual({ value: 8.25, note: "on its validation part" });
  const test = { ...TEST, numbers: { mae: 9 }, intervals: { mae: { low: 8, high: 10 } } };
  expect(judged(aModel({ kind: "regression", tested: [test, ofValues] })).meanError).toEqual({ value: 9, note: "95 %: 8.00 to 10.00" });
  expect(judged(aModel({ kind: "regression" })).meanError).toEqual({ value: null, note: "not stated" });
});

it("lists models that come with the program behind one's own", () => {
  const [mine, theirs] = [aModel({ name: "mine" }), aModel({ name: "zoo/net", zoo: true })];
  expect(shelves([mine, theirs])).toEqual({ own: [mine], zoo: [theirs] });
  const option = ({ name }: { name: string }) => ({ value: name, label: name });
  expect(inGroups([mine], option)).toEqual([{ value: "mine", label: "mine" }]);
  expect(inGroups([mine, theirs], option)).toEqual([
    { group: "Your models", items: [{ value: "mine", label: "mine" }] },
    { group: "Models that come with Einthoven", items: [{ value: "zoo/net", label: "zoo/net" }] },
  ]);
  expect(inGroups([theirs], option)).toHaveLength(1);
});
