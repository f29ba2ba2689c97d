import { describe, expect, it } from "vitest";
import { isFiltered, NO_FILTER, recordQuery } from "./filter";
import { outline } from "./Sparkline";
import { blocksOf } from "./useRecords";

const BY_NAME = { column: "file_name", descending: false };

describe("the record filter", () => {
  it("asks for nothing when nothing limits", () => {
    expect(recordQuery(NO_FILTER, "bbb", BY_NAME)).toEqual({});
    expect(isFiltered(NO_FILTER)).toBe(false);
  });

  it("names the task only with a label, and an empty label means without one", () => {
    expect(recordQuery({ ...NO_FILTER, label: "CLBBB" }, "bbb", BY_NAME)).toEqual({ task: "bbb", label: "CLBBB" });
    expect(recordQuery({ ...NO_FILTER, label: "" }, "bbb", BY_NAME)).toEqual({ task: "bbb", label: "" });
    expect(isFiltered({ ...NO_FILTER, label: "" })).toBe(true);
  });

  it("keeps age zero", () => {
    expect(recordQuery({ ...NO_FILTER, ageFrom: 0, ageTo: 17 }, null, BY_NAME)).toEqual({ age_from: 0, age_to: 17 });
  });

  it("sorts by the server", () => {
    expect(recordQuery(NO_FILTER, null, { column: "age", descending: true })).toEqual({ sort: "age", descending: true });
  });
});

describe("blocks of rows", () => {
  it("cover the rows in sight", () => {
    expect(blocksOf(0, 0, 200)).toEqual([0]);
    expect(blocksOf(150, 450, 200)).toEqual([0, 1, 2]);
    expect(blocksOf(0, -1, 200)).toEqual([0]);
  });
});

describe("the outline of a thumbnail", () => {
  it("lifts the pen over missing samples", () => {
    const path = outline([0, 0, null, 0, 0], [1, 1, null, 1, 1]);
    expect(path.match(/M/g)).toHaveLength(2);
  });

  it("is empty when all is missing, and finite when flat", () => {
    expect(outline([null], [null])).toBe("");
    expect(outline([1, 1], [1, 1])).not.toContain("NaN");
  });
});
