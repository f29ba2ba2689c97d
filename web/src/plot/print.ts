/** A sheet to print: A4 landscape, one millimetre of the sheet one millimetre of ECG paper. */

import { type Box, type LayoutId, type LeadOrder, clampStart, layOut, layoutOf } from "./layouts";
import { PALETTES, type PaletteName } from "./palette";
import { paintPaper, paintTraces } from "./paint";
import { CSS_PX_PER_MM, type Scale } from "./scale";
import type { PlotSignal } from "./signal";
import { SvgPen } from "./svg";

export const SHEET_WIDTH_MM = 297;
export const SHEET_HEIGHT_MM = 210;
const MARGIN_MM = 8;
const HEAD_MM = 16;
const TAIL_MM = 6;
const PASSPORT_LINES = 3;
const PASSPORT_LINE_MM = 3.4;

export interface SheetRequest {
  readonly signal: PlotSignal;
  readonly layout: LayoutId;
  readonly order: LeadOrder;
  readonly rhythmLead: string;
  readonly mmPerSecond: number;
  readonly mmPerUnit: number;
  readonly palette: Exclude<PaletteName, "dark">;
  readonly start: number;
  readonly settings: readonly string[];
  readonly title: string;
  readonly facts: readonly string[];
  /** The passport in short, under the tracing; as many lines as there is room for, three at most. */
  readonly passport: readonly string[];
  readonly derived: readonly string[];
  readonly spikes: readonly number[];
  readonly notice: string;
}

/** The sheet as SVG text, sized in mm. Rows that need more than the sheet are never cut: the drawing is then higher. */
export function printSheet(request: SheetRequest): string {
  const { signal, mmPerSecond, mmPerUnit } = request;
  const scale: Scale = { mmPerSecond, mmPerUnit, amplitude: signal.amplitude, pxPerMm: CSS_PX_PER_MM };
  const room: Box = {
    x: MARGIN_MM, y: MARGIN_MM + HEAD_MM,
    width: Math.floor((SHEET_WIDTH_MM - 2 * MARGIN_MM) / 5) * 5,
    height: Math.floor((SHEET_HEIGHT_MM - 2 * MARGIN_MM - HEAD_MM - TAIL_MM - PASSPORT_LINES * PASSPORT_LINE_MM + 4) / 5) * 5,
  };
  const page = layOut({
    layout: layoutOf(request.layout), order: request.order, leads: signal.leads, rhythmLead: request.rhythmLead,
    duration: signal.duration, scale, width: room.width, height: room.height, ranges: signal.ranges, derived: request.derived,
  });
  const palette = PALETTES[request.palette];
  const font = "Inter Variable, system-ui, sans-serif";
  const paper = new SvgPen(font);
  paintPaper(paper, { x: 0, y: 0, width: page.width, height: page.height }, palette);
  const start = clampStart(request.start, page.span, signal.duration);
  paintTraces(paper, { page, signal, scale, palette, start, settings: request.settings, spikes: request.spikes });
  const sheet = new SvgPen(font);
  sheet.text(room.x, MARGIN_MM + 3, request.title, { size: 5, colour: palette.ink, strong: true });
  sheet.text(room.x, MARGIN_MM + 10, request.facts.join(" \u00b7 "), { size: 3.4, colour: palette.ink });
  const lines = request.passport.slice(0, PASSPORT_LINES);
  const height = Math.max(SHEET_HEIGHT_MM, room.y + page.height + TAIL_MM + 4 + lines.length * PASSPORT_LINE_MM);
  lines.forEach((line, i) => sheet.text(room.x, room.y + page.height + TAIL_MM + 2 + i * PASSPORT_LINE_MM, line, { size: 2.5, colour: palette.ink }));
  sheet.text(room.x, room.y + page.height + 4, request.notice, { size: 3.2, colour: palette.ink, strong: true });
  return sheet.finish(SHEET_WIDTH_MM, height, request.title, { x: room.x, y: room.y, drawing: paper });
}
