import { fmt } from "./format";
import css from "./Histogram.module.css";

export interface Bin {
  label: string;
  /** One number per series, stacked from below. */
  parts: readonly number[];
}

interface HistogramProps {
  bins: readonly Bin[];
  series: readonly { name: string; colour: string }[];
  /** Height of the plot, px. */
  height?: number;
  /** What is counted along the axis, such as "years". */
  axis?: string;
  label: string;
}

/** Stacked columns over a range; figures on hover and for screen readers. */
export function Histogram({ bins, series, height = 96, axis, label }: HistogramProps) {
  const most = Math.max(1, ...bins.map((bin) => bin.parts.reduce((a, b) => a + b, 0)));
  const every = Math.ceil(bins.length / 8);
  const words = (bin: Bin) =>
    `${bin.label}${axis ? ` ${axis}` : ""}: ${series.map((s, i) => `${s.name} ${fmt.count(bin.parts[i] ?? 0)}`).join(", ")}`;
  return (
    <figure className={css["figure"]} aria-label={label}>
      <div className={css["plot"]} style={{ height }}>
        {bins.map((bin) => (
          <div key={bin.label} className={css["column"]} title={words(bin)}>
            <span className="ein-sr">{words(bin)}</span>
            {bin.parts
              .map((part, index) => ({ part, colour: series[index]?.colour, index }))
              .reverse()
              .map(({ part, colour, index }) =>
                part > 0 ? <div key={index} style={{ height: `${(part / most) * 100}%`, background: colour }} /> : null,
              )}
          </div>
        ))}
      </div>
      <div className={css["axis"]} aria-hidden>
        {bins.map((bin, index) => (
          <span key={bin.label} className={css["tick"]}>
            {index % every === 0 ? bin.label : ""}
          </span>
        ))}
      </div>
      <div className={css["legend"]}>
        {series.map((s, index) => (
          <span key={s.name} className={css["key"]}>
            <span className={css["square"]} style={{ background: s.colour }} aria-hidden />
            {s.name} {fmt.count(bins.reduce((sum, bin) => sum + (bin.parts[index] ?? 0), 0))}
          </span>
        ))}
        {axis && <span className={css["unit"]}>{axis}</span>}
      </div>
    </figure>
  );
}
