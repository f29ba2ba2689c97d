/** What the paper is drawn with, in millimetres: one painter draws the screen's canvas and the printer's SVG. */

import type { Box } from "./layouts";

export interface TextStyle {
  /** Height of the type in mm. */
  readonly size: number;
  readonly colour: string;
  readonly strong?: boolean;
  readonly align?: "left" | "right" | "center";
  /** Colour of an outline that keeps the text legible on a trace. */
  readonly halo?: string;
}

export interface Pen {
  /** Finest detail that this pen shows, mm. */
  readonly dot: number;
  fill(box: Box, colour: string): void;
  outline(box: Box, colour: string, width: number): void;
  /** Upright and level lines every `step` mm from the upper left corner of `box`. */
  grid(box: Box, step: number, colour: string, width: number): void;
  /** A line through the first `count` points; NaN in `y` lifts the pen. Nothing is drawn outside `clip`. */
  line(x: Float64Array, y: Float64Array, count: number, colour: string, width: number, clip: Box | null): void;
  /** `y` is the middle of the type. */
  text(x: number, y: number, text: string, style: TextStyle): void;
}

/** Line weights of the paper, mm. */
export const TRACE_MM = 0.3;
export const MINOR_LINE_MM = 0.1;
export const MAJOR_LINE_MM = 0.2;
