import { describe, expect, it } from "vitest";
import { commonFolder, isPtbxl, ptbxlRates } from "./dropped";
import { hintsOf, isEmpty, missingOf, mistakes, NO_HINTS, STANDARD_ORDER } from "./hints";
import { batches } from "./upload";

const file = (path: string, size = 10) => ({ path, file: { size } as File });

describe("hints", () => {
  it("send only what was filled in", () => {
    expect(hintsOf(NO_HINTS)).toEqual({});
    expect(isEmpty(NO_HINTS)).toBe(true);
    expect(hintsOf({ ...NO_HINTS, unit: "mV", rate: "500" })).toEqual({ unit: "mV", rate: 500 });
  });

  it("take a comma as decimal sign and leads with any separator", () => {
    expect(hintsOf({ ...NO_HINTS, rate: "257,5", leads: "I, II;III/aVR+aVL  aVF" })).toEqual({
      rate: 257.5,
      leads: ["I", "II", "III", "aVR", "aVL", "aVF"],
    });
    expect(hintsOf({ ...NO_HINTS, leads: STANDARD_ORDER }).leads).toHaveLength(12);
  });

  it("send gain and baseline only with counts", () => {
    const draft = { ...NO_HINTS, gain: "200", baseline: "-5" };
    expect(hintsOf({ ...draft, unit: "mV" })).toEqual({ unit: "mV" });
    expect(hintsOf({ ...draft, unit: "counts" })).toEqual({ unit: "counts", gain: 200, baseline: -5 });
  });

  it("say what cannot be sent", () => {
    expect(mistakes({ ...NO_HINTS, rate: "fast" }).rate).toBeDefined();
    expect(mistakes({ ...NO_HINTS, rate: "-1" }).rate).toBeDefined();
    expect(mistakes({ ...NO_HINTS, unit: "counts" }).gain).toBeDefined();
    expect(mistakes({ ...NO_HINTS, unit: "counts", gain: "200" })).toEqual({});
    expect(mistakes({ ...NO_HINTS, unit: "mV" })).toEqual({});
  });

  it("are needed when any file asks for them", () => {
    expect(missingOf([{ missing_hints: ["unit"] }, { missing_hints: ["rate", "unit"] }, {}])).toEqual(new Set(["unit", "rate"]));
  });
});

describe("dropped files", () => {
  it("are a PTB-XL folder when its table is there, with the rates it holds", () => {
    const files = [file("ptb/ptbxl_database.csv"), file("ptb/records100/00000/00001_lr.hea"), file("ptb/records500/00000/00001_hr.hea")];
    expect(isPtbxl(files)).toBe(true);
    expect(ptbxlRates(files)).toEqual([100, 500]);
    expect(isPtbxl([file("my_ptbxl_database.csv.bak")])).toBe(false);
  });

  it("propose the folder's name only when there is one folder", () => {
    expect(commonFolder([file("clinic/a.csv"), file("clinic/b/c.csv")])).toBe("clinic");
    expect(commonFolder([file("a.csv"), file("clinic/b.csv")])).toBeNull();
    expect(commonFolder([file("a.csv")])).toBeNull();
  });
});

describe("upload batches", () => {
  it("hold at most the stated number of files and bytes, in order and without loss", () => {
    const files = Array.from({ length: 250 }, (_, index) => file(`${index}`));
    const made = batches(files, { most: 100 });
    expect(made.map((batch) => batch.length)).toEqual([100, 100, 50]);
    expect(made.flat()).toEqual(files);
  });

  it("let a file larger than a batch go alone", () => {
    const made = batches([file("a", 5), file("b", 500), file("c", 5)], { bytes: 100 });
    expect(made.map((batch) => batch.map(({ path }) => path))).toEqual([["a"], ["b"], ["c"]]);
  });

  it("are none for no files", () => {
    expect(batches([])).toEqual([]);
  });
});
