/** Where each lead stands on the paper. Layouts are data; `layOut` turns one into millimetres. Pure. */

import { PULSE_MV, PULSE_SECONDS, type Scale } from "./scale";

export type LayoutId = "3x4+1" | "3x4" | "2x6" | "6x2" | "12x1";
export type LeadOrder = "standard" | "cabrera";

/**
 * `consecutive`: the columns follow one another in time, as on a three-channel cart.
 * `simultaneous`: every column shows the same seconds.
 */
export type Timing = "consecutive" | "simultaneous";

export interface Layout {
  readonly id: LayoutId;
  readonly title: string;
  readonly explanation: string;
  readonly columns: number;
  readonly timing: Timing;
  readonly rhythm: boolean;
  /** Usual length of a column; less is shown where the paper is too narrow for it. null: what fits. */
  readonly columnSeconds: number | null;
}

export const LAYOUTS: readonly Layout[] = [
  { id: "3x4+1", title: "3 × 4 + rhythm", explanation: "Four columns of 2.5 s that follow one another, one lead in full below", columns: 4, timing: "consecutive", rhythm: true, columnSeconds: 2.5 },
  { id: "3x4", title: "3 × 4", explanation: "Four columns of 2.5 s that follow one another", columns: 4, timing: "consecutive", rhythm: false, columnSeconds: 2.5 },
  { id: "2x6", title: "2 × 6", explanation: "Limb leads left, chest leads right, the same seconds in both columns", columns: 2, timing: "simultaneous", rhythm: false, columnSeconds: null },
  { id: "6x2", title: "6 × 2", explanation: "Limb leads, then chest leads: two columns of 5 s that follow one another", columns: 2, timing: "consecutive", rhythm: false, columnSeconds: 5 },
  { id: "12x1", title: "12 × 1", explanation: "All leads below one another, the same seconds", columns: 1, timing: "simultaneous", rhythm: false, columnSeconds: null },
];

export const USUAL_LAYOUT: LayoutId = "3x4+1";

export function layoutOf(id: LayoutId): Layout {
  return LAYOUTS.find((layout) => layout.id === id) ?? LAYOUTS[0]!;
}

/** A lead as it is shown: `name` in the record, `sign` -1 where it is drawn upside down (-aVR of Cabrera). */
export interface ShownLead {
  readonly name: string;
  readonly label: string;
  readonly sign: 1 | -1;
  /** True for a lead that was computed from others. */
  readonly derived?: boolean;
}

const shown = (name: string, sign: 1 | -1 = 1): ShownLead => ({ name, label: sign === 1 ? name : `\u2212${name}`, sign });
const CHEST = ["V1", "V2", "V3", "V4", "V5", "V6"].map((name) => shown(name));

export const ORDERS: Readonly<Record<LeadOrder, readonly ShownLead[]>> = {
  standard: [...["I", "II", "III", "aVR", "aVL", "aVF"].map((name) => shown(name)), ...CHEST],
  cabrera: [shown("aVL"), shown("I"), shown("aVR", -1), shown("II"), shown("aVF"), shown("III"), ...CHEST],
};

/** A box in millimetres from the upper left corner of the paper. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One lead's piece of the paper. The trace starts at `x`, `slot` is its share of the height. */
export interface Cell {
  readonly lead: ShownLead;
  /** Row of the signal. */
  readonly channel: number;
  readonly rhythm: boolean;
  readonly x: number;
  readonly width: number;
  readonly baseline: number;
  readonly slot: Box;
  /** Seconds after the start of the window at the left edge, and how many are shown. */
  readonly from: number;
  readonly seconds: number;
  /** Places for the label, the wanted one first; a remark stands behind it, or below where it is in the margin. */
  readonly labelPlaces: readonly Box[];
  readonly remark: "behind" | "below";
}

export interface MissingCell {
  readonly lead: ShownLead;
  readonly slot: Box;
  readonly baseline: number;
}

