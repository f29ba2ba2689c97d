/** Fewer points that look the same: per pixel column the lowest and the highest sample, in their order. */

/** Points of a trace: positions in samples (of the whole record) and values; a NaN value is a gap in the line. */
export interface Points {
  readonly at: Float64Array;
  readonly value: Float32Array;
  readonly length: number;
}

/**
 * Samples `from` up to but not including `to`, thinned for `perColumn` samples to a pixel column.
 *
 * Columns are counted from sample 0 of the record, so that a trace does not flicker while it is
 * scrolled. Each run of missing samples leaves exactly one NaN point, so a gap stays open even
 * where it is narrower than a pixel.
 */
export function decimate(samples: Float32Array, from: number, to: number, perColumn: number): Points {
  const first = Math.max(0, Math.floor(from));
  const end = Math.min(samples.length, Math.ceil(to));
  const count = Math.max(0, end - first);
  const width = Math.max(1, perColumn);
  // Up to two samples a column, thinning would keep all of them anyway.
  const plain = width <= 2;
  const at = new Float64Array(count);
  const value = new Float32Array(count);
  let n = 0;
  const push = (index: number): void => {
    at[n] = index;
    value[n++] = samples[index]!;
  };
  if (plain) {
    for (let i = first; i < end; i++) push(i);
    return { at, value, length: n };
  }
  let i = first;
  while (i < end) {
    if (Number.isNaN(samples[i]!)) {
      push(i);
      while (i < end && Number.isNaN(samples[i]!)) i++;
      continue;
    }
    const boundary = Math.min(end, Math.ceil((Math.floor(i / width) + 1) * width));
    let low = i;
    let high = i;
    for (i++; i < boundary && !Number.isNaN(samples[i]!); i++) {
      if (samples[i]! < samples[low]!) low = i;
      if (samples[i]! > samples[high]!) high = i;
    }
    push(Math.min(low, high));
    if (low !== high) push(Math.max(low, high));
  }
  return { at, value, length: n };
}

/** Lowest and highest value of samples `from` up to `to`; null where all are missing. */
export function extent(samples: Float32Array, from: number, to: number): readonly [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  const end = Math.min(samples.length, Math.ceil(to));
  for (let i = Math.max(0, Math.floor(from)); i < end; i++) {
    const v = samples[i]!;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return low > high ? null : [low, high];
}

const ENOUGH_FOR_MEDIAN = 4096;

/**
 * Median of what is there; 0 where nothing is. The level on which a lead is centred when it is drawn.
 * Of a long lead only every n-th sample is taken: the level need not be exact, opening should be quick.
 */
export function median(samples: Float32Array): number {
  const every = Math.ceil(samples.length / ENOUGH_FOR_MEDIAN);
  const there = samples.filter((v, i) => i % every === 0 && !Number.isNaN(v)).sort();
  if (there.length === 0) return 0;
  const middle = there.length >> 1;
  return there.length % 2 === 1 ? there[middle]! : (there[middle - 1]! + there[middle]!) / 2;
}
