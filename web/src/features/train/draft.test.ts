import { describe, expect, it } from "vitest";
import type { TrainOption, TrainOptions } from "@/api";
import { changedNames, type Draft, EMPTY_DRAFT, fault, foldNumbers, foldsInWords, foldsNamed, grouped, requestOf, sheetOf, shownText } from "./draft";

function option(name: string, changes: Partial<TrainOption> = {}): TrainOption {
  return {
    name, title: name, explanation: "", group: "How it learns", common: false, kind: "number", optional: false, choices: [],
    minimum: null, maximum: null, ...changes,
  }; // prettier-ignore
}

const SERVER: TrainOptions = {
  options: [
    option("epochs", { kind: "whole", minimum: 1, maximum: 100, common: true }),
    option("maximum_rate", { optional: true, minimum: 0, maximum: 10 }),
    option("gamma", { minimum: 0, maximum: 1 }),
    option("optimiser", { kind: "choice", choices: ["adamw", "sgd"] }),
    option("class_weights", { kind: "yes-no" }),
  ],
  recipes: [
    { name: "default", title: "", summary: "", settings: { epochs: 60, maximum_rate: 0.005, gamma: 0.9, optimiser: "adamw", class_weights: true } },
    { name: "paper", title: "", summary: "", settings: { epochs: 50, maximum_rate: null, gamma: 0.9, optimiser: "adamw", class_weights: true } },
  ],
  recipe: "paper",
};
const chosen: Draft = { ...EMPTY_DRAFT, dataset: "demo", task: "diagnosis" };
const request = (draft: Draft) => requestOf(draft, sheetOf(SERVER, draft));

describe("the training form", () => {
  it("stands for no request before data and task are chosen", () => {
    expect(request(EMPTY_DRAFT)).toBeNull();
    expect(request({ ...EMPTY_DRAFT, dataset: "demo" })).toBeNull();
    expect(requestOf(chosen, sheetOf(undefined, chosen))).toBeNull(); // what there is to set is not known yet
  });

  it("leaves what was not touched to the recipe", () => {
    expect(request(chosen)).toEqual({
      dataset: "demo", task: "diagnosis", architecture: "xceptiontime", from_model: null, method: "scratch", name: null, folds: null,
      one_per_patient: false, seed: 0, recipe: "paper", settings: {}, rate: null, duration: null, padding: "zeros", scaling: null, scaled_over: "lead",
      model_input: "ecg", subject: [], thresholds: "f1", beside: true,
    });
  });

  it("cannot continue from nothing, nor start a model's weights from scratch", () => {
    expect(request({ ...chosen, method: "head" })?.method).toBe("scratch");
    expect(request({ ...chosen, start: { model: "m" }, method: "scratch" })).toMatchObject({ from_model: "m", method: "whole" });
    for (const method of ["head", "head-then-whole"] as const)
      expect(request({ ...chosen, start: { model: "m" }, method })).toMatchObject({ from_model: "m", method });
  });

  it("asks for thresholds with any start, and for a ridge model beside a network from scratch only", () => {
    const typed = { thresholds: "half", beside: "no" };
    expect(request({ ...chosen, typed })).toMatchObject({ thresholds: "half", beside: false, settings: {} });
    expect(request({ ...chosen, typed, start: { model: "m" } })).toMatchObject({ thresholds: "half", beside: true, settings: {} });
    expect(changedNames(sheetOf(SERVER, chosen), { thresholds: "f1", beside: "yes" })).toEqual([]);
  });

  it("sends what differs from the chosen recipe, as numbers and truths, and takes a decimal comma", () => {
    const typed = { epochs: "12", gamma: "0,8", optimiser: "sgd", class_weights: "no", padding: "edge", scaled_over: "none", scaling: "min_max", rate: "250" };
    expect(request({ ...chosen, typed })).toMatchObject({
      settings: { epochs: 12, gamma: 0.8, optimiser: "sgd", class_weights: false },
      padding: "edge", scaled_over: "none", scaling: "min_max", rate: 250,
    });
    expect(request({ ...chosen, typed: { epochs: "50", gamma: "0.90", class_weights: "yes" } })?.settings).toEqual({});
    expect(request({ ...chosen, recipe: "default", typed: { epochs: "50" } })).toMatchObject({ recipe: "default", settings: { epochs: 50 } });
  });

  it("shows the recipe's values, and an emptied field that may be empty is a change", () => {
    const draft = { ...chosen, recipe: "default" };
    const sheet = sheetOf(SERVER, draft);
    expect(["epochs", "maximum_rate", "class_weights", "rate"].map((name) => shownText(sheet, {}, name))).toEqual(["60", "0.005", "yes", ""]);
    expect(request({ ...draft, typed: { maximum_rate: " " } })?.settings).toEqual({ maximum_rate: null });
    expect(changedNames(sheet, { maximum_rate: "", epochs: "60" })).toEqual(["maximum_rate"]);
    expect(request({ ...chosen, typed: { maximum_rate: "" } })?.settings).toEqual({});
  });

  it("says what is wrong with a number and sends nothing then", () => {
    const [epochs] = SERVER.options;
    expect(["50", "0", "101", "many", "1.5", ""].map((value) => fault(epochs!, value))).toEqual([
      null, "At least 1.", "At most 100.", "This is not a number.", "A whole number is needed.", "A number is needed here.",
    ]);
    expect(request({ ...chosen, typed: { epochs: "many" } })).toBeNull();
  });

  it("tells age and sex to a new model only, and asks about the input of a new one only", () => {
    expect(request({ ...chosen, subject: ["age", "sex"] })?.subject).toEqual(["age", "sex"]);
    const on = { ...chosen, start: { model: "m" }, subject: ["age"] as const, typed: { rate: "250", epochs: "3" } };
    expect(request(on)).toMatchObject({ subject: [], rate: null, settings: { epochs: 3 } });
    expect(sheetOf(SERVER, on).options.map((entry) => entry.name)).toEqual([...SERVER.options.map((entry) => entry.name), "thresholds"]);
    expect(sheetOf(SERVER, chosen).options.slice(-3).map((entry) => entry.name)).toEqual(["scaled_over", "thresholds", "beside"]);
  });

  it("finds settings by their words, in groups", () => {
    const options = [option("gain", { group: "What the model sees", explanation: "Amplitudes vary" }), option("gamma", { title: "Decay" })];
    expect(grouped(options, "").map(([group, found]) => [group, found.length])).toEqual([["What the model sees", 1], ["How it learns", 1]]);
    expect(grouped(options, " vary AMPLITUDES").flatMap(([, found]) => found.map((entry) => entry.name))).toEqual(["gain"]);
    expect(grouped(options, "nothing")).toEqual([]);
  });
});

describe("folds", () => {
  it("are written as people do", () => {
    expect(foldsInWords([1, 2, 3, 4, 5, 6, 7, 8])).toBe("1-8");
    expect(foldsInWords([9, 1, 3, 2, 3])).toBe("1-3, 9");
    expect(foldsInWords([])).toBe("");
    expect([foldsNamed([9]), foldsNamed([1, 2])]).toEqual(["fold 9", "folds 1-2"]);
  });
  it("are numbers in order; records without one are none", () => {
    expect(foldNumbers({ "10": 5, "2": 4, none: 3 })).toEqual([2, 10]);
  });
});
