/** The keys of the viewer. */
import { useEffect, useRef } from "react";
import { type Amplitude, stepZoom } from "@/plot";
import { type KeyLine, isTyping } from "@/ui";
import { VIEWS, type ViewId } from "./beats";
import { type ViewerSettings, withNextFilter, withNextGain, withNextLayout, withNextSpeed } from "./settings";

export const KEYS: readonly KeyLine[] = [
  { keys: ["←", "→"], what: "previous and next ECG" },
  { keys: ["Shift", "← →"], what: "scroll in time, when the ECG is longer than the paper" },
  { keys: ["+", "-"], what: "zoom in and out, all leads together" },
  { keys: ["0"], what: "true size: 1 mm is 1 mm" },
  { keys: ["W"], what: "ten seconds over the whole width" },
  { keys: ["S"], what: "next paper speed" },
  { keys: ["G"], what: "next gain" },
  { keys: ["F"], what: "next filter" },
  { keys: ["L"], what: "next layout" },
  { keys: ["1", "2", "3", "4"], what: "views: ECG, beats laid over each other, median beat, time-aligned" },
  { keys: ["M"], what: "next marks of the beats: none, all leads together, and each lead" },
  { keys: ["E"], what: "correct the marks by hand" },
  { keys: ["C"], what: "caliper on and off; drag on the paper to measure" },
  { keys: ["Esc"], what: "clear the caliper, then put it away" },
  { keys: ["D"], what: "show and hide the details beside the paper" },
  { keys: ["P"], what: "print at true size" },
];

const SHARE_PER_KEY = 0.25;

export interface KeyActions {
  readonly settings: ViewerSettings;
  readonly amplitude: Amplitude;
  readonly measuring: boolean;
  readonly panelOpen: boolean;
  readonly onSettings: (settings: ViewerSettings) => void;
  readonly onMeasuring: (measuring: boolean) => void;
  readonly go: (direction: 1 | -1) => void;
  readonly scroll: (share: number) => void;
  readonly fit: () => void;
  readonly clear: () => void;
  readonly view: (view: ViewId) => void;
  readonly marks: () => void;
  readonly correct: () => void;
  readonly print: () => void;
}

type Stroke = Pick<KeyboardEvent, "key" | "shiftKey">;

/** What a key does, or null for a key that is not ours. */
export function actionOf({ key, shiftKey }: Stroke, on: KeyActions): (() => void) | null {
  const zoom = (to: number) => () => on.onSettings({ ...on.settings, zoom: to });
  const set = (next: (now: ViewerSettings) => ViewerSettings) => () => on.onSettings(next(on.settings));
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case "ArrowLeft":
      return shiftKey ? () => on.scroll(-SHARE_PER_KEY) : () => on.go(-1);
    case "ArrowRight":
      return shiftKey ? () => on.scroll(SHARE_PER_KEY) : () => on.go(1);
    case "+":
    case "=":
      return zoom(stepZoom(on.settings.zoom, 1));
    case "-":
      return zoom(stepZoom(on.settings.zoom, -1));
    case "0":
      return zoom(1);
    case "w":
      return on.fit;
    case "s":
      return set(withNextSpeed);
    case "g":
      return set((now) => withNextGain(now, on.amplitude));
    case "f":
      return set(withNextFilter);
    case "l":
      return set(withNextLayout);
    case "m":
      return on.marks;
    case "e":
      return on.correct;
    case "1":
    case "2":
    case "3":
    case "4":
      return () => on.view(VIEWS[Number(key) - 1]?.id ?? "paper");
    case "c":
      return () => on.onMeasuring(!on.measuring);
    case "Escape":
      return on.clear;
    case "d":
      return set((now) => ({ ...now, panel: !on.panelOpen }));
    case "p":
      return on.print;
    default:
      return null;
  }
}

/** Menus, dialogues and sliders use the same keys for themselves. */
const OTHERS = '[role="menu"], [role="dialog"], [role="slider"], [role="listbox"], [role="combobox"]';

/** Letters and figures mean nothing to a box or a choice of several, which keeps the arrows for itself. */
function isForField(event: KeyboardEvent): boolean {
  const { target, key } = event;
  if (target instanceof HTMLInputElement && (target.type === "radio" || target.type === "checkbox")) return key.length > 1 || key === " ";
  return isTyping(event);
}

export function useViewerKeys(actions: KeyActions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isForField(event)) return;
      if (event.target instanceof Element && event.target.closest(OTHERS) !== null) return;
      if (document.querySelector('[role="dialog"]') !== null) return;
      const action = actionOf(event, latest.current);
      if (action === null) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
