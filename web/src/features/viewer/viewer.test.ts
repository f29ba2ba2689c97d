import { describe, expect, test, vi } from "vitest";
import type { RecordDetail } from "@/api";
import { FILTERS, USUAL, filterOf, parseSettings, withNextFilter, withNextGain, withNextLayout, withNextSpeed } from "./settings";
import { KEYS, type KeyActions, actionOf } from "./useViewerKeys";
import { classesOf, divided, filterText, gainsText, labelText, missingText, passportLines, qualityOf, settingsLine, statements, subjectText } from "./words";

const RECORD: RecordDetail = {
  item: 7, dataset: "demo", file_name: "00841_hr", record_id: "x", leads: ["I", "II"], rate: 500, n_samples: 5000, duration: 10, amplitude: "mV",
  subject: { id: null, age: 73, sex: "F" },
  source: { name: "a.hea", format: "wfdb", reader: "", sha256: "", index: 0, assumed: [], derived: [], changed: [], doubts: [], simulated: false },
  annotations: [], steps: [], labels: {}, fold: null, previous: null, next: 8, position: 1, total: 2,
};

describe("what is printed on the tracing", () => {
  test("speed, gain, filter and rate", () => {
    expect(settingsLine(RECORD, { speed: 25, gain: 10, zoom: 1, filter: filterOf("0.5-40") })).toEqual([
      "25 mm/s", "10 mm/mV", "filter 0.5\u201340 Hz", "500 Hz",
    ]);
  });
  test("zoom where it is not true size, and that an ECG is simulated", () => {
    const simulated = { ...RECORD, source: { ...RECORD.source, simulated: true } };
    const line = settingsLine(simulated, { speed: 25, gain: 10, zoom: 1.25, filter: filterOf("recorded") });
    expect(line).toEqual(expect.arrayContaining(["zoom 125 %", "simulated"]));
  });
  test("relative amplitude is never called mV", () => {
    const line = settingsLine({ ...RECORD, amplitude: "relative" }, { speed: 25, gain: 2, zoom: 1, filter: filterOf("recorded") });
    expect(line.join(" ")).toContain("relative amplitude");
    expect(line.join(" ")).not.toContain("mV");
  });
  test("a band that the file states is not passed over", () => {
    expect(filterText(filterOf("recorded"), [0.5, 40])).toBe("as recorded (file states 0.5\u201340 Hz)");
    expect(filterText(filterOf("recorded"), null)).toBe("as recorded");
  });
});

describe("a record in words", () => {
  test("sex and age, or that they are not known", () => {
    expect(subjectText(RECORD.subject)).toBe("female, 73 years");
    expect(subjectText({ id: null, age: null, sex: null })).toBe("sex and age unknown");
  });
  test("labels: classes, none of them, or a value", () => {
    expect([labelText(["STTC", "HYP"]), labelText([]), labelText(73)]).toEqual(["STTC, HYP", "none of the classes", "73"]);
  });
  test("a class that several tasks give stands once, and sex is not repeated", () => {
    const labels = { superclass: ["NORM"], statements: ["NORM", "SR"], age: 41, sex: ["F"] };
    expect([...classesOf({ ...RECORD, labels })]).toEqual([["NORM", ["superclass", "statements"]], ["SR", ["statements"]]]);
  });
  test("missing leads are named", () => {
    expect(missingText(["III", "aVR", "aVL"])).toBe("Not in this record: III, aVR and aVL.");
  });
  test("gains that agree are one figure", () => {
    expect(gainsText([1000, 1000], ["I", "II"])).toBe("1,000 counts per unit");
    expect(gainsText([1000, 500], ["I", "II"])).toBe("counts per unit: I 1,000, II 500");
    expect(gainsText(null, null)).toBe("not stated");
  });
});

describe("settings", () => {
  test("survive storage, and nonsense falls back to the usual", () => {
    const mine = { ...USUAL, layout: "2x6" as const, zoom: 1.37, panel: false };
    expect(parseSettings(JSON.stringify(mine))).toEqual(mine);
    expect(parseSettings("{")).toEqual(USUAL);
    expect(parseSettings(null)).toEqual(USUAL);
    expect(parseSettings('{"speed": 26, "gain": {"mV": "10"}, "zoom": 99, "layout": "9x9"}')).toEqual(USUAL);
  });
  test("S, G, L and F go round their choices", () => {
    expect(withNextSpeed(USUAL).speed).toBe(50);
    expect(withNextGain(USUAL, "mV").gain).toEqual({ mV: 20, relative: 2 });
    expect(withNextLayout(USUAL).layout).toBe("3x4");
    expect(FILTERS.reduce((now) => withNextFilter(now), USUAL).filter).toBe(USUAL.filter);
  });
});

