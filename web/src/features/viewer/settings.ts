/** How this browser's user likes to see ECGs: kept from record to record and from visit to visit. */
import { GAINS, LAYOUTS, type Amplitude, type LayoutId, type LeadOrder, type PaletteName, SPEEDS, USUAL_GAIN, USUAL_LAYOUT, USUAL_SPEED, ZOOMS, following } from "@/plot";

export type FilterId = "recorded" | "0.5-40" | "0.05-150";
export type PaperColour = "auto" | PaletteName;

export interface Filter {
  readonly id: FilterId;
  readonly title: string;
  /** Pass band in Hz that the server applies; null shows what was recorded. */
  readonly band: readonly [number, number] | null;
  readonly explanation: string;
}

export const FILTERS: readonly Filter[] = [
  { id: "recorded", title: "as recorded", band: null, explanation: "What the file holds, without any change" },
  { id: "0.5-40", title: "0.5\u201340 Hz", band: [0.5, 40], explanation: "Steady baseline, little noise; what most models see. Not for judging ST segments" },
  { id: "0.05-150", title: "0.05\u2013150 Hz", band: [0.05, 150], explanation: "Diagnostic band; needs a recording of more than 300 Hz" },
];

export interface ViewerSettings {
  readonly layout: LayoutId;
  readonly order: LeadOrder;
  readonly rhythmLead: string;
  readonly speed: number;
  readonly gain: Readonly<Record<Amplitude, number>>;
  readonly filter: FilterId;
  readonly zoom: number;
  readonly colour: PaperColour;
  readonly snapping: boolean;
  /** null: open where the window is wide enough for ten seconds beside it. */
  readonly panel: boolean | null;
}

export const USUAL: ViewerSettings = {
  layout: USUAL_LAYOUT, order: "standard", rhythmLead: "II", speed: USUAL_SPEED, gain: USUAL_GAIN,
  filter: "recorded", zoom: 1, colour: "auto", snapping: true, panel: null,
};

export function filterOf(id: FilterId): Filter {
  return FILTERS.find((filter) => filter.id === id) ?? FILTERS[0]!;
}

const oneOf = <T>(choices: readonly T[], value: unknown, usual: T): T => choices.find((choice) => choice === value) ?? usual;

/** Settings out of storage; what is not understood falls back to the usual. */
export function parseSettings(text: string | null | undefined): ViewerSettings {
  let stored: Partial<Record<keyof ViewerSettings, unknown>> = {};
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    if (typeof value === "object" && value !== null) stored = value;
  } catch {
    return USUAL;
  }
  const gain = (typeof stored.gain === "object" && stored.gain !== null ? stored.gain : {}) as Partial<Record<Amplitude, unknown>>;
  return {
    layout: oneOf(LAYOUTS.map((layout) => layout.id), stored.layout, USUAL.layout),
    order: oneOf<LeadOrder>(["standard", "cabrera"], stored.order, USUAL.order),
    rhythmLead: typeof stored.rhythmLead === "string" ? stored.rhythmLead : USUAL.rhythmLead,
    speed: oneOf(SPEEDS, stored.speed, USUAL.speed),
    gain: { mV: oneOf(GAINS.mV, gain.mV, USUAL_GAIN.mV), relative: oneOf(GAINS.relative, gain.relative, USUAL_GAIN.relative) },
    filter: oneOf(FILTERS.map((filter) => filter.id), stored.filter, USUAL.filter),
    zoom: typeof stored.zoom === "number" && stored.zoom >= ZOOMS[0]! && stored.zoom <= ZOOMS.at(-1)! ? stored.zoom : USUAL.zoom,
    colour: oneOf<PaperColour>(["auto", "pink", "neutral", "dark"], stored.colour, USUAL.colour),
    snapping: typeof stored.snapping === "boolean" ? stored.snapping : USUAL.snapping,
    panel: typeof stored.panel === "boolean" ? stored.panel : null,
  };
}

export function withNextSpeed(settings: ViewerSettings): ViewerSettings {
  return { ...settings, speed: following(SPEEDS, settings.speed) };
}

export function withNextGain(settings: ViewerSettings, amplitude: Amplitude): ViewerSettings {
  return { ...settings, gain: { ...settings.gain, [amplitude]: following(GAINS[amplitude], settings.gain[amplitude]) } };
}

export function withNextLayout(settings: ViewerSettings): ViewerSettings {
  const at = LAYOUTS.findIndex((layout) => layout.id === settings.layout);
  return { ...settings, layout: LAYOUTS[(at + 1) % LAYOUTS.length]!.id };
}

export function withNextFilter(settings: ViewerSettings): ViewerSettings {
  const at = FILTERS.findIndex((filter) => filter.id === settings.filter);
  return { ...settings, filter: FILTERS[(at + 1) % FILTERS.length]!.id };
}
