/** The QRS view: all beats of a lead laid over each other at R, coloured by kind, the median beat on top. */
import { Button, Checkbox, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import type { MedianView, OverlayView } from "@/api";
import { type PaletteName, type Palette, type Pen } from "@/plot";
import { fmt, ProblemView, Waiting } from "@/ui";
import { ExportMenu } from "./ExportMenu";
import { ViewBar } from "./ViewBar";
import { PaperCanvas, type Sheet } from "./PaperCanvas";
import { coloursOn } from "./marks";
import { type Sampled, medianQuery, overlayQuery, rowsOf } from "./queries";
import { fittingGain, fittingSpeed, rangeOf, scaleWords, unitOf } from "./scales";
import css from "./beats.module.css";

export interface ViewProps {
  item: number;
  method: string;
  leads: readonly string[];
  pxPerMm: number;
  palette: PaletteName;
  /** Where the view's own buttons stand. */
  bar: HTMLElement | null;
}

const USUAL_LEAD = "II";
const MOST_BUTTONS = 24;

export function BeatsView({ item, method, leads, pxPerMm, palette, bar }: ViewProps) {
  const [wanted, setWanted] = useState(USUAL_LEAD);
  const lead = leads.includes(wanted) ? wanted : (leads[0] ?? wanted);
  const overlay = useQuery({ ...overlayQuery(item, method, lead), placeholderData: (before, query) => (query?.queryKey[1] === item ? before : undefined) });
  const median = useQuery(medianQuery(item, method, "own"));
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [withMedian, setWithMedian] = useState(true);
  const [picked, setPicked] = useState<number | null>(null);
  const kinds = useMemo(() => [...new Set(overlay.data?.view.beats.map(({ kind }) => kind) ?? [])], [overlay.data]);
  return (
    <section className={css["view"]} aria-label="All beats of a lead" data-testid="beats-view">
      <ViewBar place={bar}>
        <SegmentedControl size="xs" aria-label="Lead" data={[...leads]} value={lead} onChange={setWanted} data-testid="beats-lead" />
        <div className={css["kinds"]} role="group" aria-label="Which beats">
          {kinds.map((kind) => (
            <Checkbox
              key={kind} size="xs" label={`${fmt.count(overlay.data?.view.beats.filter((one) => one.kind === kind).length)} ${kind}`} checked={!hidden.has(kind)}
              onChange={() => setHidden((now) => new Set(now.has(kind) ? [...now].filter((one) => one !== kind) : [...now, kind]))}
            />
          ))}
          <Checkbox size="xs" label="median beat" checked={withMedian && median.data !== undefined} disabled={median.data === undefined} onChange={() => setWithMedian((now) => !now)} />
        </div>
        <div className={css["atEnd"]}>
          {!overlay.isError && <ExportMenu item={item} what="qrs-overlay" query={{ method, lead }} />}
        </div>
      </ViewBar>
      {overlay.isError ? (
        <ProblemView error={overlay.error} onRetry={() => void overlay.refetch()} />
      ) : overlay.data === undefined ? (
        <Waiting height="60vh" />
      ) : (
        <>
          <Overlaid data={overlay.data} median={withMedian ? (median.data ?? null) : null} hidden={hidden} picked={picked} pxPerMm={pxPerMm} palette={palette} />
          <Odd view={overlay.data.view} onPick={setPicked} />
        </>
      )}
    </section>
  );
}

/** Beats that are not of the usual kind, to be looked at one by one. */
function Odd({ view, onPick }: { view: OverlayView; onPick: (row: number | null) => void }) {
  const odd = view.beats.map((one, row) => ({ ...one, row })).filter(({ kind }) => kind !== "normal");
  if (odd.length === 0 || odd.length === view.beats.length) return null;
  return (
    <div className={css["odd"]} role="group" aria-label="Beats of another kind">
      <span className={css["quietLine"]}>Not normal:</span>
      {odd.slice(0, MOST_BUTTONS).map(({ row, beat, kind, r_peak }) => (
        <Button key={beat} size="compact-xs" variant="default" onMouseEnter={() => onPick(row)} onMouseLeave={() => onPick(null)} onFocus={() => onPick(row)} onBlur={() => onPick(null)}>
          beat {beat + 1}, {kind}, {fmt.fixed(r_peak, 2)} s
        </Button>
      ))}
      {odd.length > MOST_BUTTONS && <span className={css["quietLine"]}>and {fmt.count(odd.length - MOST_BUTTONS)} more</span>}
    </div>
  );
}

interface OverlaidProps extends Pick<ViewProps, "pxPerMm" | "palette"> {
  data: Sampled<OverlayView>;
  median: Sampled<MedianView> | null;
  hidden: ReadonlySet<string>;
  picked: number | null;
}

function Overlaid({ data, median, hidden, picked, pxPerMm, palette }: OverlaidProps) {
  const { view } = data;
  const rows = useMemo(() => rowsOf(data.samples, view.n_samples), [data.samples, view.n_samples]);
  const middle = useMemo(() => (median === null ? null : medianRow(median, view)), [median, view]);
  const amplitude = unitOf(view.unit);
  const paint = useCallback(
    (pen: Pen, sheet: Sheet) => {
      const seconds = view.before + view.after;
      const [low, high] = rangeOf(middle === null ? rows : [...rows, middle]);
      const room = { x: 14, y: 6, width: sheet.width - 20, height: sheet.height - 18 };
      const speed = fittingSpeed(seconds, room.width);
      const gain = fittingGain(high - low, room.height, amplitude);
      // On whole millimetres, so that R and the level lie on lines of the grid.
      const zero = Math.round((room.x + (room.width - seconds * speed) / 2 + view.before * speed) / 5) * 5;
      const level = Math.round((room.y + (room.height - (high - low) * gain) / 2 + high * gain) / 5) * 5;
      const draw = (row: Float32Array, colour: string, width: number) => {
        const x = Float64Array.from(row, (_, i) => zero + ((i - view.r_index) / view.rate) * speed);
        pen.line(x, Float64Array.from(row, (value) => level - value * gain), row.length, colour, width, { x: 0, y: 0, width: sheet.width, height: sheet.height });
      };
      axes(pen, sheet, view, zero, speed);
      const order = view.beats.map((_, i) => i).sort((a, b) => Number(view.beats[a]!.kind !== "normal") - Number(view.beats[b]!.kind !== "normal"));
      for (const i of order) if (!hidden.has(view.beats[i]!.kind)) draw(rows[i]!, faint(kindColour(view.beats[i]!.kind, sheet.palette)), view.beats[i]!.kind === "normal" ? 0.3 : 0.45);
      if (middle !== null) draw(middle, sheet.palette.caliper, 0.7);
      if (picked !== null && rows[picked] !== undefined) draw(rows[picked], kindColour(view.beats[picked]!.kind, sheet.palette), 0.6);
      const words = `lead ${view.lead} · ${scaleWords(speed, gain, amplitude)} · ${middle === null ? "" : `thick: median of ${fmt.plural(median?.view.n_beats ?? 0, `${median?.view.kinds.join(" and ") ?? ""} beat`)}`}`;
      pen.text(2, sheet.height - 2.5, words, { size: 2.9, colour: sheet.palette.ink, halo: sheet.palette.paper });
    },
    [rows, view, middle, hidden, picked, amplitude, median],
  );
  return <PaperCanvas pxPerMm={pxPerMm} palette={palette} paint={paint} testId="beats-canvas" label={`${fmt.plural(view.beats.length, "beat")} of lead ${view.lead} laid over each other at R`} />;
}

function kindColour(kind: string, palette: Palette): string {
  const colours = coloursOn(palette);
  return kind === "ectopic" ? colours.ectopic : kind === "paced" ? colours.paced : palette.trace;
}

/** Many lines over each other stay apart when each lets the others through. */
const faint = (colour: string): string => `${colour}a0`;

/** The median beat of the lead, from the same level before QRS as the beats. */
function medianRow({ view, samples }: Sampled<MedianView>, overlay: OverlayView): Float32Array | null {
  const row = rowsOf(samples, view.n_samples)[view.leads.indexOf(overlay.lead)];
  if (row === undefined || view.r_index !== overlay.r_index || view.rate !== overlay.rate) return null;
  const levels = overlay.beats.filter(({ kind }) => view.kinds.includes(kind)).map(({ level }) => level).sort((a, b) => a - b);
  const level = levels[levels.length >> 1] ?? 0;
  return row.map((value) => value - level);
}

function axes(pen: Pen, sheet: Sheet, view: OverlayView, zero: number, speed: number): void {
  const y = sheet.height - 7.5;
  const step = speed >= 100 ? 0.1 : 0.2;
  const style = { size: 2.9, colour: sheet.palette.quiet, align: "center", halo: sheet.palette.paper } as const;
  // Short strokes, so that no trace is mistaken for the line at R.
  for (const [from, to] of [[2, 6], [y - 6, y - 2.5]] as const) pen.line(Float64Array.of(zero, zero), Float64Array.of(from, to), 2, sheet.palette.ink, 0.3, null);
  for (let at = -Math.floor(view.before / step) * step; at <= view.after + 1e-9; at += step) {
    const ms = Math.round(at * 1000);
    pen.text(zero + at * speed, y, ms === 0 ? "R" : `${ms < 0 ? "\u2212" : "+"}${Math.abs(ms)} ms`, { ...style, strong: ms === 0 });
  }
}
