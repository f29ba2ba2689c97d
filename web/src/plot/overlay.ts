/** Something over the traces that the paper itself knows nothing about: drawn on a layer of its own, and taken hold of. */

import type { Cell } from "./layouts";
import type { Drawing } from "./paint";
import type { Pen } from "./pen";

/** What the pointer can take hold of in `cell`. Asked for while it only passes, too. */
export interface Grip {
  readonly cell: Cell;
  /** The pointer is pressed. */
  take(): void;
  /** The pointer is at this moment, seconds from the start of the record. */
  move(time: number): void;
  /** The pointer let go, or (`cancelled`) it was taken away. */
  drop(cancelled: boolean): void;
}

export interface PaperOverlay {
  paint(pen: Pen, drawing: Drawing): void;
  /** What can be moved at a point of the paper (mm). */
  grip?(x: number, y: number, drawing: Drawing): Grip | null;
  /** What lies at a point of the paper (mm), in words for the hover. */
  tell?(x: number, y: number, drawing: Drawing): string | null;
}
