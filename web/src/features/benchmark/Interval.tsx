import type { BenchmarkNumber } from "@/api";
import { figure, intervalInWords, place, type Scale } from "./scale";
import css from "./benchmark.module.css";

/** A number with its interval drawn on a scale that all rows share. */
export function Interval({ number, scale }: { number: BenchmarkNumber; scale: Scale | null }) {
  const words = intervalInWords(number);
  if (number.value === null || scale === null) return <span title={number.reason}>{figure(number, number.value)}</span>;
  const at = place(scale, number.value);
  const [from, to] = [number.low ?? number.value, number.high ?? number.value].map((end) => place(scale, end));
  return (
    <span className={css.interval}>
      <span className={css.two}>
        <strong className="ein-num">{figure(number, number.value)}</strong>
        <span className={css.small} title={words}>{words}</span>
      </span>
      <span className={css.track} aria-hidden>
        <span className={css.line} style={{ left: `${from ?? at}%`, width: `${(to ?? at) - (from ?? at)}%` }} />
        <span className={css.dot} style={{ left: `${at}%` }} />
      </span>
    </span>
  ); // prettier-ignore
}
