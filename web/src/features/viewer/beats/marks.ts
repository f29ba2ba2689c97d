/**
 * What was found of the beats, drawn over the traces.
 *
 * A lane in the rhythm strip (or the lowest row of each column) holds what counts for all leads: R with the kind of the
 * beat above, brackets from onset to end of P, QRS and T with their peak below. A lead's own marks stand on its trace.
 */
import { type Box, type Cell, type Drawing, type Grip, type PaperOverlay, type Palette, PALETTES, type Pen, type TextStyle, mmOfSeconds } from "@/plot";
import type { MeasuredRecord } from "@/api";
import { fmt } from "@/ui";
import type { Lit } from "./lit";
import type { Marks } from "./settings";
import { GLOBAL, PARTS, WAVES, type Wave, channelWords, markIndex, markWords, waveOf } from "./words";

/** A time on the paper: which channel, beat and mark. */
export interface MarkPlace {
  readonly channel: string;
  readonly beat: number;
  /** Position in `fiducials`. */
  readonly mark: number;
}

export interface Correcting {
  readonly channel: string;
  readonly beat: number;
  readonly mark: number;
  /** Where it is while it is moved, s; null: where the server has it. */
  readonly draft: number | null;
}

export interface MarksShown {
  readonly record: MeasuredRecord;
  readonly marks: Marks;
  readonly lit: Lit | null;
  readonly correcting: Correcting | null;
  readonly onTake?: (place: MarkPlace) => void;
  readonly onMove?: (place: MarkPlace, time: number) => void;
  readonly onDrop?: (place: MarkPlace, cancelled: boolean) => void;
}

interface MarkColours {
  readonly waves: Readonly<Record<Wave, string>>;
  readonly corrected: string;
  readonly ectopic: string;
  readonly paced: string;
  readonly ectopicBand: string;
  readonly pacedBand: string;
  readonly litBand: string;
}

/** All of them AA on their paper, grid lines included; a letter or a shape says the same as each colour. */
const LIGHT: MarkColours = {
  waves: { P: "#0b57a4", QRS: "#a3360a", T: "#0a6244" }, corrected: "#8a1a9b", ectopic: "#a3360a", paced: "#0b57a4",
  ectopicBand: "rgba(213, 94, 0, 0.10)", pacedBand: "rgba(0, 114, 178, 0.09)", litBand: "rgba(63, 75, 176, 0.13)",
};
const DARK: MarkColours = {
  waves: { P: "#7cc0ff", QRS: "#ffa77a", T: "#6fdcae" }, corrected: "#eda6ff", ectopic: "#ffa77a", paced: "#7cc0ff",
  ectopicBand: "rgba(255, 140, 80, 0.14)", pacedBand: "rgba(90, 170, 255, 0.14)", litBand: "rgba(154, 164, 240, 0.22)",
};

export const coloursOn = (palette: Palette): MarkColours => (palette === PALETTES.dark ? DARK : LIGHT);

const LANE_FOOT_MM = 3.4;
/** Between the trace and what stands below or above it; at least so far from its baseline. */
const LANE_AWAY_MM = 4.5;
const R_AWAY_MM = 6;
const LEAST_REACH_MM = 6;
const SPIKE_ROOM_MM = 2.6;
const TICK_MM = 1.1;
const LETTER_MM = 2.6;
const LINE_MM = 0.4;
const FINE_MM = 0.25;
const STRONG_MM = 0.55;
const ON_TRACE_MM = 1.7;
const SERIF_MM = 0.7;
const GRIP_MM = 1.6;
const LEFT_OUT_MM = 2.9;
const TAKEN_CHARACTER_MM = 1.62;
/** Where no wave is known, a beat is so long before and after R, s. */
const AROUND_S = [0.25, 0.4] as const;

const timeOf = (shown: MarksShown, place: MarkPlace): number | null => {
  const { record, correcting: c } = shown;
  if (c !== null && c.draft !== null && c.channel === place.channel && c.beat === place.beat && c.mark === place.mark) return c.draft;
  return record.times[record.channels.indexOf(place.channel)]?.[place.beat]?.[place.mark] ?? null;
};

