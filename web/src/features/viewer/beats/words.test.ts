import { describe, expect, test } from "vitest";
import { RECORD, measurement } from "./fixtures";
import { MARKS, type Marks, nextMarks, parseBeatSettings, viewOf } from "./settings";
import { asTable, beatWords, bundled, commonReason, figure, grouped, kindsWords, markIndex, markWords, missingWords, valueWords } from "./words";

describe("a measurement in words", () => {
  test("value, unit and spread; decimals by the unit; no minus before zero", () => {
    expect(valueWords(measurement({}))).toBe("160 ms \u00b1 4");
    expect(valueWords(measurement({ unit: "mV", value: 1.234, spread: null }))).toBe("1.23 mV");
    expect(valueWords(measurement({ unit: "\u00b0", value: -11.2, spread: 8 }))).toBe("\u221211\u00b0 \u00b1 8");
    expect([figure(-0.004, "mV"), figure(-0.04, "mV")]).toEqual(["0.00", "\u22120.04"]);
  });
  test("a number that is not there is a state with its reason, never empty", () => {
    expect(missingWords({ state: "absent", reason: "no P wave" })).toBe("absent: no P wave");
    expect(missingWords({ state: "not measurable", reason: "" })).toBe("not measurable");
  });
  test("those that lack for one reason stand together, numbers stay alone and in order", () => {
    const lacking = (name: string, reason: string) => measurement({ name, state: "absent", reason });
    const all = [lacking("a", "x"), measurement({ name: "b" }), lacking("c", "x"), lacking("d", "y")];
    expect(bundled(all).map((bundle) => bundle.map(({ name }) => name))).toEqual([["a", "c"], ["b"], ["d"]]);
    expect(commonReason([all[0]!, all[2]!])).toBe("absent: x");
    expect(commonReason(all)).toBeNull();
  });
});

test("every measurement is in one group, also one that nobody knew of", () => {
  const strange = measurement({ name: "something_new" });
  const groups = grouped([...RECORD.measurements, strange]);
  expect(groups.map(({ title }) => title)).toEqual(["Rate and rhythm", "Intervals", "ST level", "More"]);
  const shown = groups.flatMap(({ single, leads }) => [...single, ...leads.flatMap(({ cells }) => cells)]);
  expect(shown).toHaveLength(RECORD.measurements.length + 1);
});

test("the table for a spreadsheet has a line per measurement with its state and reason", () => {
  const lines = asTable(RECORD.measurements).split("\n").map((line) => line.split("\t"));
  expect(lines).toHaveLength(1 + RECORD.measurements.length);
  expect(new Set(lines.map((line) => line.length))).toEqual(new Set([8]));
  expect(lines[3]).toEqual(["P duration", "all leads", "", "ms", "", "", "absent", "no P wave in any beat"]);
});

test("marks and beats by name", () => {
  expect([markWords(markIndex("P", "on")), markWords(markIndex("QRS", "off"))]).toEqual(["P onset", "QRS end"]);
  expect(RECORD.fiducials.map((_, mark) => markWords(mark))).toHaveLength(9);
  expect(beatWords(RECORD, 1)).toBe("beat 2 at 2.00 s, ectopic");
  expect(kindsWords(RECORD.kinds)).toBe("3 beats: 2 normal, 1 ectopic");
});

describe("settings", () => {
  test("survive storage, and nonsense falls back to the usual", () => {
    expect(parseBeatSettings(JSON.stringify({ method: "neurokit-dwt", marks: "leads" }))).toEqual({ method: "neurokit-dwt", marks: "leads" });
    for (const text of [null, "", "{", "3", '{"marks":"all","method":7}']) expect(parseBeatSettings(text)).toEqual({ method: "einthoven", marks: "off" });
  });
  test("marks follow in a circle, an unknown view is the paper", () => {
    expect(MARKS.reduce<Marks>((now) => nextMarks(now), "off")).toBe("off");
    expect([viewOf("median"), viewOf("x"), viewOf(undefined)]).toEqual(["median", "paper", "paper"]);
  });
});
