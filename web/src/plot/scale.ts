/** How the paper measures: millimetres of ECG paper per second, per unit of amplitude, and CSS pixels per millimetre. */

export type Amplitude = "mV" | "relative";

export interface Scale {
  readonly mmPerSecond: number;
  /** Millimetres per mV; with relative amplitude per unit of the stored numbers (often 1 SD of the lead). */
  readonly mmPerUnit: number;
  readonly amplitude: Amplitude;
  /** CSS pixels per millimetre of paper, zoom included. */
  readonly pxPerMm: number;
}

export const SPEEDS: readonly number[] = [12.5, 25, 50];

/** Relative amplitude: a lead's SD is about 0.2 mV, so 2 mm per unit looks like 10 mm/mV. */
export const GAINS: Readonly<Record<Amplitude, readonly number[]>> = { mV: [5, 10, 20], relative: [1, 2, 4] };
export const USUAL_GAIN: Readonly<Record<Amplitude, number>> = { mV: 10, relative: 2 };
export const USUAL_SPEED = 25;

export const ZOOMS: readonly number[] = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4];

export const MINOR_MM = 1;
export const MAJOR_MM = 5;

/** The calibration pulse: 1 mV for 200 ms. */
export const PULSE_MV = 1;
export const PULSE_SECONDS = 0.2;

/** CSS defines 1 in as 96 px. */
export const CSS_PX_PER_MM = 96 / 25.4;

export const mmOfSeconds = (scale: Scale, seconds: number): number => seconds * scale.mmPerSecond;
export const secondsOfMm = (scale: Scale, mm: number): number => mm / scale.mmPerSecond;
export const mmOfValue = (scale: Scale, value: number): number => value * scale.mmPerUnit;
export const valueOfMm = (scale: Scale, mm: number): number => mm / scale.mmPerUnit;

/** The next choice of a list after `current`, around the end; a value that is not listed goes to the first. */
export function following(choices: readonly number[], current: number): number {
  return choices[(choices.indexOf(current) + 1) % choices.length] ?? current;
}

/** One step up (`1`) or down (`-1`) a sorted list of zooms, ending at its ends; from between two, to the nearer in that direction. */
export function stepZoom(current: number, direction: 1 | -1): number {
  const tolerance = 1e-6;
  const beyond =
    direction === 1 ? ZOOMS.filter((z) => z > current + tolerance) : ZOOMS.filter((z) => z < current - tolerance).reverse();
  return beyond[0] ?? current;
}

export function speedText(scale: Pick<Scale, "mmPerSecond">): string {
  return `${scale.mmPerSecond} mm/s`;
}

export function gainText(scale: Pick<Scale, "mmPerUnit" | "amplitude">): string {
  return scale.amplitude === "mV" ? `${scale.mmPerUnit} mm/mV` : `${scale.mmPerUnit} mm per unit, relative amplitude`;
}
