import { describe, expect, test, vi } from "vitest";
import { type Drawing, type Pen, PALETTES, Paper, readSignal } from "@/plot";
import { layOut, layoutOf } from "@/plot/layouts";
import { RECORD, usual } from "./fixtures";
import { type Correcting, type MarksShown, correctionAt, laneCells, marksOverlay, nearest, placeWords, reachOf } from "./marks";
import { withTimes } from "./useCorrecting";
import { markIndex } from "./words";

const RATE = 500;
const LEADS = ["I", "II"];
const signal = readSignal(new Float32Array(2 * 4 * RATE).buffer, LEADS, RATE, "mV");
const scale = { mmPerSecond: 25, mmPerUnit: 10, amplitude: "mV", pxPerMm: 4 } as const;

function drawingOf(start = 0, height = 120): Drawing {
  const page = layOut({ layout: layoutOf("12x1"), order: "standard", leads: LEADS, rhythmLead: "II", duration: 4, scale, width: 150, height });
  return { page, signal, scale, palette: PALETTES.pink, start, settings: [] };
}

/** A pen that keeps what it was told, stroke by stroke. */
class Notes implements Pen {
  readonly dot = 0.1;
  readonly lines: { x: number[]; y: number[]; colour: string }[] = [];
  calls = 0;
  readonly fills: { x: number; width: number }[] = [];
  readonly texts: string[] = [];
  fill(box: { x: number; width: number }): void {
    this.fills.push(box);
  }
  outline(): void {}
  grid(): void {}
  line(x: Float64Array, y: Float64Array, count: number, colour: string): void {
    this.calls++;
    let line = { x: [] as number[], y: [] as number[], colour };
    this.lines.push(line);
    for (let i = 0; i < count; i++)
      if (Number.isNaN(y[i])) this.lines.push((line = { x: [], y: [], colour }));
      else {
        line.x.push(x[i]!);
        line.y.push(y[i]!);
      }
  }
  text(_x: number, _y: number, text: string): void {
    this.texts.push(text);
  }
}

const shown = (changes: Partial<MarksShown>): MarksShown => ({ record: RECORD, marks: "global", lit: null, correcting: null, ...changes });

function painted(changes: Partial<MarksShown>): Notes {
  const pen = new Notes();
  marksOverlay(shown(changes)).paint(pen, drawingOf());
  return pen;
}

describe("marks on the paper", () => {
  test("a bracket reaches from onset to end, at the paper's own millimetres", () => {
    const drawing = drawingOf();
    const [lane] = laneCells(drawing.page.cells);
    const xOf = (seconds: number) => lane!.x + seconds * 25;
    const [, , , on, , off] = usual(1);
    const bracket = painted({}).lines.find(({ x }) => x.length === 2 && Math.abs(x[0]! - xOf(on!)) < 1e-6 && Math.abs(x[1]! - xOf(off!)) < 1e-6);
    expect(bracket).toBeDefined();
  });
  test("an ectopic beat has its word and its ground, a normal one neither", () => {
    const pen = painted({});
    expect(pen.texts.filter((text) => text === "ectopic")).toHaveLength(1);
    expect(pen.texts).not.toContain("normal");
    expect(pen.fills).toHaveLength(2); // in both leads
  });
  test("a beat without P gets no P", () => {
    expect(painted({}).texts.filter((text) => text === "P")).toHaveLength(2);
    expect(painted({}).texts.filter((text) => text === "T")).toHaveLength(3);
  });
  test("each lead's own marks only when they are asked for", () => {
    expect(painted({ marks: "leads" }).lines.length).toBeGreaterThan(painted({}).lines.length + 30);
  });
  test("hundreds of marks are put on the paper by few calls, since each costs time", () => {
    const pen = painted({ marks: "leads" });
    expect(pen.lines.length).toBeGreaterThan(60);
    expect(pen.calls).toBeLessThan(20);
  });
  test.each([60, 300])("the lane stands close below the trace and inside its row, on a sheet %i mm high", (height) => {
    const drawing = drawingOf(0, height);
    const pen = new Notes();
    marksOverlay(shown({})).paint(pen, drawing);
    const [lane] = laneCells(drawing.page.cells);
    const heights = pen.lines.flatMap(({ y }) => y);
    expect(Math.max(...heights)).toBeLessThan(lane!.slot.y + lane!.slot.height);
    expect(Math.max(...heights) - lane!.baseline).toBeLessThan(12);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(lane!.slot.y);
    expect(lane!.baseline - Math.min(...heights)).toBeLessThan(14);
  });
  test("the beats of a number are lit, in its lead only", () => {
    const all = painted({ marks: "off", lit: { beats: [0, 2], lead: null } });
    expect(all.fills).toHaveLength(4);
    const [from, to] = reachOf(RECORD, 0);
    expect(all.fills[0]!.width).toBeCloseTo((to - from) * 25, 6);
    expect(painted({ marks: "off", lit: { beats: [0, 2], lead: "I" } }).fills).toHaveLength(2);
  });
  test("a lead that was left out says why", () => {
    const record = { ...RECORD, left_out: { I: "flat" } };
    expect(painted({ record }).texts).toContain("left out: flat");
  });
  test("what a person set looks different and says who and when", () => {
    const place = { channel: "global", beat: 2, mark: markIndex("T", "off") };
    expect(placeWords(RECORD, place)).toMatch(/^T end, beat 3, all leads together: 3\.360 s; set by Ada on 22 Nov 2026/);
    expect(placeWords(RECORD, { ...place, beat: 0 })).toBe("T end, beat 1, all leads together: 1.360 s");
    expect(correctionAt(RECORD, { ...place, beat: 1 })).toBeNull();
    const colours = (notes: Notes) => new Set(notes.lines.map(({ colour }) => colour));
    const without = { ...RECORD, corrected: [], corrections: [] };
    expect([...colours(painted({}))].filter((colour) => !colours(painted({ record: without })).has(colour))).toHaveLength(1);
  });
});

