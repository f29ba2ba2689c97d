import { describe, expect, test } from "vitest";
import { type LayoutId, PALETTES, type PaperOverlay, printSheet, readSignal } from "@/plot";
import { RECORD, measurement } from "./fixtures";
import { marksOverlay } from "./marks";
import { blockOf, wrapped } from "./printing";

const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
const signal = readSignal(new Float32Array(LEADS.length * 10 * 100).buffer, LEADS, 100, "mV");

function printed(layout: LayoutId, block = blockOf({ data: RECORD, error: null }, false), overlay: PaperOverlay | null = null) {
  const text = printSheet({
    signal, layout, order: "standard", rhythmLead: "II", mmPerSecond: 25, mmPerUnit: 10, palette: "pink", start: 0, settings: [], title: "a.hea", facts: ["F 73"],
    notice: "Research use only", passport: [], derived: [], spikes: [], block, overlay,
  });
  const sheets = [...new DOMParser().parseFromString(`<all>${text}</all>`, "image/svg+xml").documentElement.children];
  return sheets.map((sheet) => ({ height: sheet.getAttribute("height"), texts: [...sheet.querySelectorAll("text")].map((one) => one.textContent), colours: [...sheet.querySelectorAll("path")].map((one) => one.getAttribute("stroke")) }));
}

describe("the block of a printed sheet", () => {
  test("has every number of all leads together with its spread, and its beats where they are not the usual", () => {
    const { title, cells } = blockOf({ data: RECORD, error: null }, false);
    expect(title).toContain("3 beats: 2 normal, 1 ectopic");
    expect(title).toContain("1 time corrected by hand");
    expect(title).not.toContain("filtered");
    expect(cells).toHaveLength(2);
    expect(cells.join()).toContain("PR interval 160 ms \u00b1 4");
    expect(cells.join()).not.toContain("ST level");
    expect(cells.filter((cell) => /\(\d beats\)/.test(cell))).toHaveLength(1);
  });
  test("says why a number is not there, and why a lead was left out", () => {
    const { lines } = blockOf({ data: { ...RECORD, left_out: { II: "flat" } }, error: null }, true);
    expect(lines).toEqual(["Leads left out: II (flat)", "P duration: absent: no P wave in any beat"]);
  });
  test("is never silently empty", () => {
    expect(blockOf({ data: { ...RECORD, r_peaks: [], reason: "No lead shows an ECG." }, error: null }, false).lines).toEqual(["No lead shows an ECG."]);
    expect(blockOf({ error: new Error("It broke.") }, false).lines).toEqual(["It broke."]);
    expect(blockOf({ error: null }, false).lines.join(" ")).toContain("not asked for yet");
  });
  test("cuts no word away", () => {
    const long = Array.from({ length: 120 }, (_, i) => `word${i}`).join(" ");
    expect(wrapped(long).join(" ")).toBe(long);
    expect(Math.max(...wrapped(long).map((line) => line.length))).toBeLessThanOrEqual(205);
  });
});

test("numbers stand above the tracing on one sheet of A4; beside twelve rows they go to a second one", () => {
  const many = Array.from({ length: 22 }, (_, i) => measurement({ name: `m${i}`, title: `Number ${i}` }));
  const usual = blockOf({ data: { ...RECORD, measurements: many }, error: null }, false);
  for (const layout of ["3x4+1", "3x4", "2x6", "6x2"] as const) {
    const [sheet, ...more] = printed(layout, usual);
    expect(more).toEqual([]);
    expect(sheet!.height).toBe("210mm");
    expect(sheet!.texts).toEqual(expect.arrayContaining(["Number 0 160 ms \u00b1 4", "Number 21 160 ms \u00b1 4", "V6"]));
  }
  const sheets = printed("12x1", { ...usual, lines: ["Reason 11"] });
  expect(sheets.map(({ height }) => height)).toEqual(["210mm", "210mm"]);
  expect(sheets[0]!.texts).not.toContain("Reason 11");
  expect(sheets[1]!.texts).toEqual(expect.arrayContaining(["a.hea", "F 73", "Number 0 160 ms \u00b1 4", "Reason 11", "Research use only"]));
});

test("the marks are printed where they are on, as on the screen", () => {
  const overlay = marksOverlay({ record: RECORD, marks: "global", lit: null, correcting: null });
  const [plain] = printed("3x4+1");
  const [marked] = printed("3x4+1", undefined, overlay);
  expect(plain!.texts).not.toContain("P");
  expect(marked!.texts).toEqual(expect.arrayContaining(["P", "T", "ectopic"]));
  expect(marked!.colours.length).toBeGreaterThan(plain!.colours.length);
  expect(marked!.colours).not.toContain(PALETTES.dark.trace);
});
