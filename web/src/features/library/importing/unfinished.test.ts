import { beforeEach, describe, expect, it } from "vitest";
import type { UploadState } from "@/api";
import type { DroppedFile } from "./dropped";
import { continued, forget, partsHere, remember, remembered, wholeFiles, type Unfinished } from "./unfinished";

const file = (path: string, size: number, lastModified = 5): DroppedFile => ({ path, file: { size, lastModified } as File });
const state: UploadState = {
  upload: "abc", expires: "2026-11-23T10:00:00+00:00",
  files: [
    { id: "1", name: "c/whole", size: 10, modified: 5, version: "v", offset: 10 },
    { id: "2", name: "c/part", size: 10, modified: 5, version: "v", offset: 4 },
    { id: "3", name: "c/empty", size: 0, modified: 5, version: "v", offset: 0 },
  ],
}; // prettier-ignore
const one: Unfinished = { upload: "abc", dataset: "clinic", files: 4, bytes: 40, options: { layout: null }, begun: "2026-11-22T10:00:00Z", state };

beforeEach(() => localStorage.clear());

describe("an upload that broke off", () => {
  it("sends only what lacks: the same file is one of equal path, size and time", () => {
    const here = partsHere(state);
    expect(here(file("c/whole", 10))).toBe("whole");
    expect(here(file("c/empty", 0))).toBe("whole");
    expect(here(file("c/part", 10))).toEqual({ location: "/api/uploads/abc/tus/2", offset: 4 });
    expect(here(file("c/new", 10))).toBeNull();
    expect(here(file("c/whole", 11))).toBeNull();
    expect(here(file("c/whole", 10, 6))).toBeNull();
    expect(wholeFiles(state)).toBe(2);
  });

  it("is told by its files", () => {
    expect(continued([file("c/other", 1), file("c/part", 10)], [one])).toBe(one);
    expect(continued([file("d/part", 10)], [one])).toBeNull();
    expect(continued([], [one])).toBeNull();
  });

  it("is remembered until it is forgotten, and rubbish is not", () => {
    const { state: _, ...kept } = one;
    remember(kept);
    remember({ ...kept, files: 5 });
    expect(remembered()).toEqual([{ ...kept, files: 5 }]);
    forget("abc");
    expect(remembered()).toEqual([]);
    for (const rubbish of ["", "{", "7", '[{"upload":3}]', "null"]) {
      localStorage.setItem("einthoven-uploads", rubbish);
      expect(remembered()).toEqual([]);
    }
  });
});
