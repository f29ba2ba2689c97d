import { describe, expect, test } from "vitest";
import { type Box, LAYOUTS, type LeadOrder, ORDERS, type PageLayout, type PageRequest, cellAt, clampStart, layOut, layoutOf } from "./layouts";
import { CSS_PX_PER_MM, type Scale } from "./scale";

const TWELVE = ORDERS.standard.map((lead) => lead.name);
const scale: Scale = { mmPerSecond: 25, mmPerUnit: 10, amplitude: "mV", pxPerMm: CSS_PX_PER_MM };

function request(change: Partial<PageRequest> = {}): PageRequest {
  return {
    layout: layoutOf("3x4+1"), order: "standard", leads: TWELVE, rhythmLead: "II", duration: 10, scale,
    width: 1010 / CSS_PX_PER_MM, height: 620 / CSS_PX_PER_MM, ...change,
  };
}

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height - 1e-9 && b.y < a.y + a.height - 1e-9;

function labelsOf(page: PageLayout): Box[][] {
  return page.cells.map((cell) => [...cell.labelPlaces]);
}

// Paper beside the folded rail and the open panel of a 1366 px and a 1920 px screen, and the whole of both.
const ROOMS = [[1010, 620], [1366, 640], [1400, 930], [1920, 960]] as const;
const AMPLITUDES = ["mV", "relative"] as const;

describe.each(LAYOUTS.map((layout) => layout.id))("layout %s", (id) => {
  test.each(ROOMS)("has all 12 labels inside the page and none over another at %i x %i px", (width, height) => {
    for (const order of ["standard", "cabrera"] satisfies LeadOrder[])
      for (const amplitude of AMPLITUDES)
        for (const mmPerSecond of [12.5, 25, 50]) {
          const page = layOut(request({
            layout: layoutOf(id), order, scale: { ...scale, amplitude, mmPerSecond },
            width: width / CSS_PX_PER_MM, height: height / CSS_PX_PER_MM,
          }));
          expect(new Set(page.cells.filter((c) => !c.rhythm).map((c) => c.lead.name))).toEqual(new Set(TWELVE));
          const labels = labelsOf(page);
          const inside = (box: Box) =>
            box.x >= 0 && box.y >= 0 && box.x + box.width <= page.width && box.y + box.height <= page.footer.y;
          expect(labels.flat().filter((box) => !inside(box))).toEqual([]);
          const met = labels.flatMap((mine, i) =>
            labels.slice(i + 1).flatMap((others) => mine.filter((a) => others.some((b) => overlap(a, b)))),
          );
          expect(met).toEqual([]);
        }
  });

  test("keeps every trace inside the page", () => {
    for (const cell of layOut(request({ layout: layoutOf(id) })).cells) {
      expect(cell.x).toBeGreaterThanOrEqual(0);
      expect(cell.x + cell.width).toBeLessThanOrEqual(1010 / CSS_PX_PER_MM + 1e-9);
    }
  });

  test("shows one second as 25 mm at 25 mm/s", () => {
    for (const cell of layOut(request({ layout: layoutOf(id) })).cells) expect(cell.width / cell.seconds).toBeCloseTo(25, 9);
  });
});

test("3 x 4 shows ten seconds in four columns of 2.5 s that follow one another, and the rhythm lead in full", () => {
  const page = layOut(request());
  expect(page.columnSeconds).toBeCloseTo(2.5, 9);
  expect(page.span).toBeCloseTo(10, 9);
  const first = (name: string) => page.cells.find((c) => c.lead.name === name && !c.rhythm)!;
  expect([first("I").from, first("aVR").from, first("V1").from, first("V4").from]).toEqual([0, 2.5, 5, 7.5]);
  const strip = page.cells.find((c) => c.rhythm)!;
  expect([strip.lead.name, strip.from]).toEqual(["II", 0]);
  expect(strip.seconds).toBeCloseTo(10, 9);
  expect(page.separators).toHaveLength(9);
});

test("2 x 6 shows the same seconds in both columns, 6 x 2 the second after the first", () => {
  const from = (id: "2x6" | "6x2") => layOut(request({ layout: layoutOf(id) })).cells.find((c) => c.lead.name === "V1")!.from;
  expect(from("2x6")).toBe(0);
  expect(from("6x2")).toBeCloseTo(5, 1);
});

