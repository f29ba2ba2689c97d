import { describe, expect, it } from "vitest";
import { commonFolder, filesFromDrop, isOfSystem, isPtbxl, ptbxlRates } from "./dropped";
import { hintsOf, isEmpty, missingOf, mistakes, NO_HINTS, STANDARD_ORDER, STORED_TYPES } from "./hints";

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

  it("send the type of stored numbers of a raw file", () => {
    expect(hintsOf({ ...NO_HINTS, stored: "int16be" })).toEqual({ stored: "int16be" });
    const types = STORED_TYPES.map(({ value }) => value);
    expect(new Set(types).size).toBe(14);
    expect(types.slice(0, 2)).toEqual(["int16", "int16be"]);
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

describe("a dropped folder", () => {
  const entry = (path: string): FileSystemFileEntry =>
    ({ isFile: true, isDirectory: false, fullPath: path, file: (found: (file: File) => void) => found(new File(["x"], path)) }) as unknown as FileSystemFileEntry;
  const folder = (path: string, inside: FileSystemEntry[], answer = 100): FileSystemEntry =>
    ({
      isFile: false, isDirectory: true, fullPath: path,
      createReader: () => {
        let at = 0;
        return { readEntries: (found: (some: FileSystemEntry[]) => void) => found(inside.slice(at, (at += answer))) };
      },
    }) as unknown as FileSystemEntry; // prettier-ignore
  const drop = (...entries: FileSystemEntry[]) =>
    ({ items: entries.map((one) => ({ kind: "file", webkitGetAsEntry: () => one, getAsFile: () => null })) }) as unknown as DataTransfer;

  it("is walked to its last file, however many a reader answers at a time", async () => {
    const many = Array.from({ length: 250 }, (_, index) => entry(`/clinic/${index}.csv`));
    const { files } = await filesFromDrop(drop(folder("/clinic", [folder("/clinic/deep", [entry("/clinic/deep/a.csv")]), ...many])));
    expect(files).toHaveLength(251);
    expect(files[0]?.path).toBe("clinic/deep/a.csv");
    expect(new Set(files.map(({ path }) => path)).size).toBe(251);
  });

  it("names what cannot be read, and goes on", async () => {
    const locked = { ...entry("/clinic/locked.csv"), file: (_: unknown, failed: () => void) => failed() } as unknown as FileSystemEntry;
    const { files, unreadable } = await filesFromDrop(drop(folder("/clinic", [locked, entry("/clinic/a.csv")])));
    expect(unreadable).toEqual(["clinic/locked.csv"]);
    expect(files.map(({ path }) => path)).toEqual(["clinic/a.csv"]);
  });

  it("leaves hidden and system files aside, and says which", async () => {
    const names = ["/c/.DS_Store", "/c/Thumbs.db", "/c/__MACOSX/a.csv", "/c/.git/x", "/c/a.csv"];
    const { files, leftAside } = await filesFromDrop(drop(folder("/c", names.map(entry))));
    expect(files.map(({ path }) => path)).toEqual(["c/a.csv"]);
    expect(leftAside).toHaveLength(4);
    expect(isOfSystem("a..b/c.csv")).toBe(false);
  });
});
