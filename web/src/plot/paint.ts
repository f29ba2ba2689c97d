/** Draws a page: paper, traces, labels, pulses, what the settings are. */

import { type Caliper, measure, measuredText } from "./caliper";
import { decimate, extent } from "./decimate";
import { type Box, type Cell, LABEL_HEIGHT_MM, type PageLayout } from "./layouts";
import type { Palette } from "./palette";
import { MAJOR_LINE_MM, MINOR_LINE_MM, type Pen, TRACE_MM } from "./pen";
import { MAJOR_MM, MINOR_MM, PULSE_MV, type Scale, mmOfSeconds, mmOfValue } from "./scale";
import type { PlotSignal } from "./signal";

export interface Drawing {
  readonly page: PageLayout;
  readonly signal: PlotSignal;
  readonly scale: Scale;
  readonly palette: Palette;
  /** Seconds from the start of the record at the left edge. */
  readonly start: number;
  /** Printed at the foot: speed, gain, filter ... */
  readonly settings: readonly string[];
  /** Moments of pacing spikes, seconds from the start of the record. */
  readonly spikes?: readonly number[];
  /** Leads that are drawn faintly. */
  readonly faint?: readonly string[];
}

/** A third of the ink, as hexadecimal opacity behind a colour. */
const FAINT = "59";

const LABEL_MM = 3.5;
const REMARK_MM = 2.5;
const DERIVED = "derived";
/** Widths of characters of the label and of the remark, generously. */
const LABEL_CHARACTER_MM = 2.3;
const NARROW_CHARACTER_MM = 1.1;
const REMARK_CHARACTER_MM = 1.5;
const SPIKE_MM = 3;
const SPIKE_LINE_MM = 0.5;
const FOOT_MM = 2.9;
/** Of its size: a usual character of the foot, generously. */
const CHARACTER_WIDTH = 0.56;
const MISSING_MM = 3;

export function paintPaper(pen: Pen, box: Box, palette: Palette): void {
  pen.fill(box, palette.paper);
  pen.grid(box, MINOR_MM, palette.minor, MINOR_LINE_MM);
  pen.grid(box, MAJOR_MM, palette.major, MAJOR_LINE_MM);
}

export function paintTraces(pen: Pen, drawing: Drawing): void {
  const { page, palette } = drawing;
  for (const { x, baseline, width } of page.pulses) paintPulse(pen, drawing, x, baseline, width);
  for (const { x, baseline } of page.separators)
    stroke(pen, [x, x], [baseline - 4, baseline + 4], palette.quiet, TRACE_MM);
  for (const cell of page.cells) {
    if (isEmpty(drawing, cell))
      pen.text(cell.x + 12, cell.baseline, "no samples here", { size: MISSING_MM, colour: palette.quiet, halo: palette.paper });
    paintTrace(pen, drawing, cell);
    paintSpikes(pen, drawing, cell);
  }
  for (const cell of page.cells) paintLabel(pen, drawing, cell);
  for (const { lead, slot, baseline } of page.gaps)
    pen.text(slot.x + 0.8, baseline, `${lead.label}: not in this record`, { size: MISSING_MM, colour: palette.quiet, halo: palette.paper });
  paintFoot(pen, drawing);
}

function isEmpty({ signal, start }: Drawing, cell: Cell): boolean {
  const from = (start + cell.from) * signal.rate;
  return extent(signal.channels[cell.channel]!, from, from + cell.seconds * signal.rate) === null;
}

function paintTrace(pen: Pen, { page, signal, scale, palette, start, faint }: Drawing, cell: Cell): void {
  const samples = signal.channels[cell.channel]!;
  const level = signal.levels[cell.channel]!;
  const begin = start + cell.from;
  // One sample beyond each edge, so that the line runs into the clip.
  const from = Math.floor(begin * signal.rate) - 1;
  const to = Math.ceil((begin + cell.seconds) * signal.rate) + 2;
  const points = decimate(samples, from, to, (pen.dot / scale.mmPerSecond) * signal.rate);
  const x = new Float64Array(points.length);
  const y = new Float64Array(points.length);
  const perSample = scale.mmPerSecond / signal.rate;
  const perUnit = cell.lead.sign * scale.mmPerUnit;
  const origin = cell.x - mmOfSeconds(scale, begin);
  for (let i = 0; i < points.length; i++) {
    x[i] = origin + points.at[i]! * perSample;
    y[i] = cell.baseline - (points.value[i]! - level) * perUnit;
  }
  pen.line(x, y, points.length, faint?.includes(cell.lead.name) ? palette.trace + FAINT : palette.trace, TRACE_MM, { x: cell.x, y: 0, width: cell.width, height: page.footer.y });
}

/** Small strokes at the foot of the row, where no trace of this lead is mistaken for them. */
function paintSpikes(pen: Pen, { scale, palette, start, spikes = [] }: Drawing, cell: Cell): void {
  const foot = cell.slot.y + cell.slot.height - 0.5;
  for (const spike of spikes) {
    const after = spike - start - cell.from;
    if (after < 0 || after > cell.seconds) continue;
    const x = cell.x + mmOfSeconds(scale, after);
    stroke(pen, [x, x], [foot - SPIKE_MM, foot], palette.caliper, SPIKE_LINE_MM);
  }
}

