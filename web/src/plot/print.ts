/** A sheet to print: A4 landscape, one millimetre of the sheet one millimetre of ECG paper. */

import { type Box, type LayoutId, type LeadOrder, type PageLayout, clampStart, layOut, layoutOf } from "./layouts";
import type { PaperOverlay } from "./overlay";
import { PALETTES, type PaletteName } from "./palette";
import { type Drawing, paintPaper, paintTraces } from "./paint";
import { CSS_PX_PER_MM, type Scale } from "./scale";
import type { PlotSignal } from "./signal";
import { SvgPen } from "./svg";

export const SHEET_WIDTH_MM = 297;
export const SHEET_HEIGHT_MM = 210;
const MARGIN_MM = 8;
const HEAD_MM = 16;
/** With a block of measurements under it. */
const SHORT_HEAD_MM = 13;
const BLOCK_TYPE_MM = 2.4;
const BLOCK_LINE_MM = 3.2;
const BLOCK_GAP_MM = 1.5;
const BLOCK_COLUMNS = 6;
const TAIL_MM = 6;
const PASSPORT_LINES = 3;
const PASSPORT_LINE_MM = 3.4;
const FONT = "Inter Variable, system-ui, sans-serif";

/** Numbers that stand under the head: a line about all of them, a grid of short ones, and what needs a line of its own. */
export interface SheetBlock {
  readonly title: string;
  readonly cells: readonly string[];
  readonly lines: readonly string[];
}

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
  /** Leads that are drawn faintly. */
  readonly faint?: readonly string[];
  readonly notice: string;
  readonly block?: SheetBlock | null;
  /** Drawn over the traces. */
  readonly overlay?: PaperOverlay | null;
}

/**
 * The sheet as SVG text, sized in mm. Rows that need more than the sheet are never cut: the drawing is then higher. Where
 * the rows and the block do not fit on one sheet, the block has a second one.
 */
export function printSheet(request: SheetRequest): string {
  const { block = null } = request;
  const blockMm = block === null ? 0 : blockHeight(block);
  const room = roomBelow(block === null ? HEAD_MM : SHORT_HEAD_MM + blockMm);
  const page = pageOf(request, room);
  if (block === null || page.height <= room.height + 1e-6) return sheetOf(request, page, room, block);
  const whole = roomBelow(HEAD_MM);
  return sheetOf(request, pageOf(request, whole), whole, null) + blockSheet(request, block);
}

/** What is left of the sheet below so many mm of head; on whole squares of the grid. */
function roomBelow(head: number): Box {
  return {
    x: MARGIN_MM, y: MARGIN_MM + head,
    width: Math.floor((SHEET_WIDTH_MM - 2 * MARGIN_MM) / 5) * 5,
    height: Math.floor((SHEET_HEIGHT_MM - 2 * MARGIN_MM - head - TAIL_MM - PASSPORT_LINES * PASSPORT_LINE_MM + 4) / 5) * 5,
  };
}

const scaleOf = ({ mmPerSecond, mmPerUnit, signal }: SheetRequest): Scale => ({ mmPerSecond, mmPerUnit, amplitude: signal.amplitude, pxPerMm: CSS_PX_PER_MM });

function pageOf(request: SheetRequest, room: Box): PageLayout {
  const { signal } = request;
  return layOut({
    layout: layoutOf(request.layout), order: request.order, leads: signal.leads, rhythmLead: request.rhythmLead,
    duration: signal.duration, scale: scaleOf(request), width: room.width, height: room.height, ranges: signal.ranges, derived: request.derived,
  });
}

function sheetOf(request: SheetRequest, page: PageLayout, room: Box, block: SheetBlock | null): string {
  const { signal, overlay = null } = request;
  const palette = PALETTES[request.palette];
  const paper = new SvgPen(FONT);
  paintPaper(paper, { x: 0, y: 0, width: page.width, height: page.height }, palette);
  const start = clampStart(request.start, page.span, signal.duration);
  const drawing: Drawing = { page, signal, scale: scaleOf(request), palette, start, settings: request.settings, spikes: request.spikes, faint: request.faint };
  paintTraces(paper, drawing);
  overlay?.paint(paper, drawing);
  const sheet = new SvgPen(FONT);
  writeHead(sheet, request);
  if (block !== null) writeBlock(sheet, block, palette.ink, MARGIN_MM + SHORT_HEAD_MM);
  const lines = request.passport.slice(0, PASSPORT_LINES);
  const height = Math.max(SHEET_HEIGHT_MM, room.y + page.height + TAIL_MM + 4 + lines.length * PASSPORT_LINE_MM);
  lines.forEach((line, i) => sheet.text(room.x, room.y + page.height + TAIL_MM + 2 + i * PASSPORT_LINE_MM, line, { size: 2.5, colour: palette.ink }));
  sheet.text(room.x, room.y + page.height + 4, request.notice, { size: 3.2, colour: palette.ink, strong: true });
  return sheet.finish(SHEET_WIDTH_MM, height, request.title, { x: room.x, y: room.y, drawing: paper });
}

/** The block alone, under the same head. */
function blockSheet(request: SheetRequest, block: SheetBlock): string {
  const palette = PALETTES[request.palette];
  const sheet = new SvgPen(FONT);
  writeHead(sheet, request);
  writeBlock(sheet, block, palette.ink, MARGIN_MM + HEAD_MM);
  sheet.text(MARGIN_MM, MARGIN_MM + HEAD_MM + blockHeight(block) + 4, request.notice, { size: 3.2, colour: palette.ink, strong: true });
  return sheet.finish(SHEET_WIDTH_MM, SHEET_HEIGHT_MM, `${request.title}: ${block.title}`);
}

function writeHead(sheet: SvgPen, { title, facts, palette: name }: SheetRequest): void {
  const palette = PALETTES[name];
  sheet.text(MARGIN_MM, MARGIN_MM + 3, title, { size: 5, colour: palette.ink, strong: true });
  sheet.text(MARGIN_MM, MARGIN_MM + 9, facts.join(" \u00b7 "), { size: 3.4, colour: palette.ink });
}

const rowsOf = ({ cells }: SheetBlock): number => Math.ceil(cells.length / BLOCK_COLUMNS);
const blockHeight = (block: SheetBlock): number => (1 + rowsOf(block) + block.lines.length) * BLOCK_LINE_MM + BLOCK_GAP_MM;

/** The grid reads down its columns, as the numbers are ordered. */
function writeBlock(sheet: SvgPen, block: SheetBlock, colour: string, top: number): void {
  const lineY = (line: number) => top + (line + 0.5) * BLOCK_LINE_MM;
  const style = { size: BLOCK_TYPE_MM, colour };
  sheet.text(MARGIN_MM, lineY(0), block.title, { ...style, strong: true });
  const rows = rowsOf(block);
  const width = (SHEET_WIDTH_MM - 2 * MARGIN_MM) / BLOCK_COLUMNS;
  block.cells.forEach((cell, i) => sheet.text(MARGIN_MM + Math.floor(i / rows) * width, lineY(1 + (i % rows)), cell, style));
  block.lines.forEach((line, i) => sheet.text(MARGIN_MM, lineY(1 + rows + i), line, style));
}