export interface PageLayout {
  readonly width: number;
  readonly height: number;
  readonly cells: readonly Cell[];
  /** Empty places of standard leads that the record lacks. */
  readonly gaps: readonly MissingCell[];
  /** Standard leads that the record lacks, whether a place is kept for them or not. */
  readonly missing: readonly string[];
  /** Where calibration pulses stand: left edge and baseline; none with relative amplitude. */
  readonly pulses: readonly { readonly x: number; readonly baseline: number; readonly width: number }[];
  /** Short upright strokes between columns that follow one another. */
  readonly separators: readonly { readonly x: number; readonly baseline: number }[];
  /** Seconds from the left edge of the first column to the right edge of the last. */
  readonly span: number;
  readonly columnSeconds: number;
  readonly footer: Box;
}

export interface PageRequest {
  readonly layout: Layout;
  readonly order: LeadOrder;
  readonly leads: readonly string[];
  readonly rhythmLead: string;
  readonly duration: number;
  readonly scale: Scale;
  /** Room in mm. The page is never narrower or lower, but higher where the rows need it. */
  readonly width: number;
  readonly height: number;
  /** Lowest and highest value of each lead, from its baseline: the outer rows keep room for them. */
  readonly ranges?: readonly (readonly [number, number])[];
  /** Leads that were computed from others: marked as such. */
  readonly derived?: readonly string[];
}

const LEFT_MM = 2;
const RIGHT_MM = 2;
const TOP_MM = 3;
/** At most this much is added above the first and below the last row for high waves. */
const MOST_EXTRA_MM = 40;
/** Share of a row that lies above its baseline. */
const ABOVE = 0.55;
const FOOTER_MM = 6;
/** Least distance of two baselines: carts print few channels at 20 mm and more, 12 channels at 12 to 15 mm. */
const leastPitch = (rows: number): number => (rows <= 7 ? 18 : 12);
const GREATEST_PITCH_MM = 45;
export const LABEL_HEIGHT_MM = 3.8;
const LABEL_WIDTH_MM = 9;
/** A beat at 60 a minute. */
const LEAST_COLUMN_SECONDS = 1;
/** Below this many standard leads a grid of twelve places is mostly empty: one lead a row instead. */
const LEAST_FOR_GRID = 6;

interface Rows {
  readonly grid: readonly (readonly ShownLead[])[];
  readonly strips: readonly ShownLead[];
  readonly timing: Timing;
  readonly columnSeconds: number | null;
}

/** The rows of the page: `grid[column][row]`, then `strips` over the whole width. */
function rowsOf({ layout, order, leads, rhythmLead }: PageRequest): Rows {
  const twelve = ORDERS[order];
  const present = twelve.filter((lead) => leads.includes(lead.name));
  const others = leads.filter((name) => !twelve.some((lead) => lead.name === name)).map((name) => shown(name));
  if (layout.columns === 1 || present.length < LEAST_FOR_GRID)
    return { grid: [], strips: [...present, ...others], timing: "simultaneous", columnSeconds: null };
  const perColumn = twelve.length / layout.columns;
  const columns = Array.from({ length: layout.columns }, (_, c) => twelve.slice(c * perColumn, (c + 1) * perColumn));
  // A column without a single lead is left out, and its leads stand in `missing`.
  const grid = columns.filter((column) => column.some((lead) => leads.includes(lead.name)));
  const rhythm = layout.rhythm ? [shown(leads.includes(rhythmLead) ? rhythmLead : (present[0]?.name ?? rhythmLead))] : [];
  return { grid, strips: [...rhythm, ...others], timing: layout.timing, columnSeconds: layout.columnSeconds };
}