/** From where to where a beat reaches over all leads, s. */
export function reachOf(record: MeasuredRecord, beat: number): readonly [number, number] {
  const r = record.r_peaks[beat] ?? 0;
  const known = (record.times[0]?.[beat] ?? []).filter((time): time is number => time !== null);
  const [from, to] = [Math.min(r, ...known), Math.max(r, ...known)];
  return known.length > 0 && to > r + 0.05 ? [from - 0.03, to + 0.03] : [r - AROUND_S[0], r + AROUND_S[1]];
}

/** The cells that carry the lane: rhythm strips, or the lowest row of each column. */
export function laneCells(cells: readonly Cell[]): Cell[] {
  const strips = cells.filter((cell) => cell.rhythm);
  if (strips.length > 0) return [strips[0]!];
  const lowest = new Map<number, Cell>();
  for (const cell of cells) if (cell.baseline > (lowest.get(cell.x)?.baseline ?? -Infinity)) lowest.set(cell.x, cell);
  // Strips of further leads start at the same place as the first column.
  return [...lowest.values()].filter((cell) => ![...lowest.values()].some((other) => other.width > cell.width && other.baseline > cell.baseline && other.x <= cell.x));
}

interface Placing {
  readonly drawing: Drawing;
  readonly cell: Cell;
}

const xOf = ({ drawing, cell }: Placing, time: number): number => cell.x + mmOfSeconds(drawing.scale, time - drawing.start - cell.from);

const isSeen = ({ drawing, cell }: Placing, from: number, to = from): boolean => {
  const begin = drawing.start + cell.from;
  return to >= begin && from <= begin + cell.seconds;
};

/** How far the trace of a cell reaches up and down from its baseline, mm. */
function reachMm({ signal, scale }: Drawing, cell: Cell): readonly [up: number, down: number] {
  const [low, high] = signal.ranges[cell.channel] ?? [0, 0];
  const [up, down] = cell.lead.sign === 1 ? [high, -low] : [-low, high];
  return [Math.max(LEAST_REACH_MM, up * scale.mmPerUnit), Math.max(LEAST_REACH_MM, down * scale.mmPerUnit)];
}

/** Close below the trace, where a high row has room to spare; otherwise at the foot of the row. */
function laneY(drawing: Drawing, cell: Cell): number {
  const spikes = (drawing.spikes?.length ?? 0) > 0 ? SPIKE_ROOM_MM : 0;
  const [, down] = reachMm(drawing, cell);
  return Math.min(cell.slot.y + cell.slot.height - LANE_FOOT_MM - spikes, cell.baseline + down + LANE_AWAY_MM);
}

/** Head of the triangles at R. */
function headY(drawing: Drawing, cell: Cell): number {
  const [up] = reachMm(drawing, cell);
  return Math.max(cell.slot.y + 0.6, cell.baseline - up - R_AWAY_MM);
}

/** Height of the trace of a cell at a moment. */
function traceY({ drawing, cell }: Placing, time: number): number {
  const { signal, scale } = drawing;
  const samples = signal.channels[cell.channel];
  const value = samples?.[Math.min(Math.max(0, Math.round(time * signal.rate)), (samples.length || 1) - 1)];
  if (value === undefined || Number.isNaN(value)) return cell.baseline;
  return cell.baseline - cell.lead.sign * (value - (signal.levels[cell.channel] ?? 0)) * scale.mmPerUnit;
}

/** The beats whose reach meets the seconds of a cell: a long recording has thousands. */
function beatsIn(record: MeasuredRecord, placing: Placing): number[] {
  const from = placing.drawing.start + placing.cell.from - 1;
  const to = from + placing.cell.seconds + 2;
  const { r_peaks } = record;
  let low = 0;
  let high = r_peaks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (r_peaks[middle]! < from) low = middle + 1;
    else high = middle;
  }
  const found: number[] = [];
  for (let beat = low; beat < r_peaks.length && r_peaks[beat]! <= to; beat++) found.push(beat);
  return found;
}

