import { describe, expect, test } from "vitest";
import { CARD_WIDTH_MM, pxPerMmOfCard, storePxPerMm, storedPxPerMm } from "./calibration";
import { measure, measuredText, snap } from "./caliper";
import { decimate, extent, median } from "./decimate";
import { type Box, layOut, layoutOf } from "./layouts";
import { paintPaper, paintTraces } from "./paint";
import { PALETTES } from "./palette";
import type { Pen } from "./pen";
import { printSheet } from "./print";
import { CSS_PX_PER_MM, GAINS, MAJOR_MM, MINOR_MM, PULSE_MV, PULSE_SECONDS, type Scale, following, gainText, mmOfSeconds, mmOfValue, stepZoom } from "./scale";
import { readSignal } from "./signal";

const scale: Scale = { mmPerSecond: 25, mmPerUnit: 10, amplitude: "mV", pxPerMm: CSS_PX_PER_MM };
const TWELVE = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];

/** A pen that keeps what it was told. */
class Notes implements Pen {
  readonly dot = 1 / CSS_PX_PER_MM;
  readonly grids: { step: number }[] = [];
  readonly lines: { x: number[]; y: number[]; clip: Box | null }[] = [];
  readonly texts: string[] = [];
  fill(): void {}
  outline(): void {}
  grid(_box: Box, step: number): void {
    this.grids.push({ step });
  }
  line(x: Float64Array, y: Float64Array, count: number, _colour: string, _width: number, clip: Box | null): void {
    this.lines.push({ x: [...x.slice(0, count)], y: [...y.slice(0, count)], clip });
  }
  text(_x: number, _y: number, text: string): void {
    this.texts.push(text);
  }
}

function bytesOf(rows: readonly Float32Array[]): ArrayBuffer {
  const all = new Float32Array(rows.length * rows[0]!.length);
  rows.forEach((row, i) => all.set(row, i * row.length));
  return all.buffer;
}

/** Each lead flat at 0 with a square wave of 1 mV from 1.0 s to 1.2 s. */
function squares(rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: rate * seconds }, (_, i) => (i >= rate && i < 1.2 * rate ? 1 : 0));
}

function drawn(amplitude: "mV" | "relative" = "mV") {
  const signal = readSignal(bytesOf(TWELVE.map(() => squares(500, 10))), TWELVE, 500, amplitude);
  const here = { ...scale, amplitude };
  const page = layOut({ layout: layoutOf("12x1"), order: "standard", leads: TWELVE, rhythmLead: "II", duration: 10, scale: here, width: 280, height: 220 });
  const pen = new Notes();
  paintTraces(pen, { page, signal, scale: here, palette: PALETTES.pink, start: 0, settings: ["25 mm/s", gainText(here)] });
  return { pen, page };
}

describe("scale", () => {
  test("one large square is 5 mm, five small ones, and 18.9 CSS px on an uncalibrated screen", () => {
    const pen = new Notes();
    paintPaper(pen, { x: 0, y: 0, width: 100, height: 100 }, PALETTES.pink);
    expect(pen.grids.map((g) => g.step)).toEqual([MINOR_MM, MAJOR_MM]);
    expect([MINOR_MM, MAJOR_MM]).toEqual([1, 5]);
    expect(MAJOR_MM * CSS_PX_PER_MM).toBeCloseTo(18.898, 3);
  });
  test("1 s is 25 mm at 25 mm/s, one large square 200 ms", () => {
    expect(mmOfSeconds(scale, 1)).toBe(25);
    expect(mmOfSeconds(scale, 0.2)).toBe(MAJOR_MM);
  });
  test("1 mV is 10 mm at 10 mm/mV, so the pulse is 10 mm high and 5 mm wide", () => {
    expect(mmOfValue(scale, PULSE_MV)).toBe(10);
    expect(mmOfSeconds(scale, PULSE_SECONDS)).toBe(5);
  });
  test("relative amplitude is never called mV", () => {
    for (const mmPerUnit of GAINS.relative) expect(gainText({ mmPerUnit, amplitude: "relative" })).not.toMatch(/mV/);
  });
  test("choices follow in a circle, zoom stops at its ends", () => {
    expect([5, 10, 20].map((g) => following(GAINS.mV, g))).toEqual([10, 20, 5]);
    expect([stepZoom(1, 1), stepZoom(1, -1), stepZoom(4, 1), stepZoom(0.5, -1), stepZoom(1.1, 1)]).toEqual([1.25, 0.8, 4, 0.5, 1.25]);
  });
});

