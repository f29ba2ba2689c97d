/** Two points on one lead and what lies between them. In seconds and amplitude of the record, so scrolling keeps them. */

import type { PlotSignal } from "./signal";
import { type Scale, mmOfSeconds, mmOfValue } from "./scale";

export interface CaliperPoint {
  /** Seconds from the start of the record. */
  readonly time: number;
  /** Amplitude above the lead's level. */
  readonly value: number;
}

export interface Caliper {
  readonly channel: number;
  readonly sign: 1 | -1;
  readonly rhythm: boolean;
  readonly from: CaliperPoint;
  readonly to: CaliperPoint;
}

export interface Measured {
  readonly milliseconds: number;
  /** Beats per minute if the distance is one beat; null for a distance too short to be one (under 100 ms). */
  readonly perMinute: number | null;
  /** mV, positive upwards; null with relative amplitude. */
  readonly millivolts: number | null;
}

const SHORTEST_BEAT_MS = 100;

export function measure(caliper: Pick<Caliper, "from" | "to">, amplitude: "mV" | "relative"): Measured {
  const milliseconds = Math.abs(caliper.to.time - caliper.from.time) * 1000;
  return {
    milliseconds,
    perMinute: milliseconds >= SHORTEST_BEAT_MS ? 60_000 / milliseconds : null,
    millivolts: amplitude === "mV" ? caliper.to.value - caliper.from.value : null,
  };
}

export function measuredText(measured: Measured): string {
  const parts = [`${measured.milliseconds.toFixed(0)} ms`];
  if (measured.perMinute !== null) parts.push(`${measured.perMinute.toFixed(0)} /min`);
  if (measured.millivolts !== null) {
    const magnitude = Math.abs(measured.millivolts).toFixed(2);
    parts.push(`${Number(magnitude) === 0 ? "" : measured.millivolts < 0 ? "\u2212" : "+"}${magnitude} mV`);
  }
  return parts.join(" \u00b7 ");
}

/** How near the trace a point must be to be drawn to it, in mm of paper. */
export const SNAP_MM = 2;

/**
 * The sample nearest to a point on the paper, peaks and troughs preferred; the point itself where
 * the trace is further than `SNAP_MM` away.
 */
export function snap(point: CaliperPoint, signal: PlotSignal, channel: number, sign: 1 | -1, scale: Scale): CaliperPoint {
  const samples = signal.channels[channel];
  if (samples === undefined) return point;
  const level = signal.levels[channel] ?? 0;
  const reach = SNAP_MM / scale.mmPerSecond;
  const first = Math.max(0, Math.ceil((point.time - reach) * signal.rate));
  const last = Math.min(samples.length - 1, Math.floor((point.time + reach) * signal.rate));
  let best = point;
  let least = SNAP_MM;
  for (let i = first; i <= last; i++) {
    const value = sign * (samples[i]! - level);
    if (Number.isNaN(value)) continue;
    const time = i / signal.rate;
    const away = Math.hypot(mmOfSeconds(scale, time - point.time), mmOfValue(scale, value - point.value));
    const cost = isTurn(samples, i) ? away * 0.4 : away;
    if (away <= SNAP_MM && cost < least) {
      least = cost;
      best = { time, value };
    }
  }
  return best;
}

function isTurn(samples: Float32Array, i: number): boolean {
  const reach = 3;
  const here = samples[i]!;
  let higher = false;
  let lower = false;
  for (let k = Math.max(0, i - reach); k <= Math.min(samples.length - 1, i + reach); k++) {
    if (samples[k]! > here) higher = true;
    if (samples[k]! < here) lower = true;
  }
  return higher !== lower;
}
