import { describe, expect, it } from "vitest";
import type { ArchitectureView, BenchmarkCheck, TrainOptions } from "@/api";
import { EMPTY_DRAFT, lacking, requestOf, standard, ticked, work } from "./draft";

function architecture(name: string, changes: Partial<ArchitectureView> = {}): ArchitectureView {
  return {
    name, title: name, summary: "", available: true, reason: "", takes_subject: false, experimental: "", scaling: "z_score",
    fit: "gradient", ...changes,
  }; // prettier-ignore
}

const ALL = [
  architecture("a"),
  architecture("ridge", { fit: "closed_form" }),
  architecture("lacking", { available: false, reason: "needs torch" }),
  architecture("new", { experimental: "not compared yet" }),
];
const OPTIONS = { options: [], recipes: [], recipe: "default" } as TrainOptions;
const DRAFT = { ...EMPTY_DRAFT, dataset: "d", task: "t" };

describe("the form of a benchmark", () => {
  it("ticks what is standard and can be used, with the usual recipe", () => {
    expect(standard(ALL)).toEqual(["a", "ridge"]);
    expect(ticked(DRAFT, ALL, OPTIONS)).toEqual({ architectures: ["a", "ridge"], recipes: ["default"] });
    expect(ticked({ ...DRAFT, architectures: ["new"], recipes: [] }, ALL, OPTIONS)).toEqual({ architectures: ["new"], recipes: [] });
  });

  it("asks the server for what is ticked", () => {
    const request = requestOf({ ...DRAFT, budget: " 2h ", folds: [1, 2], parts: "3", seed: "7" }, ticked(DRAFT, ALL, OPTIONS), ALL);
    expect(request).toEqual({
      dataset: "d", task: "t", architectures: ["a", "ridge"], recipes: ["default"], budget: "2h", n_folds: 3, folds: [1, 2], seed: 7,
      settings: {},
    }); // prettier-ignore
  });

  it("asks nothing while something is missing, and says what", () => {
    const chosen = { architectures: ["a"], recipes: [] };
    expect(requestOf(EMPTY_DRAFT, ticked(EMPTY_DRAFT, ALL, OPTIONS), ALL)).toBeNull();
    expect(lacking(DRAFT, { architectures: [], recipes: [] }, ALL)).toContain("network");
    expect(lacking(DRAFT, chosen, ALL)).toContain("recipe");
    expect(requestOf(DRAFT, chosen, ALL)).toBeNull();
    expect(lacking({ ...DRAFT, budget: "" }, { ...chosen, recipes: ["default"] }, ALL)).toContain("how long");
    expect(lacking({ ...DRAFT, parts: "2.5" }, { ...chosen, recipes: ["default"] }, ALL)).toContain("folds");
  });

  it("needs no recipe for what is solved for in one step", () => {
    expect(lacking(DRAFT, { architectures: ["ridge"], recipes: [] }, ALL)).toBeNull();
  });

  it("counts the trainings", () => {
    const check = { n: 10, n_patients: 10, n_folds: 5, counts: {}, warnings: [], candidates: [{}, {}] } as unknown as BenchmarkCheck;
    expect(work(check)).toBe("2 candidates, 10 trainings");
  });
});
