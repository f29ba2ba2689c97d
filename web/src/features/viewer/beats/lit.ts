/** Which beats are lit on the paper: told by a number under the pointer, without drawing the whole page anew. */
import { useSyncExternalStore } from "react";

export interface Lit {
  readonly beats: readonly number[];
  /** Only in this lead; null: in all. */
  readonly lead: string | null;
}

export class LitBeats {
  private now: Lit | null = null;
  private readonly listeners = new Set<() => void>();

  readonly get = (): Lit | null => this.now;

  readonly set = (lit: Lit | null): void => {
    if (this.now === lit) return;
    this.now = lit;
    for (const tell of this.listeners) tell();
  };

  readonly subscribe = (tell: () => void): (() => void) => {
    this.listeners.add(tell);
    return () => this.listeners.delete(tell);
  };
}

export function useLit(lit: LitBeats): Lit | null {
  return useSyncExternalStore(lit.subscribe, lit.get);
}
