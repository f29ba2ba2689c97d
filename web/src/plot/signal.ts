/** The samples to draw, as they come from the server. */

import { extent, median } from "./decimate";
import type { Amplitude } from "./scale";

export interface PlotSignal {
  readonly leads: readonly string[];
  /** Samples per second, Hz. */
  readonly rate: number;
  readonly amplitude: Amplitude;
  /** One array per lead; NaN = missing. */
  readonly channels: readonly Float32Array[];
  /** Median per lead: drawn on the baseline, so that an electrode offset does not push a trace off the paper. */
  readonly levels: readonly number[];
  /** Lowest and highest value per lead, from its level. */
  readonly ranges: readonly (readonly [number, number])[];
  /** Seconds. */
  readonly duration: number;
}

/**
 * Read float32, little-endian, `(n_leads, n_samples)` in C order.
 *
 * Throws a RangeError when the number of bytes is not that of `leads` equally long rows.
 */
export function readSignal(bytes: ArrayBuffer, leads: readonly string[], rate: number, amplitude: Amplitude): PlotSignal {
  const row = bytes.byteLength / leads.length;
  if (leads.length === 0 || !Number.isInteger(row / 4) || row === 0)
    throw new RangeError(`${bytes.byteLength} bytes are not ${leads.length} equally long leads of float32.`);
  const channels = leads.map((_, i) => float32LittleEndian(bytes, i * row, row / 4));
  const levels = channels.map(median);
  const ranges = channels.map((samples, i): readonly [number, number] => {
    const [low, high] = extent(samples, 0, samples.length) ?? [0, 0];
    return [low - levels[i]!, high - levels[i]!];
  });
  return { leads, rate, amplitude, channels, levels, ranges, duration: row / 4 / rate };
}

const HOST_IS_LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function float32LittleEndian(bytes: ArrayBuffer, offset: number, count: number): Float32Array {
  if (HOST_IS_LITTLE) return new Float32Array(bytes, offset, count);
  const view = new DataView(bytes, offset, count * 4);
  return Float32Array.from({ length: count }, (_, i) => view.getFloat32(i * 4, true));
}
