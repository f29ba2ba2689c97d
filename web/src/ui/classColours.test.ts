import { describe, expect, it } from "vitest";
import { classColour, classColours, PALETTE } from "./classColours";

const SETS = [
  ["NORM", "MI", "STTC", "CD", "HYP"],
  ["CLBBB", "CRBBB", "ILBBB", "IRBBB"],
  ["AMI", "IMI"],
  ["NORM", "LBBB", "RBBB", "AF", "AMI", "IMI"],
  ["F", "M"],
];

describe("class colours", () => {
  it("give different colours to the classes of every set that comes with the program, without moving any", () => {
    for (const names of SETS) {
      const colours = classColours(names);
      expect(new Set(colours.values()).size).toBe(names.length);
      for (const name of names) expect(colours.get(name)).toBe(classColour(name));
    }
  });

  it("do not depend on the order in which classes are named", () => {
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    expect([...classColours([...names].reverse())].sort()).toEqual([...classColours(names)].sort());
  });

  it("are all different up to eight classes, whatever their names", () => {
    for (let start = 0; start < 40; start += 1) {
      const names = Array.from({ length: 8 }, (_, index) => `class ${start + index}`);
      expect(new Set(classColours(names).values()).size).toBe(8);
    }
  });

  it("still give every class a colour of the palette beyond eight", () => {
    const names = Array.from({ length: 44 }, (_, index) => `code ${index}`);
    const colours = classColours(names);
    expect(colours.size).toBe(44);
    for (const colour of colours.values()) expect(PALETTE).toContain(colour);
  });
});