describe("traces", () => {
  test("a wave of 1 mV over 200 ms is drawn 10 mm high and 5 mm wide, 25 mm after the start of the trace", () => {
    const { pen, page } = drawn();
    const cell = page.cells[6]!;
    const line = pen.lines.find((l) => l.clip?.x === cell.x && l.y[0] === cell.baseline)!;
    const high = line.x.filter((_, i) => Math.abs(line.y[i]! - (cell.baseline - 10)) < 1e-6);
    expect(high[0]! - cell.x).toBeCloseTo(25, 6);
    expect(high.at(-1)! - high[0]!).toBeGreaterThan(4.6);
    expect(high.at(-1)! - high[0]!).toBeLessThanOrEqual(5);
  });
  test("the drawn calibration pulse has the height and width of that wave", () => {
    const { pen, page } = drawn();
    const pulse = page.pulses[0]!;
    const line = pen.lines.find((l) => l.clip === null && l.x.includes(pulse.x))!;
    expect(pulse.baseline - Math.min(...line.y)).toBe(10);
    expect(pulse.width).toBe(5);
  });
  test("all lead names and the settings are written", () => {
    const { pen } = drawn();
    expect(pen.texts).toEqual(expect.arrayContaining(TWELVE));
    expect(pen.texts.at(-1)).toBe("25 mm/s \u00b7 10 mm/mV \u00b7 0.0\u201310.0 s of 10.0 s");
  });
  test("relative amplitude says so and has no pulse", () => {
    const { pen } = drawn("relative");
    expect(pen.texts.at(-1)).toContain("relative amplitude");
    expect(pen.texts.join(" ")).not.toContain("mV");
    expect(pen.lines.filter((l) => l.clip === null)).toEqual([]);
  });
});

describe("decimation", () => {
  const noise = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i * 12.9898) * 0.1 + (i === 2345 ? 3 : i === 3001 ? -2 : 0));
  test.each([1, 2.3, 5.29, 17])("keeps the extremes of every column at %d samples a column", (perColumn) => {
    const points = decimate(noise, 0, noise.length, perColumn);
    const kept = new Map<number, number[]>();
    for (let i = 0; i < points.length; i++) {
      const column = Math.floor(points.at[i]! / perColumn);
      kept.set(column, [...(kept.get(column) ?? []), points.value[i]!]);
    }
    const wrong: number[] = [];
    for (let column = 0; Math.ceil(column * perColumn) < noise.length; column++) {
      const range = extent(noise, Math.ceil(column * perColumn), Math.min(noise.length, Math.ceil((column + 1) * perColumn)));
      const here = kept.get(column) ?? [];
      if (range === null || Math.min(...here) !== range[0] || Math.max(...here) !== range[1]) wrong.push(column);
    }
    expect(wrong).toEqual([]);
    expect([...kept.values()].flat()).toEqual(expect.arrayContaining([noise[2345], noise[3001]]));
  });
  test("is in order of time and at most two points a column", () => {
    const points = decimate(noise, 0, noise.length, 10);
    expect(points.length).toBeLessThanOrEqual(1000);
    for (let i = 1; i < points.length; i++) expect(points.at[i]!).toBeGreaterThan(points.at[i - 1]!);
  });
  test("a missing sample stays a gap, however narrow", () => {
    const holed = noise.slice();
    holed[1234] = Number.NaN;
    holed.fill(Number.NaN, 2000, 2400);
    const points = decimate(holed, 0, holed.length, 10);
    expect(points.value.slice(0, points.length).filter(Number.isNaN)).toHaveLength(2);
  });
  test("does not flicker: the same window scrolled by a sample keeps the same points", () => {
    const at = (from: number) => new Set(decimate(noise, from, 3000, 10).at.filter((i) => i > 1020));
    expect(at(1001)).toEqual(at(1000));
  });
  test("the level of a lead is its median, missing samples left out", () => {
    expect(median(Float32Array.from([5, Number.NaN, 1, 2]))).toBe(2);
    expect(median(new Float32Array(3).fill(Number.NaN))).toBe(0);
  });
});