/** The page in millimetres. */
export function layOut(request: PageRequest): PageLayout {
  const { scale, leads, duration } = request;
  const rows = rowsOf(request);
  const pulseWidth = scale.amplitude === "mV" ? PULSE_SECONDS * scale.mmPerSecond : 0;
  // Columns of a short record would hold less than a beat each: then all of them show the same seconds.
  const consecutive = rows.timing === "consecutive" && duration >= LEAST_COLUMN_SECONDS * Math.max(1, rows.grid.length);
  // Gutter for the pulse with 1.5 mm of line on either side, or for the label, or just a margin.
  const gutter = pulseWidth > 0 ? Math.max(pulseWidth + 3, LABEL_WIDTH_MM) : consecutive ? 1 : LABEL_WIDTH_MM;
  const nColumns = Math.max(1, rows.grid.length);
  const gutters = consecutive ? 1 : nColumns;
  const room = Math.max(20, request.width - LEFT_MM - RIGHT_MM - gutters * gutter - (gutters - 1) * LEFT_MM);
  const fits = room / nColumns / scale.mmPerSecond;
  const share = consecutive ? duration / nColumns : duration;
  // Where a column is left out, the others share its time.
  const usual = rows.columnSeconds === null ? fits : (rows.columnSeconds * request.layout.columns) / nColumns;
  const columnSeconds = Math.min(fits, Math.max(usual, 0), Math.max(share, 1e-9));
  const columnMm = columnSeconds * scale.mmPerSecond;
  const span = consecutive ? columnSeconds * nColumns : columnSeconds;

  const gridRows = rows.grid[0]?.length ?? 0;
  const nRows = Math.max(1, gridRows + rows.strips.length);
  const { top, bottom, pitch } = spacing(request, rows, nRows);
  const columnX = (c: number): number =>
    LEFT_MM + gutter + c * (consecutive ? columnMm : columnMm + gutter + LEFT_MM);

  // Rows closer than a pulse and a label: the pulse of the first row stands for all.
  const crowded = scale.amplitude === "mV" && pitch < PULSE_MV * scale.mmPerUnit + LABEL_HEIGHT_MM + 1;
  const hasPulse = (baseline: number): boolean => pulseWidth > 0 && (!crowded || baseline < top + pitch);

  const cells: Cell[] = [];
  const gaps: MissingCell[] = [];
  const place = (lead: ShownLead, row: number, x: number, width: number, from: number, rhythm: boolean): void => {
    const slot: Box = { x, y: top + row * pitch, width, height: pitch };
    const baseline = slot.y + pitch * ABOVE;
    const channel = leads.indexOf(lead.name);
    if (channel < 0) gaps.push({ lead, slot, baseline });
    else
      cells.push({
        lead: request.derived?.includes(lead.name) ? { ...lead, derived: true } : lead,
        channel, rhythm, x, width, baseline, slot, from, remark: consecutive ? "behind" : "below",
        seconds: width / scale.mmPerSecond, labelPlaces: consecutive ? placesByTrace(slot, baseline) : [placeInGutter(slot, baseline, gutter, hasPulse(baseline))],
      });
  };
  rows.grid.forEach((column, c) =>
    column.forEach((lead, r) => place(lead, r, columnX(c), columnMm, consecutive ? c * columnSeconds : 0, false)),
  );
  // With columns side by side at the same time, strips still show the window's seconds, and more where there is room.
  const stripSeconds = consecutive ? span : Math.min(duration, (request.width - LEFT_MM - RIGHT_MM - gutter) / scale.mmPerSecond);
  rows.strips.forEach((lead, s) =>
    place(lead, gridRows + s, columnX(0), Math.max(span, stripSeconds) * scale.mmPerSecond, 0, gridRows > 0),
  );

  const startsOfRow = new Map<string, { x: number; baseline: number }>();
  for (const cell of cells.filter((c) => hasPulse(c.baseline))) {
    const first = consecutive || cell.rhythm ? columnX(0) : cell.x;
    startsOfRow.set(`${first} ${cell.baseline}`, { x: first - gutter, baseline: cell.baseline });
  }
  const separators = consecutive
    ? rows.grid.slice(1).flatMap((_, c) =>
        Array.from({ length: gridRows }, (_unused, r) => ({ x: columnX(c + 1), baseline: top + (r + ABOVE) * pitch })),
      )
    : [];
  const height = Math.max(request.height, top + nRows * pitch + bottom + FOOTER_MM);
  return {
    width: request.width,
    height,
    cells,
    gaps,
    missing: ORDERS.standard.map((lead) => lead.name).filter((name) => !leads.includes(name)),
    pulses: [...startsOfRow.values()].map(({ x, baseline }) => ({ x: x + 1.5, baseline, width: pulseWidth })),
    separators,
    span,
    columnSeconds,
    footer: { x: LEFT_MM, y: height - FOOTER_MM, width: request.width - LEFT_MM - RIGHT_MM, height: FOOTER_MM },
  };
}

