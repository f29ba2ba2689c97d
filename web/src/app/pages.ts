/** The pages of the rail, once for rail and search. */
import {
  IconAdjustments,
  IconBox,
  IconChartHistogram,
  IconFolders,
  IconHeartRateMonitor,
  IconRulerMeasure,
  IconSchool,
  IconStethoscope,
  type Icon,
} from "@tabler/icons-react";

export interface PageEntry {
  to: "/library" | "/viewer" | "/train" | "/models" | "/predict" | "/evaluate" | "/measure" | "/settings";
  word: string;
  icon: Icon;
  what: string;
  /** Other addresses that belong to the entry. */
  also?: readonly string[];
}

export const PAGES: readonly PageEntry[] = [
  { to: "/library", word: "Library", icon: IconFolders, what: "datasets, files and labels", also: ["/quarantine", "/measure"] },
  { to: "/viewer", word: "Viewer", icon: IconHeartRateMonitor, what: "an ECG on paper" },
  { to: "/train", word: "Train", icon: IconSchool, what: "make a model learn a task", also: ["/runs"] },
  { to: "/models", word: "Models", icon: IconBox, what: "what has been trained or taken in" },
  { to: "/predict", word: "Predict", icon: IconStethoscope, what: "ask a model about ECGs" },
  { to: "/evaluate", word: "Evaluate", icon: IconChartHistogram, what: "how good a model is" },
];

export const SETTINGS: PageEntry = { to: "/settings", word: "Settings", icon: IconAdjustments, what: "this installation", also: ["/formats"] };

/** Not in the rail: one comes to it from a dataset, or by the search. */
export const MEASURE: PageEntry = { to: "/measure", word: "Measure", icon: IconRulerMeasure, what: "beats and intervals of a whole dataset" };

export function isActive(entry: PageEntry, path: string): boolean {
  return [entry.to, ...(entry.also ?? [])].some((start) => path === start || path.startsWith(`${start}/`));
}
