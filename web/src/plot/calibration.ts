/** How large a millimetre is on this screen: measured once by its user with a bank card, kept in the browser. */

import { CSS_PX_PER_MM } from "./scale";

/** Width of a bank card, ISO/IEC 7810 ID-1, in mm. */
export const CARD_WIDTH_MM = 85.6;
export const CARD_HEIGHT_MM = 53.98;

const KEY = "einthoven.pxPerMm";
const LOWEST = CSS_PX_PER_MM * 0.4;
const HIGHEST = CSS_PX_PER_MM * 2.5;

type Keeper = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export function pxPerMmOfCard(widthPx: number): number {
  return widthPx / CARD_WIDTH_MM;
}

/** The stored calibration, or null where there is none or it cannot be right. */
export function storedPxPerMm(keeper: Keeper): number | null {
  const value = Number(keeper.getItem(KEY) ?? Number.NaN);
  return value >= LOWEST && value <= HIGHEST ? value : null;
}

export function storePxPerMm(keeper: Keeper, pxPerMm: number | null): void {
  if (pxPerMm === null) keeper.removeItem(KEY);
  else keeper.setItem(KEY, String(pxPerMm));
}
