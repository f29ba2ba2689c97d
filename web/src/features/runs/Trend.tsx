import { useEffect, useRef } from "react";
import { useComputedColorScheme } from "@mantine/core";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import css from "./runs.module.css";

export interface Line {
  readonly name: string;
  /** A CSS variable, such as `--ein-accent`. */
  readonly colour: string;
  readonly dashed?: boolean;
  readonly values: readonly (number | null)[];
}

interface TrendProps {
  readonly title: string;
  readonly epochs: readonly number[];
  readonly lines: readonly Line[];
  /** Fixed limits of the vertical axis; chosen by the values when left out. */
  readonly range?: readonly [number, number];
  /** The epoch that is kept, marked by an upright line. */
  readonly best: number | null;
  /** Right end of the horizontal axis, so that the curve grows into its place. */
  readonly most: number | null;
  readonly summary: string;
}

const HEIGHT = 220;

/** Values over epochs; figures under the pointer stand in the legend. */
export function Trend({ title, epochs, lines, range, best, most, summary }: TrendProps) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const marked = useRef(best);
  marked.current = best;
  const scheme = useComputedColorScheme("light");
  const names = lines.map((line) => line.name).join();
  const data: uPlot.AlignedData = [[...epochs], ...lines.map((line) => [...line.values])];
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const target = frame.current;
    if (target === null) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim() || "#888";
    const axis = {
      stroke: colour("--ein-quiet"),
      grid: { stroke: colour("--ein-line"), width: 1 },
      ticks: { show: false },
      font: '12px "Inter Variable", system-ui, sans-serif',
    };
    const chart = new uPlot(
      {
        width: target.clientWidth,
        height: HEIGHT,
        scales: {
          x: { time: false, range: (_, _least, greatest) => [1, Math.max(2, Math.min(most ?? Infinity, Math.max(10, greatest)))] },
          y: range === undefined ? {} : { range: [range[0], range[1]] },
        },
        axes: [{ ...axis, size: 28, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] }, { ...axis, size: 48 }],
        series: [
          { label: "Epoch", value: (_, value) => (value === null ? "–" : String(value)) },
          ...lines.map((line) => ({
            label: line.name,
            stroke: colour(line.colour),
            width: 2,
            dash: line.dashed === true ? [6, 4] : undefined,
            points: { show: (u: uPlot) => u.data[0].length < 2 },
            value: (_: uPlot, value: number | null) => (value === null ? "–" : value.toFixed(3)),
          })),
        ],
        cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
        legend: { live: true },
        hooks: {
          draw: [
            (u) => {
              if (marked.current === null) return;
              const x = u.valToPos(marked.current, "x", true);
              const { ctx, bbox } = u;
              ctx.save();
              ctx.strokeStyle = colour("--ein-line-strong");
              ctx.lineWidth = window.devicePixelRatio;
              ctx.setLineDash([3, 3]);
              ctx.beginPath();
              ctx.moveTo(x, bbox.top);
              ctx.lineTo(x, bbox.top + bbox.height);
              ctx.stroke();
              ctx.restore();
            },
          ],
        },
      },
      latest.current,
      target,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: target.clientWidth, height: HEIGHT }));
    observer.observe(target);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
    // Lines are told apart by their names: new values go in below, without building the plot again.
  }, [scheme, names, most]);

  const last = epochs.at(-1);
  useEffect(() => {
    plot.current?.setData(latest.current);
  }, [last, best]);

  return (
    <figure className={css.trend} aria-label={`${title}. ${summary}`}>
      <figcaption className={css.trendTitle}>{title}</figcaption>
      <div ref={frame} className={css.plot} />
    </figure>
  );
}