/** The label stands in the first of its places that its own trace leaves free. */
function paintLabel(pen: Pen, drawing: Drawing, cell: Cell): void {
  const { palette } = drawing;
  const place = cell.labelPlaces.find((box) => !crosses(drawing, cell, box)) ?? cell.labelPlaces[0]!;
  const y = place.y + LABEL_HEIGHT_MM / 2;
  pen.text(place.x, y, cell.lead.label, { size: LABEL_MM, colour: palette.ink, strong: true, halo: palette.paper });
  if (!cell.lead.derived) return;
  const remark = { size: REMARK_MM, colour: palette.ink, halo: palette.paper };
  if (cell.remark === "below") pen.text(place.x, y + LABEL_HEIGHT_MM - 0.5, DERIVED, remark);
  else pen.text(place.x + labelWidth(cell.lead.label) + 0.8, y, `(${DERIVED})`, remark);
}

function labelWidth(label: string): number {
  return [...label].reduce((sum, character) => sum + (character === "I" ? NARROW_CHARACTER_MM : LABEL_CHARACTER_MM), 0);
}

function crosses({ signal, scale, start }: Drawing, cell: Cell, box: Box): boolean {
  const from = (start + cell.from + (box.x - cell.x) / scale.mmPerSecond) * signal.rate;
  const remark = cell.lead.derived && cell.remark === "behind" ? (DERIVED.length + 2) * REMARK_CHARACTER_MM : 0;
  const width = 1 + labelWidth(cell.lead.label) + remark;
  const range = extent(signal.channels[cell.channel]!, from, from + (width / scale.mmPerSecond) * signal.rate + 1);
  if (range === null) return false;
  const level = signal.levels[cell.channel]!;
  const [a, b] = range.map((v) => cell.baseline - cell.lead.sign * mmOfValue(scale, v - level)) as [number, number];
  return Math.max(a, b) > box.y && Math.min(a, b) < box.y + box.height;
}

function paintPulse(pen: Pen, { scale, palette }: Drawing, x: number, baseline: number, width: number): void {
  const top = baseline - mmOfValue(scale, PULSE_MV);
  stroke(
    pen,
    [x - 1.5, x, x, x + width, x + width, x + width + 1.5],
    [baseline, baseline, top, top, baseline, baseline],
    palette.trace,
    TRACE_MM,
  );
}

function paintFoot(pen: Pen, { page, signal, palette, start, settings }: Drawing): void {
  const y = page.footer.y + page.footer.height / 2;
  const end = Math.min(signal.duration, start + page.span);
  const columns = page.separators.length > 0 ? [`columns of ${page.columnSeconds.toFixed(1)} s`] : [];
  const window = `${start.toFixed(1)}\u2013${end.toFixed(1)} s of ${signal.duration.toFixed(1)} s`;
  const text = [...settings, ...columns, window].join(" \u00b7 ");
  // Smaller where the paper is too narrow for it: gain and seconds are never cut off.
  const size = Math.min(FOOT_MM, (page.footer.width - 2) / (text.length * CHARACTER_WIDTH));
  pen.text(page.footer.x + 1, y, text, { size, colour: palette.ink, halo: palette.paper });
}

export function paintCaliper(pen: Pen, { page, signal, scale, palette, start }: Drawing, caliper: Caliper): void {
  const cells = page.cells.filter((cell) => cell.channel === caliper.channel && cell.rhythm === caliper.rhythm);
  const middle = (caliper.from.time + caliper.to.time) / 2;
  const cell = cells.find((c) => middle >= start + c.from && middle <= start + c.from + c.seconds) ?? cells[0];
  if (cell === undefined) return;
  const xOf = (time: number): number => cell.x + mmOfSeconds(scale, time - start - cell.from);
  const yOf = (value: number): number => cell.baseline - mmOfValue(scale, value);
  const [x0, x1, y0, y1] = [xOf(caliper.from.time), xOf(caliper.to.time), yOf(caliper.from.value), yOf(caliper.to.value)];
  const box = { x: Math.min(x0, x1), y: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0) };
  if (signal.amplitude === "mV") {
    pen.fill(box, palette.caliperFill);
    stroke(pen, [box.x - 3, box.x + box.width + 3], [y0, y0], palette.caliper, 0.2);
    stroke(pen, [box.x - 3, box.x + box.width + 3], [y1, y1], palette.caliper, 0.2);
  }
  const top = Math.max(0.5, Math.min(box.y, cell.slot.y) - 0.5);
  const bottom = Math.max(box.y + box.height, cell.slot.y + cell.slot.height);
  for (const x of [x0, x1]) stroke(pen, [x, x], [top, bottom], palette.caliper, 0.25);
  if (signal.amplitude === "relative") stroke(pen, [x0, x1], [y0, y0], palette.caliper, 0.2);
  const text = measuredText(measure(caliper, signal.amplitude));
  const width = text.length * 1.95 + 3;
  const bubble = {
    x: Math.min(Math.max(0.5, (x0 + x1 - width) / 2), page.width - width - 0.5),
    // Above the box, or at the lower end of the guide lines where the paper ends.
    y: box.y - 7 > 0 ? box.y - 7 : Math.min(bottom, page.height) - 6,
    width,
    height: 5.4,
  };
  pen.fill(bubble, palette.caliper);
  pen.text(bubble.x + width / 2, bubble.y + 2.8, text, { size: 3.3, colour: palette.paper, strong: true, align: "center" });
}

function stroke(pen: Pen, x: readonly number[], y: readonly number[], colour: string, width: number): void {
  pen.line(Float64Array.from(x), Float64Array.from(y), x.length, colour, width, null);
}
