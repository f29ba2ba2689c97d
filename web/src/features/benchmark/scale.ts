import type { BenchmarkNumber, BenchmarkRow } from "@/api";

/** From where to where the drawn intervals of all rows go. */
export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** A scale that holds every number and interval; null where there is none. */
export function scaleOf(numbers: readonly BenchmarkNumber[]): Scale | null {
  const ends = numbers.flatMap(({ value, low, high }) => [value, low, high]).filter((end): end is number => end !== null);
  if (ends.length === 0) return null;
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  // All alike: something to draw in the middle of.
  return low === high ? { low: low - 0.5, high: high + 0.5 } : { low, high };
}

/** Where a value stands, in per cent from the left. */
export function place(scale: Scale, value: number): number {
  return Math.min(100, Math.max(0, ((value - scale.low) / (scale.high - scale.low)) * 100));
}

/** As many decimals as tell two rows apart: shares have three, errors in a unit two. */
export function figure(number: BenchmarkNumber, value: number | null): string {
  if (value === null) return "–";
  return value.toFixed(number.name === "mae" ? 2 : 3);
}

/** "0.89 to 0.93"; why there is none where there is none. */
export function intervalInWords(number: BenchmarkNumber): string {
  if (number.low === null || number.high === null) return number.reason ?? "";
  return `${figure(number, number.low)} to ${figure(number, number.high)}`;
}

/** "(0.89–0.93)", to stand below its number; "" where there is none. */
export function compactInterval(number: BenchmarkNumber): string {
  if (number.low === null || number.high === null) return "";
  return `(${figure(number, number.low)}–${figure(number, number.high)})`;
}

/** What a difference to the best means, in words. */
export function differenceInWords(row: BenchmarkRow, first: boolean): string {
  if (first) return "the first";
  if (row.level === null || row.level === undefined) return "not known";
  return row.level ? "cannot be told apart from the first" : "worse than the first by more than chance explains";
}

/** With its sign: "−0.012". */
export function signed(number: BenchmarkNumber, value: number | null): string {
  if (value === null) return "–";
  const text = figure(number, Math.abs(value));
  return Number(text) === 0 ? text : `${value < 0 ? "−" : "+"}${text}`;
}