/** Strokes kept by colour and weight: a thousand short ones are put on the paper as a few lines, which takes a tenth of the time. */
class Ink {
  private readonly lines = new Map<string, { readonly colour: string; readonly width: number; readonly x: number[]; readonly y: number[] }>();
  private readonly words: ((pen: Pen) => void)[] = [];

  stroke(points: readonly (readonly [number, number])[], colour: string, width: number): void {
    const key = `${colour} ${width}`;
    let line = this.lines.get(key);
    if (line === undefined) this.lines.set(key, (line = { colour, width, x: [], y: [] }));
    if (line.x.length > 0) {
      // NaN lifts the pen.
      line.x.push(0);
      line.y.push(Number.NaN);
    }
    for (const [x, y] of points) {
      line.x.push(x);
      line.y.push(y);
    }
  }

  text(x: number, y: number, text: string, style: TextStyle): void {
    this.words.push((pen) => pen.text(x, y, text, style));
  }

  /** Lines first: words stay legible on them. */
  put(pen: Pen, clip: Box | null): void {
    for (const { colour, width, x, y } of this.lines.values()) pen.line(Float64Array.from(x), Float64Array.from(y), x.length, colour, width, clip);
    for (const write of this.words) write(pen);
  }
}

const boxOf = (cell: Cell): Box => ({ x: cell.x, y: 0, width: cell.width, height: 1e4 });

/** What the overlay shows; made anew whenever something of it changes. */
export function marksOverlay(shown: MarksShown): PaperOverlay {
  const { record, correcting } = shown;
  const corrected = new Set(record.corrected.map(({ channel, beat, fiducial }) => `${channel} ${beat} ${record.fiducials.indexOf(fiducial)}`));
  const isCorrected = ({ channel, beat, mark }: MarkPlace): boolean => corrected.has(`${channel} ${beat} ${mark}`);
  /** Whether a lead's own marks are drawn on its trace. */
  const onTrace = (lead: string): boolean => shown.marks === "leads" || correcting?.channel === lead;
  const lane = shown.marks !== "off" || correcting !== null;

  return {
    paint(pen, drawing) {
      const colours = coloursOn(drawing.palette);
      const lanes = laneCells(drawing.page.cells);
      const above = new Ink();
      for (const cell of drawing.page.cells) {
        const placing = { drawing, cell };
        if (lane) paintLeftOut(above, placing, record, lanes.includes(cell));
        paintBands(pen, placing, shown, colours, lane);
        if (record.left_out?.[cell.lead.name] === undefined && onTrace(cell.lead.name)) {
          const ink = new Ink();
          inkOnTrace(ink, placing, shown, colours, isCorrected);
          ink.put(pen, boxOf(cell));
        }
        if (lane && lanes.includes(cell)) inkLane(above, placing, shown, colours, isCorrected);
      }
      above.put(pen, null);
      if (correcting !== null) paintTaken(pen, drawing, shown, colours, lanes);
    },
    grip(x, y, drawing) {
      if (correcting === null) return null;
      const found = nearest(shown, drawing, x, y, (place) => place.channel === correcting.channel);
      if (found === null) return null;
      const { place, cell } = found;
      return {
        cell,
        take: () => shown.onTake?.(place),
        move: (time) => shown.onMove?.(place, time),
        drop: (cancelled) => shown.onDrop?.(place, cancelled),
      } satisfies Grip;
    },
    tell(x, y, drawing) {
      const found = nearest(shown, drawing, x, y, (place) => (place.channel === GLOBAL ? lane : onTrace(place.channel)));
      return found === null ? null : placeWords(record, found.place);
    },
  };
}

