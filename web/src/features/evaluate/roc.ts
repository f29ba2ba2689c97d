import type { Curve } from "@/api";

export interface Point {
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
  readonly threshold: number;
}

/** The point of a curve that lies nearest to a place on the plot (both axes 0 to 1). */
export function nearest(curve: Curve, x: number, y: number): Point | null {
  let best: Point | null = null;
  let least = Infinity;
  curve.false_positive_rate.forEach((fpr, i) => {
    const tpr = curve.true_positive_rate[i] ?? 0;
    const distance = (fpr - x) ** 2 + (tpr - y) ** 2;
    if (distance < least) {
      least = distance;
      best = { falsePositiveRate: fpr, truePositiveRate: tpr, threshold: curve.threshold[i] ?? NaN };
    }
  });
  return best;
}

/** An SVG path of the curve in a square of `size`, origin at the lower left. */
export function pathOf(curve: Curve, size: number): string {
  return curve.false_positive_rate
    .map((fpr, i) => {
      const x = (fpr * size).toFixed(2);
      const y = ((1 - (curve.true_positive_rate[i] ?? 0)) * size).toFixed(2);
      return `${i === 0 ? "M" : "L"}${x} ${y}`;
    })
    .join("");
}

/** "Called present from 0.61 on, the model finds 92 % of them and raises a false alarm for 8 % of the others." */
export function pointInWords(point: Point, name: string): string {
  const found = Math.round(point.truePositiveRate * 100);
  const alarms = Math.round(point.falsePositiveRate * 100);
  const from = Number.isFinite(point.threshold) && point.threshold <= 1 ? `from ${point.threshold.toFixed(3)} on` : "never";
  return `${name} called present ${from}: finds ${found} % of them, false alarm in ${alarms} % of the others.`;
}