test("the calibration pulse is 5 mm wide at 25 mm/s and 10 mm at 50 mm/s, and there is none with relative amplitude", () => {
  expect(layOut(request()).pulses.map((p) => p.width)).toEqual([5, 5, 5, 5]);
  expect(layOut(request({ scale: { ...scale, mmPerSecond: 50 } })).pulses[0]!.width).toBe(10);
  expect(layOut(request({ scale: { ...scale, amplitude: "relative" } })).pulses).toEqual([]);
});

test("the calibration pulse ends before the trace starts", () => {
  for (const layout of LAYOUTS) {
    const page = layOut(request({ layout }));
    for (const pulse of page.pulses) {
      const starts = page.cells.filter((c) => c.baseline === pulse.baseline && c.x >= pulse.x).map((c) => c.x);
      expect(pulse.x + pulse.width).toBeLessThanOrEqual(Math.min(...starts));
    }
  }
});

test("Cabrera order runs aVL, I, inverted aVR, II, aVF, III", () => {
  const page = layOut(request({ layout: layoutOf("12x1"), order: "cabrera" }));
  const limb = page.cells.slice(0, 6).map((c) => [c.lead.label, c.lead.sign]);
  expect(limb).toEqual([["aVL", 1], ["I", 1], ["\u2212aVR", -1], ["II", 1], ["aVF", 1], ["III", 1]]);
});

test("a record with eight leads says which are missing and shares the time among the columns that are left", () => {
  const page = layOut(request({ leads: ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"] }));
  expect(page.missing).toEqual(["III", "aVR", "aVL", "aVF"]);
  expect(page.gaps.map((g) => g.lead.name)).toEqual(["III"]);
  expect(page.span).toBeCloseTo(10, 9);
});

test("leads that are not standard get a row of their own", () => {
  const page = layOut(request({ leads: [...TWELVE, "Vx", "V7"] }));
  expect(page.cells.map((c) => c.lead.name)).toEqual(expect.arrayContaining([...TWELVE, "Vx", "V7"]));
});

test("two leads stand below one another in full", () => {
  const page = layOut(request({ leads: ["II", "Vx"] }));
  expect(page.cells.map((c) => [c.lead.name, c.channel, c.seconds])).toEqual([["II", 0, 10], ["Vx", 1, 10]]);
  expect(page.missing).toHaveLength(11);
});

test("a first row with high waves gets room above it", () => {
  const ranges = TWELVE.map((): readonly [number, number] => [-1, 4]);
  const page = layOut(request({ layout: layoutOf("12x1"), ranges }));
  expect(page.cells[0]!.baseline).toBeGreaterThanOrEqual(40);
});

test("a longer record shows what fits and scrolls to its end, not beyond", () => {
  const page = layOut(request({ layout: layoutOf("12x1"), duration: 120 }));
  expect(page.span).toBeGreaterThan(9.5);
  expect(page.span).toBeLessThan(10.5);
  expect(clampStart(500, page.span, 120)).toBeCloseTo(120 - page.span, 9);
  expect(clampStart(-1, page.span, 120)).toBe(0);
  expect(clampStart(3, 10, 5)).toBe(0);
});

test("a shorter record takes only the width it needs", () => {
  const page = layOut(request({ layout: layoutOf("12x1"), duration: 4 }));
  expect(page.cells[0]!.width).toBeCloseTo(100, 9);
});

test.each(["3x4", "3x4+1", "6x2"] as const)("a record too short for columns that follow one another shows all of it in every column of %s", (id) => {
  const page = layOut(request({ layout: layoutOf(id), duration: 1.8 }));
  for (const cell of page.cells) expect([cell.from, cell.seconds]).toEqual([0, expect.closeTo(1.8, 9)]);
  expect(page.separators).toEqual([]);
  expect(layOut(request({ layout: layoutOf(id), duration: 5 })).cells.some((cell) => cell.from > 0)).toBe(true);
});

test("the lead under the pointer is the one with the nearest baseline in that column", () => {
  const page = layOut(request());
  const v5 = page.cells.find((c) => c.lead.name === "V5")!;
  expect(cellAt(page, v5.x + 5, v5.baseline + 4)?.lead.name).toBe("V5");
  expect(cellAt(page, 0, v5.baseline)).toBeNull();
});