/** "QRS onset, beat 3, all leads together: 2.413 s; set by Ada on 22 Nov 2026, 18:07" */
export function placeWords(record: MeasuredRecord, { channel, beat, mark }: MarkPlace): string {
  const time = record.times[record.channels.indexOf(channel)]?.[beat]?.[mark] ?? null;
  const what = `${markWords(mark)}, beat ${beat + 1}, ${channelWords(channel)}: ${time === null ? "not there" : `${fmt.fixed(time, 3)} s`}`;
  const by = correctionAt(record, { channel, beat, mark });
  return by === null ? what : `${what}; set by ${by.who === "" ? "someone without a name" : by.who} on ${fmt.when(by.made)}`;
}

/** A correction belongs to the nearest beat within a tenth of a second, as on the server. */
const SAME_BEAT_S = 0.1;

export function correctionAt(record: MeasuredRecord, { channel, beat, mark }: MarkPlace) {
  if (!record.corrected.some((one) => one.channel === channel && one.beat === beat && one.fiducial === record.fiducials[mark])) return null;
  const r = record.r_peaks[beat] ?? Number.NaN;
  const of = record.corrections.filter((one) => one.channel === channel && one.fiducial === record.fiducials[mark]);
  // Its R may have been moved since; the correction keeps where the algorithm found it.
  const [first] = of.sort((a, b) => Math.abs(a.r_peak - r) - Math.abs(b.r_peak - r));
  return first !== undefined && Math.abs(first.r_peak - r) < 3 * SAME_BEAT_S ? first : null;
}

/** The mark under a point: in the lane for all leads, on the trace for one. */
export function nearest(
  shown: MarksShown, drawing: Drawing, x: number, y: number, wanted: (place: MarkPlace) => boolean,
): { place: MarkPlace; cell: Cell } | null {
  const lanes = laneCells(drawing.page.cells);
  let best: { place: MarkPlace; cell: Cell; away: number } | null = null;
  for (const cell of drawing.page.cells) {
    if (x < cell.x - GRIP_MM || x > cell.x + cell.width + GRIP_MM || y < cell.slot.y || y > cell.slot.y + cell.slot.height) continue;
    const placing = { drawing, cell };
    const channels = [...(lanes.includes(cell) ? [GLOBAL] : []), cell.lead.name];
    for (const beat of beatsIn(shown.record, placing))
      for (const channel of channels)
        for (let mark = 0; mark < WAVES.length * PARTS.length; mark++) {
          const place = { channel, beat, mark };
          const time = timeOf(shown, place);
          if (time === null || !wanted(place) || !isSeen(placing, time)) continue;
          const along = Math.abs(xOf(placing, time) - x);
          if (along > GRIP_MM) continue;
          const height = channel === GLOBAL ? laneY(drawing, cell) : traceY(placing, time);
          // Along the time axis first: marks of one wave stand close.
          const away = along + 0.05 * Math.abs(height - y);
          if (best === null || away < best.away) best = { place, cell, away };
        }
  }
  return best;
}

/** Why a lead was not used; its trace is drawn faintly by the paper. */
function paintLeftOut(ink: Ink, { drawing, cell }: Placing, record: MeasuredRecord, inLane: boolean): void {
  const reason = record.left_out?.[cell.lead.name];
  if (reason === undefined) return;
  const room = Math.floor((cell.width - 2) / (LEFT_OUT_MM * 0.55));
  const words = `left out: ${reason}`;
  const text = words.length <= room ? words : `${words.slice(0, Math.max(8, room - 1))}\u2026`;
  const y = inLane ? cell.slot.y + 6 : cell.slot.y + cell.slot.height - 4;
  ink.text(cell.x + 1, y, text, { size: LEFT_OUT_MM, colour: drawing.palette.ink, halo: drawing.palette.paper });
}

