/** The median beat of every lead with its waves on it: ours at the recording's own rate, or that of Rlign. */
import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import type { MedianView } from "@/api";
import { ORDERS, type Amplitude, type Pen } from "@/plot";
import { fmt, ProblemView, Waiting } from "@/ui";
import type { ViewProps } from "./BeatsView";
import { ExportMenu } from "./ExportMenu";
import { ViewBar } from "./ViewBar";
import { PaperCanvas, type Sheet } from "./PaperCanvas";
import { coloursOn } from "./marks";
import { type MedianSource, type Sampled, medianQuery, rowsOf } from "./queries";
import { fittingGain, fittingSpeed, rangeOf, scaleWords, unitOf } from "./scales";
import { PARTS, WAVES, markIndex } from "./words";
import css from "./beats.module.css";

const ALL = "all leads";

export function MedianBeatView({ item, method, leads, pxPerMm, palette, bar }: ViewProps) {
  const [source, setSource] = useState<MedianSource>("own");
  const [lead, setLead] = useState(ALL);
  const median = useQuery(medianQuery(item, method, source));
  const chosen = lead === ALL || leads.includes(lead) ? lead : ALL;
  return (
    <section className={css["view"]} aria-label="Median beat" data-testid="median-view">
      <ViewBar place={bar}>
        <SegmentedControl
          size="xs" aria-label="Made by" value={source} onChange={(value) => setSource(value === "rlign" ? "rlign" : "own")} data-testid="median-source"
          data={[{ value: "own", label: "Own" }, { value: "rlign", label: "Rlign" }]}
        />
        <SegmentedControl size="xs" aria-label="Lead" data={[{ value: ALL, label: "All" }, ...leads]} value={chosen} onChange={setLead} data-testid="median-lead" />
        <div className={css["atEnd"]}>
          {!median.isError && <ExportMenu item={item} what={source === "own" ? "median-beat" : "rlign-median"} query={{ method }} />}
        </div>
      </ViewBar>
      {median.isError ? (
        <ProblemView error={median.error} onRetry={() => void median.refetch()} />
      ) : median.data === undefined ? (
        <Waiting height="60vh" />
      ) : (
        <>
          <Medians data={median.data} lead={chosen} pxPerMm={pxPerMm} palette={palette} />
          <p className={css["caption"]} data-testid="median-caption">
            {captionOf(median.data.view)}
          </p>
        </>
      )}
    </section>
  );
}

function captionOf(view: MedianView): string {
  if (view.source === "rlign") return `${capital(view.steps.at(-1) ?? "Made by Rlign")}. Its beats are stretched to one heart rate: shapes can be compared, intervals cannot be measured on it.`;
  return `Median of ${fmt.plural(view.n_beats ?? 0, "beat")} (${view.kinds.join(" and ")}) at ${fmt.rate(view.rate)}, as recorded. Lines: where P, QRS and T begin and end in each lead; dotted below: over all leads.`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

interface MediansProps extends Pick<ViewProps, "pxPerMm" | "palette"> {
  data: Sampled<MedianView>;
  lead: string;
}

function Medians({ data, lead, pxPerMm, palette }: MediansProps) {
  const { view } = data;
  const rows = useMemo(() => rowsOf(data.samples, view.n_samples), [data.samples, view.n_samples]);
  const paint = useCallback(
    (pen: Pen, sheet: Sheet) => {
      const order = [...ORDERS.standard.map(({ name }) => name).filter((name) => view.leads.includes(name)), ...view.leads.filter((name) => !ORDERS.standard.some((one) => one.name === name))];
      const shown = lead === ALL ? order : order.filter((name) => name === lead);
      const columns = shown.length === 1 ? 1 : shown.length <= 6 ? Math.min(3, shown.length) : 4;
      const perColumn = Math.ceil(shown.length / columns);
      const width = (sheet.width - 4) / columns;
      const height = (sheet.height - 12) / perColumn;
      const seconds = view.n_samples / view.rate;
      const picked = shown.map((name) => rows[view.leads.indexOf(name)]!);
      const amplitude = unitOf(view.unit);
      const speed = fittingSpeed(seconds, width - 3);
      const highest = Math.max(...picked.map((row) => rangeOf([row])[1] - rangeOf([row])[0]), 1e-6);
      const gain = fittingGain(highest, height - 5, amplitude);
      shown.forEach((name, i) => {
        const box = { x: 2 + Math.floor(i / perColumn) * width, y: 3 + (i % perColumn) * height, width, height };
        paintOne(pen, sheet, { view, name, row: picked[i]!, box, speed, gain, amplitude });
      });
      pen.text(2, sheet.height - 2.5, scaleWords(speed, gain, amplitude), { size: 2.9, colour: sheet.palette.ink, halo: sheet.palette.paper });
    },
    [rows, view, lead],
  );
  return <PaperCanvas pxPerMm={pxPerMm} palette={palette} paint={paint} testId="median-canvas" label={`Median beat of ${lead === ALL ? `leads ${view.leads.join(", ")}` : `lead ${lead}`}`} />;
}

interface OneMedian {
  readonly view: MedianView;
  readonly name: string;
  readonly row: Float32Array;
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly speed: number;
  readonly gain: number;
  readonly amplitude: Amplitude;
}

function paintOne(pen: Pen, { palette }: Sheet, { view, name, row, box, speed, gain }: OneMedian): void {
  const colours = coloursOn(palette);
  const left = Math.round(box.x + Math.max(1.5, (box.width - (view.n_samples / view.rate) * speed) / 2));
  const [low, high] = rangeOf([row]);
  const middle = box.y + box.height / 2 + ((high + low) / 2) * gain;
  const xOf = (time: number) => left + time * speed;
  const foot = box.y + box.height - 1.5;
  const line = (x: number, from: number, to: number, colour: string, width: number) => pen.line(Float64Array.of(x, x), Float64Array.of(from, to), 2, colour, width, null);
  const own = view.times?.[view.channels.indexOf(name)] ?? [];
  const global = view.times?.[0] ?? [];
  for (const wave of WAVES) {
    const colour = colours.waves[wave];
    const at = (times: readonly (number | null)[], part: (typeof PARTS)[number]) => times[markIndex(wave, part)] ?? null;
    for (const part of PARTS) {
      const time = at(own, part);
      if (time === null) continue;
      const y = middle - (row[Math.round(time * view.rate)] ?? 0) * gain;
      if (part === "peak") line(xOf(time), y - 2.4, y - 0.8, colour, 0.35);
      else line(xOf(time), y - 3, y + 3, colour, 0.35);
    }
    const [on, off] = [at(global, "on"), at(global, "off")];
    if (on !== null && off !== null) {
      for (let x = xOf(on); x < xOf(off); x += 0.8) pen.line(Float64Array.of(x, Math.min(x + 0.4, xOf(off))), Float64Array.of(foot, foot), 2, colour, 0.5, null);
      for (const time of [on, off]) line(xOf(time), foot - 1, foot + 0.4, colour, 0.35);
      if ((off - on) * speed > 2.5 * wave.length) pen.text((xOf(on) + xOf(off)) / 2, foot - 2, wave, { size: 2.6, colour, align: "center", halo: palette.paper, strong: true });
    }
  }
  const x = Float64Array.from(row, (_, i) => xOf(i / view.rate));
  pen.line(x, Float64Array.from(row, (value) => middle - value * gain), row.length, palette.trace, 0.35, { ...box, y: box.y - 3, height: box.height + 3 });
  pen.text(box.x + 1, box.y + 3, name, { size: 3.5, colour: palette.ink, strong: true, halo: palette.paper });
}