describe("caliper", () => {
  const from = { time: 1.2, value: -0.25 };
  const to = { time: 2.0, value: 1 };
  test("says milliseconds, beats per minute and millivolts", () => {
    expect(measure({ from, to }, "mV").milliseconds).toBeCloseTo(800, 9);
    expect(measure({ from, to }, "mV").perMinute).toBeCloseTo(75, 9);
    expect(measure({ from, to }, "mV").millivolts).toBeCloseTo(1.25, 9);
    expect(measuredText(measure({ from, to }, "mV"))).toBe("800 ms \u00b7 75 /min \u00b7 +1.25 mV");
    expect(measuredText(measure({ from: to, to: from }, "mV"))).toBe("800 ms \u00b7 75 /min \u00b7 \u22121.25 mV");
  });
  test("shows no amplitude where it is relative", () => {
    expect(measuredText(measure({ from, to }, "relative"))).toBe("800 ms \u00b7 75 /min");
  });
  test("a distance too short to be a beat has no rate", () => {
    expect(measure({ from, to: { time: 1.28, value: 0 } }, "mV").perMinute).toBeNull();
  });
  test("snaps to a peak nearby, upside down too, and not to one far away", () => {
    const samples = Float32Array.from({ length: 500 }, (_, i) => (i === 250 ? 1 : 0));
    const signal = readSignal(samples.buffer, ["aVR"], 500, "mV");
    expect(snap({ time: 0.52, value: 0.95 }, signal, 0, 1, scale)).toEqual({ time: 0.5, value: 1 });
    expect(snap({ time: 0.52, value: -0.95 }, signal, 0, -1, scale)).toEqual({ time: 0.5, value: -1 });
    const far = { time: 0.8, value: 0.9 };
    expect(snap(far, signal, 0, 1, scale)).toBe(far);
  });
});

describe("signal", () => {
  test("reads rows of float32 in the order of the leads", () => {
    const signal = readSignal(bytesOf([Float32Array.from([1, 2, 3]), Float32Array.from([4, Number.NaN, 6])]), ["I", "II"], 3, "mV");
    expect([...signal.channels[1]!]).toEqual([4, Number.NaN, 6]);
    expect(signal.duration).toBe(1);
  });
  test("refuses bytes that do not divide into the leads", () => {
    expect(() => readSignal(new ArrayBuffer(20), ["I", "II"], 500, "mV")).toThrow(RangeError);
    expect(() => readSignal(new ArrayBuffer(0), ["I"], 500, "mV")).toThrow(RangeError);
  });
});

describe("screen size", () => {
  const keeper = () => {
    const kept = new Map<string, string>();
    return {
      getItem: (k: string) => kept.get(k) ?? null,
      setItem: (k: string, v: string) => void kept.set(k, v),
      removeItem: (k: string) => void kept.delete(k),
    };
  };
  test("a bank card as wide as 85.6 mm gives pixels per millimetre, which are kept", () => {
    const store = keeper();
    expect(storedPxPerMm(store)).toBeNull();
    storePxPerMm(store, pxPerMmOfCard(CARD_WIDTH_MM * 4));
    expect(storedPxPerMm(store)).toBeCloseTo(4, 9);
    storePxPerMm(store, null);
    expect(storedPxPerMm(store)).toBeNull();
  });
  test("an impossible value is not believed", () => {
    const store = keeper();
    store.setItem("einthoven.pxPerMm", "400");
    expect(storedPxPerMm(store)).toBeNull();
  });
});

