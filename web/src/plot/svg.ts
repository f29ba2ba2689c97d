/** A pen that writes SVG whose user unit is one millimetre: what is printed measures what it says. */

import type { Box } from "./layouts";
import type { Pen, TextStyle } from "./pen";

/** Finer than a printer at 600 dpi shows. */
const DOT_MM = 0.04;

export class SvgPen implements Pen {
  readonly dot = DOT_MM;
  private readonly parts: string[] = [];
  private clips = 0;
  private readonly font: string;

  constructor(font: string) {
    this.font = font;
  }

  fill(box: Box, colour: string): void {
    this.parts.push(`<rect ${rect(box)} fill="${colour}"/>`);
  }

  outline(box: Box, colour: string, width: number): void {
    this.parts.push(`<rect ${rect(box)} fill="none" stroke="${colour}" stroke-width="${width}"/>`);
  }

  grid(box: Box, step: number, colour: string, width: number): void {
    let path = "";
    for (let i = 0; i * step <= box.width + 1e-6; i++) path += `M${mm(box.x + i * step)} ${mm(box.y)}v${mm(box.height)}`;
    for (let i = 0; i * step <= box.height + 1e-6; i++) path += `M${mm(box.x)} ${mm(box.y + i * step)}h${mm(box.width)}`;
    this.parts.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}"/>`);
  }

  line(x: Float64Array, y: Float64Array, count: number, colour: string, width: number, clip: Box | null): void {
    let path = "";
    let down = false;
    for (let i = 0; i < count; i++) {
      const level = y[i]!;
      if (Number.isNaN(level)) {
        down = false;
        continue;
      }
      path += `${down ? "L" : "M"}${mm(x[i]!)} ${mm(level)}`;
      down = true;
    }
    if (path === "") return;
    let reference = "";
    if (clip !== null) {
      const id = `ecg-clip-${this.clips++}`;
      this.parts.push(`<clipPath id="${id}"><rect ${rect(clip)}/></clipPath>`);
      reference = ` clip-path="url(#${id})"`;
    }
    this.parts.push(
      `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round" stroke-linecap="round"${reference}/>`,
    );
  }

  text(x: number, y: number, text: string, style: TextStyle): void {
    const anchor = { left: "start", right: "end", center: "middle" }[style.align ?? "left"];
    const halo =
      style.halo === undefined ? "" : ` stroke="${style.halo}" stroke-width="${mm(style.size * 0.28)}" paint-order="stroke" stroke-linejoin="round"`;
    this.parts.push(
      `<text x="${mm(x)}" y="${mm(y)}" font-family="${escape(this.font)}" font-size="${mm(style.size)}" font-weight="${style.strong ? 600 : 400}" text-anchor="${anchor}" dominant-baseline="central" fill="${style.colour}"${halo}>${escape(text)}</text>`,
    );
  }

  /** The drawing, `width` by `height` mm, with another one set into it at `x`, `y`. */
  finish(width: number, height: number, title: string, inner?: { x: number; y: number; drawing: SvgPen }): string {
    if (inner !== undefined)
      this.parts.push(`<g transform="translate(${mm(inner.x)} ${mm(inner.y)})">${inner.drawing.parts.join("")}</g>`);
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${mm(width)}mm" height="${mm(height)}mm" viewBox="0 0 ${mm(width)} ${mm(height)}" role="img" aria-label="${escape(title)}">${this.parts.join("")}</svg>`;
  }
}

const mm = (value: number): string => String(Math.round(value * 1000) / 1000);
const rect = (box: Box): string => `x="${mm(box.x)}" y="${mm(box.y)}" width="${mm(box.width)}" height="${mm(box.height)}"`;

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