describe("taking hold of a mark", () => {
  const held: Correcting = { channel: "global", beat: 0, mark: 3, draft: null };
  const at = (seconds: number) => {
    const drawing = drawingOf();
    const [lane] = laneCells(drawing.page.cells);
    return { x: lane!.x + seconds * 25, y: lane!.slot.y + lane!.slot.height - 3, drawing };
  };
  test("the nearest of the chosen channel is taken, moved and let go", () => {
    const [onTake, onMove, onDrop] = [vi.fn(), vi.fn(), vi.fn()];
    const { x, y, drawing } = at(usual(1)[8]! + 0.01);
    const grip = marksOverlay(shown({ correcting: held, onTake, onMove, onDrop })).grip?.(x, y, drawing);
    const place = { channel: "global", beat: 0, mark: 8 };
    expect(onTake).not.toHaveBeenCalled();
    grip?.take();
    expect(onTake).toHaveBeenCalledExactlyOnceWith(place);
    grip?.move(1.4);
    grip?.drop(false);
    expect(onMove).toHaveBeenCalledExactlyOnceWith(place, 1.4);
    expect(onDrop).toHaveBeenCalledExactlyOnceWith(place, false);
  });
  test("nothing is taken far from every mark, or while nobody corrects", () => {
    const far = at(1.6);
    expect(marksOverlay(shown({ correcting: held })).grip?.(far.x, far.y, far.drawing)).toBeNull();
    const near = at(usual(1)[8]!);
    expect(marksOverlay(shown({})).grip?.(near.x, near.y, near.drawing)).toBeNull();
  });
  test("a mark that is moved is found where it is now, with how far it went", () => {
    const correcting = { ...held, mark: 8, draft: 1.5 };
    const { x, y, drawing } = at(1.5);
    expect(nearest(shown({ correcting }), drawing, x, y, () => true)?.place).toEqual({ channel: "global", beat: 0, mark: 8 });
    expect(painted({ correcting }).texts).toContain("T end 1.500 s (+140 ms)");
  });
});

test("times that are put change nothing else", () => {
  const changed = withTimes(RECORD, [{ place: { channel: "I", beat: 0, mark: 0 }, time: null }]);
  expect(changed.times[1]![0]![0]).toBeNull();
  expect(RECORD.times[1]![0]![0]).toBe(0.8);
  expect(changed.times[0]).toEqual(RECORD.times[0]);
});

test("a paper without an overlay keeps its layer empty", () => {
  const host = document.createElement("div");
  const paper = new Paper(host, { onWindow: () => {}, onCaliper: () => {}, onZoom: () => {} });
  const layer = host.querySelector<HTMLCanvasElement>('canvas[data-layer="overlay"]')!;
  layer.width = 0;
  paper.setOverlay(null);
  expect(layer.width).toBe(0);
  paper.destroy();
});
