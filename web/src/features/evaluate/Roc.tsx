import { type PointerEvent, useState } from "react";
import type { Evaluation } from "@/api";
import { classColours, fmt } from "@/ui";
import { nearest, pathOf, type Point, pointInWords } from "./roc";
import { shareInWords } from "./matrix";
import css from "./evaluate.module.css";

const SIZE = 320;
const LEFT = 44;
const TOP = 8;
const BELOW = 40;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** One ROC curve per class; the pointer reads the threshold of the nearest point. */
export function Roc({ evaluation }: { evaluation: Evaluation }) {
  const curves = Object.entries(evaluation.roc ?? {}).filter(([, curve]) => curve.false_positive_rate.length > 1);
  const [chosen, setChosen] = useState<string | null>(null);
  const [under, setUnder] = useState<{ name: string; point: Point } | null>(null);
  if (curves.length === 0)
    return <p className={css.plain}>There is no ROC curve: a class needs ECGs with it and ECGs without it.</p>;
  const colours = classColours(evaluation.per_class.map((entry) => entry.name));
  const candidates = chosen === null ? curves : curves.filter(([name]) => name === chosen);

  const point = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const scale = (LEFT + SIZE + TOP) / box.width;
    const x = ((event.clientX - box.left) * scale - LEFT) / SIZE;
    const y = 1 - ((event.clientY - box.top) * scale - TOP) / SIZE;
    let best: { name: string; point: Point } | null = null;
    let least = Infinity;
    for (const [name, curve] of candidates) {
      const near = nearest(curve, x, y);
      if (near === null) continue;
      const distance = (near.falsePositiveRate - x) ** 2 + (near.truePositiveRate - y) ** 2;
      if (distance < least) [best, least] = [{ name, point: near }, distance];
    }
    setUnder(best);
  };
  const lit = chosen ?? under?.name ?? null;

  return (
    <div className={css.roc}>
      <svg
        viewBox={`0 0 ${LEFT + SIZE + TOP} ${TOP + SIZE + BELOW}`}
        className={css.rocPlot}
        role="img"
        aria-label={`ROC curves of ${curves.map(([name]) => name).join(", ")}`}
        onPointerMove={point}
        onPointerLeave={() => setUnder(null)}
        data-testid="roc"
      >
        <g transform={`translate(${LEFT} ${TOP})`}>
          {TICKS.map((tick) => (
            <g key={tick}>
              <line x1={tick * SIZE} x2={tick * SIZE} y1={0} y2={SIZE} className={css.grid} />
              <line x1={0} x2={SIZE} y1={tick * SIZE} y2={tick * SIZE} className={css.grid} />
              <text x={tick * SIZE} y={SIZE + 16} textAnchor="middle" className={css.tick}>{tick}</text>
              <text x={-8} y={(1 - tick) * SIZE + 4} textAnchor="end" className={css.tick}>{tick}</text>
            </g>
          ))}
          <text x={SIZE / 2} y={SIZE + 34} textAnchor="middle" className={css.tick}>false alarms among those without the class</text>
          <text transform={`translate(-34 ${SIZE / 2}) rotate(-90)`} textAnchor="middle" className={css.tick}>found among those with it</text>
          <line x1={0} y1={SIZE} x2={SIZE} y2={0} className={css.chance} />
          {curves.map(([name, curve]) => (
            <path
              key={name}
              d={pathOf(curve, SIZE)}
              fill="none"
              stroke={colours.get(name)}
              strokeWidth={lit === name ? 3 : 2}
              opacity={lit === null || lit === name ? 1 : 0.25}
              strokeLinejoin="round"
            />
          ))}
          {under !== null && (
            <circle
              cx={under.point.falsePositiveRate * SIZE}
              cy={(1 - under.point.truePositiveRate) * SIZE}
              r={5}
              fill={colours.get(under.name)}
              className={css.dot}
            />
          )}
        </g>
      </svg>
      <div className={css.rocSide}>
        <ul className={css.legend} aria-label="Classes">
          {evaluation.per_class.map((entry) => {
            const has = curves.some(([name]) => name === entry.name);
            return (
              <li key={entry.name}>
                <button
                  type="button"
                  className={css.legendItem}
                  aria-pressed={chosen === entry.name}
                  disabled={!has}
                  title={has ? "Show this class alone" : (entry.reasons?.["auroc"] ?? "no curve")}
                  onClick={() => setChosen(chosen === entry.name ? null : entry.name)}
                >
                  <span className={css.square} style={{ background: colours.get(entry.name) }} aria-hidden />
                  <span className={css.legendName}>{entry.name}</span>
                  <span>{entry.auroc === null ? "–" : shareInWords(entry.auroc)}</span>
                  <span className="ein-quiet">n {fmt.count(entry.n)}</span>
                </button>
              </li>
            );
          })}
        </ul>
        <p className={css.cellWords} aria-live="polite">
          {under === null ? "Figures are areas under the curve (AUROC). Point at a curve to read its threshold." : pointInWords(under.point, under.name)}
        </p>
      </div>
    </div>
  ); // prettier-ignore
}