describe("keys", () => {
  function actions(): KeyActions {
    return {
      settings: USUAL, amplitude: "mV", measuring: false, panelOpen: true, onSettings: vi.fn(), onMeasuring: vi.fn(), go: vi.fn(), scroll: vi.fn(),
      fit: vi.fn(), clear: vi.fn(), view: vi.fn(), marks: vi.fn(), correct: vi.fn(), print: vi.fn(),
    };
  }
  test("arrows change the ECG, with shift they scroll", () => {
    const on = actions();
    actionOf({ key: "ArrowRight", shiftKey: false }, on)?.();
    actionOf({ key: "ArrowLeft", shiftKey: true }, on)?.();
    expect(on.go).toHaveBeenCalledExactlyOnceWith(1);
    expect(on.scroll).toHaveBeenCalledExactlyOnceWith(-0.25);
  });
  test("plus zooms by a step, in capitals or not letters do the same", () => {
    const on = actions();
    actionOf({ key: "+", shiftKey: true }, on)?.();
    expect(on.onSettings).toHaveBeenCalledWith({ ...USUAL, zoom: 1.25 });
    actionOf({ key: "C", shiftKey: true }, on)?.();
    expect(on.onMeasuring).toHaveBeenCalledWith(true);
  });
  test("every key of the help does something, others nothing", () => {
    const names: Record<string, string> = { "←": "ArrowLeft", "→": "ArrowRight", Esc: "Escape" };
    for (const key of KEYS.flatMap((line) => line.keys).filter((k) => k !== "Shift" && k !== "← →"))
      expect(actionOf({ key: names[key] ?? key, shiftKey: false }, actions()), key).not.toBeNull();
    expect(actionOf({ key: "x", shiftKey: false }, actions())).toBeNull();
  });
});

describe("the passport", () => {
  const spike = { text: "pacing spike", onset: 1.5 };
  test("keeps pacing spikes apart from what the device states", () => {
    const statement = { text: "sinus rhythm", onset: null, code: "426783006" };
    expect(divided([spike, statement])).toEqual({ spikes: [1.5], others: [statement] });
  });
  test("tells moments by their kind, statements one by one", () => {
    const beats = [0.5, 1.5, 2.5].map((onset) => ({ text: "QRS", onset }));
    expect(statements([...beats, { text: "sinus rhythm", code: "1" }, { text: "pause", onset: 3 }])).toEqual([
      "sinus rhythm \u00b7 1", "QRS \u00b7 3 times", "pause \u00b7 at 3.00 s",
    ]); // prettier-ignore
  });
  test("goes with a printed sheet in short: read, assumed, derived, changed, doubted", () => {
    const source = { ...RECORD.source, reader: "wfdb 4.3.1", device: "MAC 55", sha256: "ab".repeat(32), assumed: ["rate 500 Hz"], derived: ["III"], doubts: ["gain odd"] };
    expect(passportLines({ ...RECORD, source, steps: ["filtered"] })).toEqual([
      "read from 00841_hr (wfdb, wfdb 4.3.1) \u00b7 device MAC 55 \u00b7 sha256 abababababababab\u2026",
      "assumed: rate 500 Hz \u00b7 derived: III \u00b7 changed: filtered",
      "DOUBTS: gain odd",
    ]);
    const long = passportLines({ ...RECORD, source: { ...source, doubts: ["x".repeat(500)] } }).at(-1) ?? "";
    expect(long.length).toBeLessThanOrEqual(200);
    expect(long).toContain("more in");
  });
  test("shows quality only where it was judged", () => {
    const quality = { grade: "poor", reason: "two leads are flat", unit: "mV", leads: [{ lead: "I", findings: ["flat"] }, { lead: "II", findings: [] }] };
    expect(qualityOf({ quality })).toMatchObject({ grade: "poor", leads: [{ lead: "I", findings: ["flat"] }, { lead: "II" }] });
    for (const nothing of [null, undefined, {}, 3, "good"]) expect(qualityOf({ quality: nothing })).toBeNull();
  });
});
