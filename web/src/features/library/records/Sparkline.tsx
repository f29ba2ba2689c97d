import { memo } from "react";
import type { Thumbnail } from "@/api";
import css from "../library.module.css";

const WIDTH = 136;
const HEIGHT = 28;

/** The outline of lead II, high above low, as one path. */
export function outline(low: readonly (number | null)[], high: readonly (number | null)[], width = WIDTH, height = HEIGHT): string {
  const values = [...low, ...high].filter((value): value is number => value !== null && Number.isFinite(value));
  if (values.length === 0) return "";
  const least = Math.min(...values);
  const most = Math.max(...values);
  const span = most - least || 1;
  const x = (column: number) => ((column / Math.max(1, low.length - 1)) * width).toFixed(1);
  const y = (value: number) => (height - 2 - ((value - least) / span) * (height - 4)).toFixed(1);
  let path = "";
  let pen = false;
  low.forEach((bottom, column) => {
    const top = high[column];
    if (bottom === null || top === null || top === undefined) {
      pen = false;
      return;
    }
    path += `${pen ? "L" : "M"}${x(column)} ${y(top)}`;
    if (bottom !== top) path += `L${x(column)} ${y(bottom)}`;
    pen = true;
  });
  return path;
}

export const Sparkline = memo(function Sparkline({ thumbnail }: { thumbnail: Thumbnail | undefined }) {
  return (
    <svg className={css["thumb"]} width={WIDTH} height={HEIGHT} role="img" aria-label={thumbnail ? `Lead ${thumbnail.lead}` : "Thumbnail"}>
      {thumbnail && (
        <path d={outline(thumbnail.low, thumbnail.high)} fill="none" stroke="currentColor" strokeWidth={1} strokeLinejoin="round" />
      )}
    </svg>
  );
});
