/** A drawing on ECG paper that fills its element; for the views that are no recording. */
import { useEffect, useRef } from "react";
import { CanvasPen, PALETTES, type PaletteName, type Palette, type Pen, paintPaper } from "@/plot";
import css from "./beats.module.css";

export interface Sheet {
  /** mm */
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
}

interface PaperCanvasProps {
  pxPerMm: number;
  palette: PaletteName;
  label: string;
  paint: (pen: Pen, sheet: Sheet) => void;
  testId: string;
}

export function PaperCanvas({ pxPerMm, palette: name, label, paint, testId }: PaperCanvasProps) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const [box, sheet] = [host.current, canvas.current];
    if (box === null || sheet === null) return;
    const draw = () => {
      const ratio = window.devicePixelRatio || 1;
      const [width, height] = [box.clientWidth, box.clientHeight];
      const context = sheet.getContext("2d");
      if (context === null || width === 0 || height === 0) return;
      sheet.width = Math.round(width * ratio);
      sheet.height = Math.round(height * ratio);
      Object.assign(sheet.style, { width: `${width}px`, height: `${height}px` });
      const palette = PALETTES[name];
      const pen = new CanvasPen(context, pxPerMm, ratio, getComputedStyle(box).fontFamily || "sans-serif");
      const size = { width: width / pxPerMm, height: height / pxPerMm };
      paintPaper(pen, { x: 0, y: 0, ...size }, palette);
      paint(pen, { ...size, palette });
    };
    draw();
    const watch = new ResizeObserver(draw);
    watch.observe(box);
    return () => watch.disconnect();
  }, [pxPerMm, name, paint]);
  return (
    <div ref={host} className={css["sheet"]} role="img" aria-label={label} data-testid={testId}>
      <canvas ref={canvas} />
    </div>
  );
}
