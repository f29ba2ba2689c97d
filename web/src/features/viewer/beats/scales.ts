/** Round scales for views that choose their own: the largest that fit. */
import type { Amplitude } from "@/plot";

const SPEEDS = [400, 300, 250, 200, 150, 100, 75, 50, 25, 12.5];
const GAINS: Readonly<Record<Amplitude, readonly number[]>> = { mV: [80, 40, 20, 10, 5, 2.5, 1], relative: [16, 8, 4, 2, 1, 0.5, 0.2] };

/** mm per second that shows `seconds` on `width` mm. */
export function fittingSpeed(seconds: number, width: number): number {
  return SPEEDS.find((speed) => speed * seconds <= width) ?? width / Math.max(seconds, 1e-6);
}

/** mm per mV (or unit) that shows `range` on `height` mm. */
export function fittingGain(range: number, height: number, amplitude: Amplitude): number {
  return GAINS[amplitude].find((gain) => gain * range <= height) ?? height / Math.max(range, 1e-6);
}

/** Lowest and highest of rows; what is missing is passed over. */
export function rangeOf(rows: readonly Float32Array[]): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const row of rows)
    for (const value of row) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return low > high ? [0, 0] : [low, high];
}

export function unitOf(text: string): Amplitude {
  return text === "mV" ? "mV" : "relative";
}

export function scaleWords(speed: number, gain: number, amplitude: Amplitude): string {
  const round = (value: number) => String(Math.round(value * 100) / 100);
  return `${round(speed)} mm/s · ${round(gain)} ${amplitude === "mV" ? "mm/mV" : "mm per unit, relative amplitude"}`;
}