function paintBands(pen: Pen, placing: Placing, { record, lit }: MarksShown, colours: MarkColours, lane: boolean): void {
  const { drawing, cell } = placing;
  const isLit = lit !== null && (lit.lead === null || lit.lead === cell.lead.name);
  const litBeats = new Set(isLit ? lit.beats : []);
  for (const beat of beatsIn(record, placing)) {
    const kind = record.kinds[beat];
    const ground = litBeats.has(beat) ? colours.litBand : lane && kind === "ectopic" ? colours.ectopicBand : lane && kind === "paced" ? colours.pacedBand : null;
    const [from, to] = reachOf(record, beat);
    if (ground === null || !isSeen(placing, from, to)) continue;
    const left = Math.max(cell.x, xOf(placing, from));
    const right = Math.min(cell.x + cell.width, xOf(placing, to));
    pen.fill({ x: left, y: cell.slot.y, width: right - left, height: cell.slot.height }, ground);
  }
  if (!isLit || lit.lead === null) return;
  // A number of one lead: its row is named besides.
  const y = cell.slot.y + cell.slot.height - 0.4;
  const ink = new Ink();
  ink.stroke([[cell.x, y], [cell.x + cell.width, y]], drawing.palette.caliper, STRONG_MM);
  ink.put(pen, null);
}

type IsCorrected = (place: MarkPlace) => boolean;

function inkLane(ink: Ink, placing: Placing, shown: MarksShown, colours: MarkColours, isCorrected: IsCorrected): void {
  const { drawing, cell } = placing;
  const { record } = shown;
  const y = laneY(drawing, cell);
  const roomy = drawing.scale.mmPerSecond >= 25;
  for (const beat of beatsIn(record, placing)) {
    const r = timeOf(shown, { channel: GLOBAL, beat, mark: markIndex("QRS", "peak") }) ?? record.r_peaks[beat]!;
    if (isSeen(placing, r)) inkR(ink, placing, xOf(placing, r), record.kinds[beat] ?? "normal", colours);
    for (const wave of WAVES) {
      const places = PARTS.map((part): MarkPlace => ({ channel: GLOBAL, beat, mark: markIndex(wave, part) }));
      const [on = null, peak = null, off = null] = places.map((place) => timeOf(shown, place));
      const colour = colours.waves[wave];
      if (on !== null && off !== null && isSeen(placing, on, off)) {
        const [left, right] = [Math.max(xOf(placing, on), cell.x), Math.min(xOf(placing, off), cell.x + cell.width)];
        ink.stroke([[left, y], [right, y]], colour, LINE_MM);
      }
      for (const [time, up] of [[on, TICK_MM], [peak, TICK_MM * 0.8], [off, TICK_MM]] as const)
        if (time !== null && isSeen(placing, time)) ink.stroke([[xOf(placing, time), y - up], [xOf(placing, time), y + (time === peak ? 0 : up * 0.4)]], colour, LINE_MM);
      places.forEach((place, i) => {
        const time = [on, peak, off][i] ?? null;
        if (time !== null && isCorrected(place) && isSeen(placing, time)) inkHandle(ink, xOf(placing, time), y, colours.corrected, 0.8);
      });
      const middle = on !== null && off !== null ? (on + off) / 2 : peak;
      if (middle === null || !isSeen(placing, middle) || !roomy) continue;
      const word = wave !== "QRS" || drawing.scale.mmPerSecond >= 50 ? wave : null;
      if (word !== null) ink.text(xOf(placing, middle), y + 2.2, word, { size: LETTER_MM, colour, align: "center", halo: drawing.palette.paper, strong: true });
    }
  }
}

/** R: a small triangle above the trace, and the kind of the beat where it is not the usual. */
function inkR(ink: Ink, { drawing, cell }: Placing, x: number, kind: string, colours: MarkColours): void {
  const top = headY(drawing, cell);
  const colour = kind === "ectopic" ? colours.ectopic : kind === "paced" ? colours.paced : drawing.palette.ink;
  for (let down = 0; down < 1.8; down += 0.3) ink.stroke([[x - 1 + down / 1.8, top + down], [x + 1 - down / 1.8, top + down]], colour, 0.35);
  if (kind !== "normal") ink.text(x, top + 4, kind, { size: LETTER_MM, colour, align: "center", strong: true, halo: drawing.palette.paper });
}

