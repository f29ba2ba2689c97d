/** ECG paper on a canvas and on a printed sheet. Everything here works without a framework. */

export { CARD_HEIGHT_MM, CARD_WIDTH_MM, pxPerMmOfCard, storePxPerMm, storedPxPerMm } from "./calibration";
export { CanvasPen } from "./canvas";
export { type Caliper, type Measured, measure, measuredText } from "./caliper";
export { type Box, type Cell, LAYOUTS, type LayoutId, type LeadOrder, ORDERS, USUAL_LAYOUT, layoutOf, usualWidth } from "./layouts";
export type { Grip, PaperOverlay } from "./overlay";
export { type Drawing, paintPaper } from "./paint";
export { PALETTES, type Palette, type PaletteName } from "./palette";
export type { Pen, TextStyle } from "./pen";
export { Paper, type PaperEvents, type PaperOptions, type PaperWindow } from "./paper";
export { SHEET_HEIGHT_MM, SHEET_WIDTH_MM, type SheetBlock, printSheet } from "./print";
export {
  type Amplitude, type Scale, CSS_PX_PER_MM, GAINS, SPEEDS, USUAL_GAIN, USUAL_SPEED, ZOOMS, following, gainText, mmOfSeconds, speedText, stepZoom,
} from "./scale";
export { type PlotSignal, readSignal } from "./signal";
