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
  readonly notice: string;
}

/** The sheet as SVG text, sized in mm. Rows that need more than the sheet are never cut: the drawing is then higher. */
export function printSheet(request: SheetRequest): string {
  const { signal, mmPerSecond, mmPerUnit } = request;
  const scale: Scale = { mmPerSecond, mmPerUnit, amplitude: signal.amplitude, pxPerMm: CSS_PX_PER_MM };
  const room: Box = {
    x: MARGIN_MM, y: MARGIN_MM + HEAD_MM,
    width: Math.floor((SHEET_WIDTH_MM - 2 * MARGIN_MM) / 5) * 5,
    height: Math.floor((SHEET_HEIGHT_MM - 2 * MARGIN_MM - HEAD_MM - TAIL_MM) / 5) * 5,
  };
  const page = layOut({
    layout: layoutOf(request.layout), order: request.order, leads: signal.leads, rhythmLead: request.rhythmLead,
    duration: signal.duration, scale, width: room.width, height: room.height, ranges: signal.ranges,
  });
  const palette = PALETTES[request.palette];
  const font = "Inter Variable, system-ui, sans-serif";
  const paper = new SvgPen(font);
  paintPaper(paper, { x: 0, y: 0, width: page.width, height: page.height }, palette);
  const start = clampStart(request.start, page.span, signal.duration);
  paintTraces(paper, { page, signal, scale, palette, start, settings: request.settings });
  const sheet = new SvgPen(font);
  sheet.text(room.x, MARGIN_MM + 3, request.title, { size: 5, colour: palette.ink, strong: true });
  sheet.text(room.x, MARGIN_MM + 10, request.facts.join(" \u00b7 "), { size: 3.4, colour: palette.ink });
  const height = Math.max(SHEET_HEIGHT_MM, room.y + page.height + TAIL_MM + MARGIN_MM);
  sheet.text(room.x, room.y + page.height + 4, request.notice, { size: 3.2, colour: palette.ink, strong: true });
  return sheet.finish(SHEET_WIDTH_MM, height, request.title, { x: room.x, y: room.y, drawing: paper });
}
