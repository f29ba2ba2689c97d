import { describe, expect, it } from "vitest";
import type { BenchmarkNumber, BenchmarkRow } from "@/api";
import { compactInterval, differenceInWords, figure, intervalInWords, place, scaleOf, signed } from "./scale";

function number(value: number | null, low: number | null, high: number | null, name = "macro_auroc", reason = ""): BenchmarkNumber {
  return { name, title: name, value, low, high, reason };
}

describe("drawn intervals", () => {
  it("lie on one scale that holds all of them", () => {
    const scale = scaleOf([number(0.9, 0.85, 0.95), number(0.8, 0.75, 0.86), number(null, null, null)]);
    expect(scale).toEqual({ low: 0.75, high: 0.95 });
    if (scale === null) return;
    expect([place(scale, 0.75), place(scale, 0.85), place(scale, 0.95)].map(Math.round)).toEqual([0, 50, 100]);
  });

  it("have a scale when all numbers are alike, and none without numbers", () => {
    const scale = scaleOf([number(1, 1, 1)]);
    expect(scale !== null && place(scale, 1)).toBe(50);
    expect(scaleOf([number(null, null, null)])).toBeNull();
  });

  it("stand in brackets below a number", () => {
    expect(compactInterval(number(0.9, 0.85, 0.95))).toBe("(0.850–0.950)");
    expect(compactInterval(number(0.9, null, null))).toBe("");
  });

  it("say what they are, or why they are not", () => {
    expect(intervalInWords(number(0.9, 0.85, 0.95))).toBe("0.850 to 0.950");
    expect(intervalInWords(number(0.9, null, null, "macro_auroc", "All ECGs are of one patient."))).toContain("one patient");
    expect(figure(number(12.345, 1, 2, "mae"), 12.345)).toBe("12.35");
    expect(figure(number(null, null, null), null)).toBe("–");
  });
});

describe("differences", () => {
  it("carry their sign, and none when they are nothing", () => {
    expect(signed(number(-0.0123, null, null), -0.0123)).toBe("−0.012");
    expect(signed(number(0, 0, 0), 0)).toBe("0.000");
    expect(signed(number(1.5, 1, 2, "mae"), 1.5)).toBe("+1.50");
  });

  it("are said in words", () => {
    const row = (level: boolean | null) => ({ level }) as BenchmarkRow;
    expect(differenceInWords(row(true), true)).toBe("the first");
    expect(differenceInWords(row(true), false)).toContain("cannot be told apart");
    expect(differenceInWords(row(false), false)).toContain("worse");
    expect(differenceInWords(row(null), false)).toBe("not known");
  });
});
