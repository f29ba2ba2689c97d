import { describe, expect, it } from "vitest";
import type { RefusedFile } from "@/api";
import { batches, daysLeft, gapOf, groupsOf, shown, titleOf } from "./groups";

const file = (id: number, part: Partial<RefusedFile> = {}): RefusedFile => ({
  id, dataset: "a", file_name: `f${id}.npy`, error: "FormatError", reason: "no format", advice: "", missing_hints: [], size: 1, kept: true,
  created: "2026-11-22T10:00:00+00:00", ...part,
}); // prettier-ignore

describe("the quarantine", () => {
  it("puts together what one set of hints mends, before what hints do not mend", () => {
    const files = [file(1), file(2), file(3, { error: "HintsNeeded", missing_hints: ["unit", "rate"] }), file(4, { error: "HintsNeeded", missing_hints: ["rate", "unit"] }), file(5, { error: "RecordError" })];
    const groups = groupsOf(files);
    expect(groups.map((group) => group.files.map(({ id }) => id))).toEqual([[3, 4], [1, 2], [5]]);
    expect(titleOf(groups[0]!)).toBe("Do not say their rate and unit");
    expect(titleOf(groups[1]!)).toBe("Of no known format, or damaged");
    expect(titleOf({ missing: ["unit"], key: "" })).toBe("Do not say their unit");
    expect(gapOf(file(1))).toBe("error FormatError");
  });

  it("is filtered by words, dataset and gap", () => {
    const files = [file(1, { dataset: "b" }), file(2, { reason: "Truncated header" }), file(3)];
    const filter = { search: "", dataset: null, gap: null };
    expect(shown(files, { ...filter, dataset: "b" }).map(({ id }) => id)).toEqual([1]);
    expect(shown(files, { ...filter, search: "truncated F2" }).map(({ id }) => id)).toEqual([2]);
    expect(shown(files, { ...filter, gap: "error RecordError" })).toEqual([]);
  });

  it("says how many days are left", () => {
    const now = Date.parse("2026-11-23T09:00:00Z");
    expect(daysLeft("2026-11-22T10:00:00+00:00", 30, now)).toBe(30);
    expect(daysLeft("2026-10-24T08:00:00+00:00", 30, now)).toBe(0);
  });

  it("asks in pieces that fit an address, each for one dataset", () => {
    const files = [...Array.from({ length: 1200 }, (_, i) => file(i)), file(5000, { dataset: "b" })];
    expect(batches(files).map(({ dataset, ids }) => [dataset, ids.length])).toEqual([["a", 500], ["a", 500], ["a", 200], ["b", 1]]);
  });
});