/** Distance of the rows, and what the outer ones need beyond it for their highest and deepest waves. */
function spacing(request: PageRequest, rows: Rows, nRows: number): { top: number; bottom: number; pitch: number } {
  const { leads, scale, ranges } = request;
  const gridRows = rows.grid[0]?.length ?? 0;
  const leadsOf = (row: number): readonly ShownLead[] =>
    row < gridRows ? rows.grid.map((column) => column[row]!) : rows.strips.slice(row - gridRows, row - gridRows + 1);
  /** Reach of the waves of a row in mm, upwards (1) or downwards (-1). */
  const reach = (row: number, direction: 1 | -1): number =>
    Math.max(0, ...leadsOf(row).map((lead) => {
      const range = ranges?.[leads.indexOf(lead.name)];
      return range === undefined ? 0 : (lead.sign === direction ? range[1] : -range[0]) * scale.mmPerUnit;
    }));
  const fit = (top: number, bottom: number): number =>
    Math.min(GREATEST_PITCH_MM, Math.max(leastPitch(nRows), (request.height - top - bottom - FOOTER_MM) / nRows));
  const extra = (needed: number, given: number): number => Math.min(MOST_EXTRA_MM, Math.max(0, needed + 1 - given));
  const pulse = scale.amplitude === "mV" ? PULSE_MV * scale.mmPerUnit : 0;
  const [up, down] = [Math.max(pulse, reach(0, 1)), reach(nRows - 1, -1)];
  let [top, bottom] = [TOP_MM, 0];
  // Room at the edges makes the rows narrower, which asks for a little more room: it settles at once.
  for (let pass = 0; pass < 3; pass++) {
    const pitch = fit(top, bottom);
    top = TOP_MM + extra(up, TOP_MM + pitch * ABOVE);
    bottom = extra(down, pitch * (1 - ABOVE));
  }
  return { top, bottom, pitch: fit(top, bottom) };
}

/** Left of the trace: below the pulse, or on the baseline where there is none. */
function placeInGutter(slot: Box, baseline: number, gutter: number, pulse: boolean): Box {
  const y = Math.min(pulse ? baseline + 1.4 : baseline - LABEL_HEIGHT_MM / 2, slot.y + slot.height - LABEL_HEIGHT_MM);
  return { x: slot.x - gutter + 0.5, y, width: LABEL_WIDTH_MM, height: LABEL_HEIGHT_MM };
}

/** Above the baseline, higher, below it: all inside the slot, so labels of different leads never meet. */
function placesByTrace(slot: Box, baseline: number): Box[] {
  const width = Math.min(LABEL_WIDTH_MM, slot.width);
  const x = slot.x + 0.8;
  const inside = (y: number): number =>
    Math.min(Math.max(y, slot.y), slot.y + slot.height - LABEL_HEIGHT_MM);
  return [baseline - 3.5 - LABEL_HEIGHT_MM, baseline - 7.5 - LABEL_HEIGHT_MM, baseline + 3, baseline + 6, slot.y].map((y) => ({
    x, y: inside(y), width, height: LABEL_HEIGHT_MM,
  }));
}

/** Width in mm that shows ten seconds of a record, or all of a shorter one, with their calibration pulse. */
export function usualWidth(mmPerSecond: number, duration: number): number {
  const gutter = Math.max(PULSE_SECONDS * mmPerSecond + 3, LABEL_WIDTH_MM);
  return LEFT_MM + gutter + Math.min(10, duration) * mmPerSecond + RIGHT_MM;
}

/** The start of the window that shows `start`, moved so that the page stays inside the record. */
export function clampStart(start: number, span: number, duration: number): number {
  return Math.min(Math.max(0, start), Math.max(0, duration - span));
}

/** The cell under a point of the paper: the nearest baseline of the column; null beside all of them. */
export function cellAt(page: PageLayout, x: number, y: number): Cell | null {
  let best: Cell | null = null;
  for (const cell of page.cells) {
    if (x < cell.x || x > cell.x + cell.width) continue;
    if (best === null || Math.abs(cell.baseline - y) < Math.abs(best.baseline - y)) best = cell;
  }
  return best;
}
