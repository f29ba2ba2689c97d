/** Colours of the paper. AA contrast of ink on paper in each. */

export interface Palette {
  readonly paper: string;
  readonly minor: string;
  readonly major: string;
  readonly trace: string;
  readonly ink: string;
  readonly quiet: string;
  readonly caliper: string;
  readonly caliperFill: string;
}

export type PaletteName = "pink" | "neutral" | "dark";

export const PALETTES: Readonly<Record<PaletteName, Palette>> = {
  pink: {
    paper: "#ffffff", minor: "#f7d9d9", major: "#eeb4b4", trace: "#1a1a1a", ink: "#1a1a1a", quiet: "#5c5050",
    caliper: "#0b57a4", caliperFill: "rgba(11, 87, 164, 0.10)",
  },
  neutral: {
    paper: "#ffffff", minor: "#ececec", major: "#d2d2d2", trace: "#1a1a1a", ink: "#1a1a1a", quiet: "#595959",
    caliper: "#0b57a4", caliperFill: "rgba(11, 87, 164, 0.10)",
  },
  dark: {
    paper: "#161616", minor: "#2b2222", major: "#463232", trace: "#e6e6e6", ink: "#e6e6e6", quiet: "#b0a6a6",
    caliper: "#7cc0ff", caliperFill: "rgba(124, 192, 255, 0.14)",
  },
};