test("a printed sheet is A4 landscape in millimetres, with name, settings and notice, and no text that breaks out", () => {
  const signal = readSignal(bytesOf(TWELVE.map(() => squares(500, 10))), TWELVE, 500, "mV");
  const svg = printSheet({
    signal, layout: "3x4+1", order: "standard", rhythmLead: "II", mmPerSecond: 25, mmPerUnit: 10, palette: "pink", start: 0,
    settings: ["25 mm/s", "10 mm/mV", "as recorded"], title: `<a> & "b"`, facts: ["F 73"], notice: "Research use only",
    passport: ["read from a.hea", "derived: III", "DOUBTS: x"], derived: ["III"], spikes: [],
  });
  const sheet = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(sheet.querySelector("parsererror")).toBeNull();
  const root = sheet.documentElement;
  expect([root.getAttribute("width"), root.getAttribute("height"), root.getAttribute("viewBox")]).toEqual(["297mm", "210mm", "0 0 297 210"]);
  const texts = [...sheet.querySelectorAll("text")].map((t) => t.textContent);
  expect(texts).toEqual(expect.arrayContaining([`<a> & "b"`, "Research use only", ...TWELVE]));
  expect(texts.filter((text) => text === "(derived)")).toHaveLength(1);
  expect(texts).toEqual(expect.arrayContaining(["read from a.hea", "derived: III", "DOUBTS: x"]));
  expect(texts.join(" ")).toContain("25 mm/s \u00b7 10 mm/mV \u00b7 as recorded");
});

describe("marks", () => {
  const signal = readSignal(bytesOf(TWELVE.map(() => squares(500, 10))), TWELVE, 500, "mV");
  const paint = (layout: "3x4+1" | "12x1", extra: { derived?: string[]; spikes?: number[]; start?: number }) => {
    const { derived, spikes, start = 0 } = extra;
    const page = layOut({ layout: layoutOf(layout), order: "cabrera", leads: TWELVE, rhythmLead: "II", duration: 10, scale, width: 280, height: 220, derived });
    const pen = new Notes();
    paintTraces(pen, { page, signal, scale, palette: PALETTES.pink, start, settings: [], spikes });
    return { pen, page };
  };

  test("derived leads say so, beside or below their name, also where they are drawn upside down", () => {
    for (const layout of ["3x4+1", "12x1"] as const) {
      const { pen } = paint(layout, { derived: ["III", "aVR"] });
      expect(pen.texts.filter((text) => text.includes("derived"))).toHaveLength(2);
      expect(pen.texts).toContain("\u2212aVR");
    }
    expect(paint("3x4+1", {}).pen.texts.join(" ")).not.toContain("derived");
  });

  test("a pacing spike is a stroke at its moment in every row that shows it, and nowhere else", () => {
    const { pen, page } = paint("3x4+1", { spikes: [3, 20] });
    // Second 3 is in the second column of the grid and in the rhythm strip.
    const showing = page.cells.filter((cell) => cell.from <= 3 && 3 <= cell.from + cell.seconds);
    expect(showing).toHaveLength(4);
    const without = paint("3x4+1", {}).pen.lines.length;
    expect(pen.lines).toHaveLength(without + showing.length);
    for (const cell of showing) {
      const x = cell.x + (3 - cell.from) * 25;
      const foot = cell.slot.y + cell.slot.height;
      const stroke = pen.lines.find((line) => line.x.length === 2 && Math.abs(line.x[0]! - x) < 1e-9 && line.x[1] === line.x[0] && Math.abs(line.y[1]! - foot) < 1);
      expect(stroke).toBeDefined();
    }
  });
});