/** Onset and end as small brackets on the trace, the peak as a short upright stroke beside it. */
function inkOnTrace(ink: Ink, placing: Placing, shown: MarksShown, colours: MarkColours, isCorrected: IsCorrected): void {
  for (const beat of beatsIn(shown.record, placing))
    for (let mark = 0; mark < WAVES.length * PARTS.length; mark++) {
      const place = { channel: placing.cell.lead.name, beat, mark };
      const time = timeOf(shown, place);
      if (time === null || !isSeen(placing, time)) continue;
      const x = xOf(placing, time);
      const y = traceY(placing, time);
      const byHand = isCorrected(place);
      const colour = byHand ? colours.corrected : colours.waves[waveOf(mark)];
      const part = PARTS[mark % PARTS.length];
      if (part === "peak") ink.stroke([[x, y - 2.4], [x, y - 0.9]], colour, LINE_MM);
      else {
        const serif = part === "on" ? SERIF_MM : -SERIF_MM;
        ink.stroke([[x + serif, y - ON_TRACE_MM], [x, y - ON_TRACE_MM], [x, y + ON_TRACE_MM], [x + serif, y + ON_TRACE_MM]], colour, FINE_MM * 1.2);
      }
      if (byHand) inkHandle(ink, x, part === "peak" ? y - 2.8 : y - ON_TRACE_MM, colours.corrected, 0.7);
    }
}

/** A diamond: a time that a person set, or the one that is held. */
function inkHandle(ink: Ink, x: number, y: number, colour: string, size: number): void {
  for (const part of [1, 0.6, 0.2]) ink.stroke([[x - size * part, y], [x, y - size * part], [x + size * part, y], [x, y + size * part], [x - size * part, y]], colour, LINE_MM);
}

/** The mark that is being corrected: a line through the row and its time. */
function paintTaken(pen: Pen, drawing: Drawing, shown: MarksShown, colours: MarkColours, lanes: readonly Cell[]): void {
  const { correcting, record } = shown;
  if (correcting === null) return;
  const time = timeOf(shown, correcting);
  if (time === null) return;
  const cells = correcting.channel === GLOBAL ? lanes : drawing.page.cells.filter((cell) => cell.lead.name === correcting.channel);
  for (const cell of cells) {
    const placing = { drawing, cell };
    if (!isSeen(placing, time)) continue;
    const x = xOf(placing, time);
    const [top, bottom] = [cell.slot.y + 1, cell.slot.y + cell.slot.height - 0.5];
    const ink = new Ink();
    ink.stroke([[x, top], [x, bottom]], colours.corrected, FINE_MM);
    inkHandle(ink, x, correcting.channel === GLOBAL ? laneY(drawing, cell) : traceY(placing, time), colours.corrected, 1.1);
    const before = record.times[record.channels.indexOf(correcting.channel)]?.[correcting.beat]?.[correcting.mark] ?? null;
    const moved = correcting.draft === null || before === null ? 0 : Math.round((correcting.draft - before) * 1000);
    const text = `${markWords(correcting.mark)} ${fmt.fixed(time, 3)} s${moved === 0 ? "" : ` (${moved > 0 ? "+" : "\u2212"}${Math.abs(moved)} ms)`}`;
    ink.put(pen, null);
    const width = text.length * TAKEN_CHARACTER_MM + 2;
    const left = cell.x + cell.width - x > width + 1.5 ? x + 0.8 : x - 0.8 - width;
    // On a ground of its own, for R and its words stand at this height, too; the trace is still seen through it.
    pen.fill({ x: left, y: top - 1, width, height: 4.4 }, `${drawing.palette.paper}b8`);
    pen.text(left + 1, top + 1.2, text, { size: 3, colour: colours.corrected, strong: true, halo: drawing.palette.paper });
  }
}
