import { describe, expect, it } from "vitest";
import { allOptions, type Draft, EMPTY_DRAFT, fault, foldNumbers, foldsInWords, foldsNamed, requestOf } from "./draft";

const chosen: Draft = { ...EMPTY_DRAFT, dataset: "demo", task: "diagnosis" };

describe("the training form", () => {
  it("stands for no request before data and task are chosen", () => {
    expect(requestOf(EMPTY_DRAFT)).toBeNull();
    expect(requestOf({ ...EMPTY_DRAFT, dataset: "demo" })).toBeNull();
  });

  it("leaves what was not set to the recipe", () => {
    expect(requestOf(chosen)).toMatchObject({
      dataset: "demo", task: "diagnosis", architecture: "xceptiontime", from_model: null, method: "scratch",
      name: null, folds: null, epochs: null, batch_size: null, optimiser: null, maximum_rate: null, rate: null, duration: null, seed: 0,
    });
  });

  it("cannot continue from nothing, nor start a model's weights from scratch", () => {
    expect(requestOf({ ...chosen, method: "head" })?.method).toBe("scratch");
    expect(requestOf({ ...chosen, start: { model: "m" }, method: "scratch" })).toMatchObject({ from_model: "m", method: "whole" });
    expect(requestOf({ ...chosen, start: { model: "m" }, method: "head" })).toMatchObject({ from_model: "m", method: "head" });
  });

  it("sends advanced settings as numbers and takes a decimal comma", () => {
    const draft = { ...chosen, advanced: { epochs: "12", gamma: "0,9", optimiser: "sgd", padding: "edge", z_score: "none", batch_size: "" } };
    expect(requestOf(draft)).toMatchObject({ epochs: 12, gamma: 0.9, optimiser: "sgd", padding: "edge", z_score: "none", batch_size: null });
  });

  it("says what is wrong with a number", () => {
    const epochs = { name: "epochs", title: "", explanation: "", default: "50", choices: [], minimum: 1, maximum: 100 };
    expect(["", "50", "0", "101", "many"].map((value) => fault(epochs, value))).toEqual([null, null, "At least 1.", "At most 100.", "This is not a number."]);
  });

  it("shows the server's settings first, each once, and not those with a place of their own", () => {
    const entry = (name: string) => ({ name, title: "", explanation: "", default: "", choices: [], minimum: null, maximum: null });
    const server = [entry("epochs"), entry("rate"), entry("seed")];
    expect(allOptions(server, { architecture: "a" }).map((o) => o.name)).toEqual(["epochs", "rate", "duration", "padding", "z_score"]);
    expect(allOptions([entry("epochs")], { model: "m" }).map((o) => o.name)).toEqual(["epochs"]);
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
