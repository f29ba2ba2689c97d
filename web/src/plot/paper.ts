/** ECG paper in an element of the page: four canvases (grid, traces, overlay, caliper) and the pointer. No framework. */

import { type Caliper, type CaliperPoint, snap } from "./caliper";
import { CanvasPen } from "./canvas";
import { type Cell, type LayoutId, type LeadOrder, type PageLayout, cellAt, clampStart, layOut, layoutOf } from "./layouts";
import { PALETTES, type PaletteName } from "./palette";
import { type Drawing, paintCaliper, paintPaper, paintTraces } from "./paint";
import type { Grip, PaperOverlay } from "./overlay";
import { type Scale, secondsOfMm, valueOfMm } from "./scale";
import type { PlotSignal } from "./signal";

export interface PaperOptions {
  readonly layout: LayoutId;
  readonly order: LeadOrder;
  readonly rhythmLead: string;
  readonly mmPerSecond: number;
  readonly mmPerUnit: number;
  /** CSS pixels per mm of this screen. */
  readonly screenPxPerMm: number;
  readonly zoom: number;
  readonly palette: PaletteName;
  /** Dragging measures instead of scrolling. */
  readonly measuring: boolean;
  readonly snapping: boolean;
  readonly settings: readonly string[];
  /** Leads that were computed from others, and moments of pacing spikes in seconds: both are marked. */
  readonly derived: readonly string[];
  readonly spikes: readonly number[];
  /** Leads that are drawn faintly. */
  readonly faint?: readonly string[];
}

/** What is shown at the moment. */
export interface PaperWindow {
  readonly start: number;
  readonly span: number;
  readonly duration: number;
  readonly missing: readonly string[];
}

export interface PaperEvents {
  readonly onWindow: (window: PaperWindow) => void;
  readonly onCaliper: (caliper: Caliper | null) => void;
  readonly onZoom: (direction: 1 | -1) => void;
}

type Drag =
  | { readonly kind: "scroll"; readonly x: number; readonly start: number }
  | { readonly kind: "caliper"; readonly cell: Cell; readonly fixed: CaliperPoint }
  | { readonly kind: "grip"; readonly grip: Grip };

/** How near an end of the caliper the pointer must be to move it, mm. */
const GRIP_MM = 2;
const LEAST_DRAG_MM = 0.5;

/** How long a drawing took, for whoever watches (`benchmarks/ecg_page.py`); the browser keeps only the last of a name. */
function told(name: string, start: number): void {
  performance.clearMeasures?.(name);
  performance.measure?.(name, { start });
}

export class Paper {
  private readonly host: HTMLElement;
  private readonly events: PaperEvents;
  private readonly sheet = document.createElement("div");
  private readonly layers = ["grid", "traces", "overlay", "caliper"].map((name) => {
    const canvas = document.createElement("canvas");
    canvas.dataset["layer"] = name;
    return canvas;
  });
  private readonly watcher: ResizeObserver;
  private readonly listening = new AbortController();
  private signal: PlotSignal | null = null;
  private options: PaperOptions | null = null;
  private page: PageLayout | null = null;
  private start = 0;
  private caliper: Caliper | null = null;
  private overlay: PaperOverlay | null = null;
  private drag: Drag | null = null;
  /** Size of the element that the page was laid out for, CSS pixels. */
  private laidOut = { width: 0, height: 0 };
  private gridKey = "";
  private frame = 0;
  private overlayFrame = 0;

  constructor(host: HTMLElement, events: PaperEvents) {
    this.host = host;
    this.events = events;
    this.sheet.style.position = "relative";
    for (const canvas of this.layers) {
      Object.assign(canvas.style, { position: "absolute", inset: "0", display: "block" });
      this.sheet.append(canvas);
    }
    host.append(this.sheet);
    this.watcher = new ResizeObserver(() => {
      // It also tells the size that there was from the start, which is laid out already.
      if (this.host.clientWidth !== this.laidOut.width || this.host.clientHeight !== this.laidOut.height) this.refresh();
    });
    this.watcher.observe(host);
    const { signal } = this.listening;
    this.sheet.addEventListener("pointerdown", this.onDown, { signal });
    this.sheet.addEventListener("pointermove", this.onMove, { signal });
    this.sheet.addEventListener("pointerup", this.onUp, { signal });
    this.sheet.addEventListener("pointercancel", this.onUp, { signal });
    host.addEventListener("wheel", this.onWheel, { signal, passive: false });
  }

  destroy(): void {
    this.listening.abort();
    this.watcher.disconnect();
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.overlayFrame);
    this.sheet.remove();
  }

  /** Another record: from its start, without a caliper. The same record in another filter keeps both. */
  show(signal: PlotSignal, sameRecord: boolean): void {
    this.signal = signal;
    if (!sameRecord) {
      this.start = 0;
      this.setCaliper(null);
    }
    this.refresh();
  }

  set(options: PaperOptions): void {
    if (!options.measuring && this.options?.measuring) this.setCaliper(null);
    this.options = options;
    this.refresh();
  }

  scrollTo(start: number): void {
    if (this.page === null || this.signal === null) return;
    const clamped = clampStart(start, this.page.span, this.signal.duration);
    if (clamped === this.start) return;
    this.start = clamped;
    this.announce();
    this.request();
  }

  /** Scroll by this share of what is seen. */
  scrollBy(share: number): void {
    if (this.page !== null) this.scrollTo(this.start + share * this.page.span);
  }

  /** Scroll, if need be, until this moment is seen with a little on either side. */
  bringIntoSight(seconds: number): void {
    if (this.page === null) return;
    const { span } = this.page;
    const margin = Math.min(1, span / 4);
    if (seconds < this.start + margin || seconds > this.start + span - margin) this.scrollTo(seconds - span / 2);
  }

  /** Seconds from the start of the record at the left edge. */
  get windowStart(): number {
    return this.start;
  }

  setCaliper(caliper: Caliper | null): void {
    if (this.caliper === caliper) return;
    this.caliper = caliper;
    this.events.onCaliper(caliper);
    this.request();
  }

  /** What lies over the traces; null takes it away, and then it costs nothing. The traces are not drawn anew. */
  setOverlay(overlay: PaperOverlay | null): void {
    if (this.overlay === overlay) return;
    this.overlay = overlay;
    this.sheet.title = "";
    if (this.overlayFrame === 0) this.overlayFrame = requestAnimationFrame(() => this.drawOverlay());
  }

  private scale(): Scale | null {
    if (this.signal === null || this.options === null) return null;
    const { mmPerSecond, mmPerUnit, screenPxPerMm, zoom } = this.options;
    return { mmPerSecond, mmPerUnit, amplitude: this.signal.amplitude, pxPerMm: screenPxPerMm * zoom };
  }

  /** Lay out anew: after another record, other options or another size. */
  private refresh(): void {
    const scale = this.scale();
    if (scale === null || this.signal === null || this.options === null) return;
    const width = this.host.clientWidth;
    const height = this.host.clientHeight;
    if (width === 0 || height === 0) return;
    this.laidOut = { width, height };
    this.page = layOut({
      layout: layoutOf(this.options.layout), order: this.options.order, leads: this.signal.leads,
      rhythmLead: this.options.rhythmLead, duration: this.signal.duration, scale,
      width: width / scale.pxPerMm, height: height / scale.pxPerMm, ranges: this.signal.ranges, derived: this.options.derived,
    });
    this.start = clampStart(this.start, this.page.span, this.signal.duration);
    this.sheet.style.cursor = this.cursor;
    // Left and right drags are ours; up and down stay the page's on a touch screen.
    this.sheet.style.touchAction = this.options.measuring ? "none" : "pan-y";
    this.announce();
    // At once, not in the next frame: an arrow key should show the next ECG without a blank in between.
    this.draw();
  }

  private announce(): void {
    if (this.page === null || this.signal === null) return;
    const { span, missing } = this.page;
    this.events.onWindow({ start: this.start, span, duration: this.signal.duration, missing });
  }

  private get canScroll(): boolean {
    return this.page !== null && this.signal !== null && this.page.span < this.signal.duration - 1e-6;
  }

  private request(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const scale = this.scale();
    const { page, signal, options } = this;
    if (scale === null || page === null || signal === null || options === null) return;
    const ratio = window.devicePixelRatio || 1;
    const palette = PALETTES[options.palette];
    const drawing = this.drawing()!;
    const [grid, traces, caliper] = ["grid", "traces", "caliper"].map((name) => this.prepare(this.layer(name), page, scale, ratio)) as [
      CanvasRenderingContext2D, CanvasRenderingContext2D, CanvasRenderingContext2D,
    ];
    const font = getComputedStyle(this.host).fontFamily || "sans-serif";
    const pen = (context: CanvasRenderingContext2D): CanvasPen => new CanvasPen(context, scale.pxPerMm, ratio, font);
    const gridKey = [grid.canvas.width, grid.canvas.height, scale.pxPerMm, ratio, options.palette].join(" ");
    if (gridKey !== this.gridKey) {
      this.gridKey = gridKey;
      paintPaper(pen(grid), { x: 0, y: 0, width: page.width, height: page.height }, palette);
    }
    const began = performance.now();
    traces.clearRect(0, 0, traces.canvas.width, traces.canvas.height);
    paintTraces(pen(traces), drawing);
    told("ecg-traces", began);
    caliper.clearRect(0, 0, caliper.canvas.width, caliper.canvas.height);
    if (this.caliper !== null) paintCaliper(pen(caliper), drawing, this.caliper);
    this.drawOverlay();
  }

  private layer(name: string): HTMLCanvasElement {
    return this.layers.find((canvas) => canvas.dataset["layer"] === name)!;
  }

  /** What an overlay is drawn with and asked about; null while nothing is shown. */
  private drawing(): Drawing | null {
    const scale = this.scale();
    const { page, signal, options } = this;
    if (scale === null || page === null || signal === null || options === null) return null;
    const palette = PALETTES[options.palette];
    return { page, signal, scale, palette, start: this.start, settings: options.settings, spikes: options.spikes, faint: options.faint };
  }

  private drawOverlay(): void {
    cancelAnimationFrame(this.overlayFrame);
    this.overlayFrame = 0;
    const canvas = this.layer("overlay");
    const drawing = this.drawing();
    if (this.overlay === null || drawing === null) {
      // An empty canvas takes no memory and is not put together with the others.
      if (canvas.width > 0) Object.assign(canvas, { width: 0, height: 0 });
      return;
    }
    const ratio = window.devicePixelRatio || 1;
    const context = this.prepare(canvas, drawing.page, drawing.scale, ratio);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const font = getComputedStyle(this.host).fontFamily || "sans-serif";
    const began = performance.now();
    this.overlay.paint(new CanvasPen(context, drawing.scale.pxPerMm, ratio, font), drawing);
    told("ecg-marks", began);
  }

  /** Size a canvas to the page in device pixels; a canvas that fits already is left as it is. */
  private prepare(canvas: HTMLCanvasElement, page: PageLayout, scale: Scale, ratio: number): CanvasRenderingContext2D {
    const cssWidth = Math.floor(page.width * scale.pxPerMm + 1e-6);
    const cssHeight = Math.floor(page.height * scale.pxPerMm + 1e-6);
    const width = Math.round(cssWidth * ratio);
    const height = Math.round(cssHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      Object.assign(canvas.style, { width: `${cssWidth}px`, height: `${cssHeight}px` });
      Object.assign(this.sheet.style, { width: `${cssWidth}px`, height: `${cssHeight}px` });
      this.gridKey = "";
    }
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("This browser draws no canvas.");
    return context;
  }

  private at(event: PointerEvent, scale: Scale): { readonly x: number; readonly y: number } {
    const corner = this.sheet.getBoundingClientRect();
    return { x: (event.clientX - corner.left) / scale.pxPerMm, y: (event.clientY - corner.top) / scale.pxPerMm };
  }

  private pointOf(cell: Cell, x: number, y: number, scale: Scale): CaliperPoint {
    const point = {
      time: this.start + cell.from + secondsOfMm(scale, x - cell.x),
      value: valueOfMm(scale, cell.baseline - y),
    };
    if (!this.options?.snapping || this.signal === null) return point;
    return snap(point, this.signal, cell.channel, cell.lead.sign, scale);
  }

  /** The end of the caliper that stays when the pointer grips the other one. */
  private gripped(cell: Cell, x: number, scale: Scale): CaliperPoint | null {
    const { caliper } = this;
    if (caliper === null || caliper.channel !== cell.channel || caliper.rhythm !== cell.rhythm) return null;
    const time = this.start + cell.from + secondsOfMm(scale, x - cell.x);
    const away = (point: CaliperPoint): number => Math.abs(point.time - time) * scale.mmPerSecond;
    const [near, far] = away(caliper.from) < away(caliper.to) ? [caliper.from, caliper.to] : [caliper.to, caliper.from];
    return away(near) <= GRIP_MM ? far : null;
  }

  private readonly onDown = (event: PointerEvent): void => {
    const scale = this.scale();
    if (event.button !== 0 || scale === null || this.page === null) return;
    const { x, y } = this.at(event, scale);
    const grip = this.options?.measuring ? null : this.gripAt(x, y);
    if (grip !== null) {
      this.drag = { kind: "grip", grip };
      grip.take();
    } else if (this.options?.measuring) {
      const cell = cellAt(this.page, x, y);
      if (cell === null) return;
      this.drag = { kind: "caliper", cell, fixed: this.gripped(cell, x, scale) ?? this.pointOf(cell, x, y, scale) };
    } else if (this.canScroll) {
      this.drag = { kind: "scroll", x, start: this.start };
      this.sheet.style.cursor = "grabbing";
    } else return;
    this.sheet.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.host.focus({ preventScroll: true });
  };

  private readonly onMove = (event: PointerEvent): void => {
    const scale = this.scale();
    const { drag } = this;
    if (scale === null) return;
    const { x, y } = this.at(event, scale);
    if (drag === null) {
      this.hover(x, y);
      return;
    }
    if (drag.kind === "grip") {
      drag.grip.move(this.start + drag.grip.cell.from + secondsOfMm(scale, x - drag.grip.cell.x));
      return;
    }
    if (drag.kind === "scroll") {
      this.scrollTo(drag.start - secondsOfMm(scale, x - drag.x));
      return;
    }
    const { cell, fixed } = drag;
    const to = this.pointOf(cell, Math.min(Math.max(x, cell.x), cell.x + cell.width), y, scale);
    const moved = Math.hypot((to.time - fixed.time) * scale.mmPerSecond, (to.value - fixed.value) * scale.mmPerUnit);
    if (this.caliper === null && moved < LEAST_DRAG_MM) return;
    this.setCaliper({ channel: cell.channel, sign: cell.lead.sign, rhythm: cell.rhythm, from: fixed, to });
  };

  private readonly onUp = (event: PointerEvent): void => {
    if (this.drag?.kind === "grip") this.drag.grip.drop(event.type === "pointercancel");
    this.drag = null;
    this.sheet.style.cursor = this.cursor;
  };

  private get cursor(): string {
    return this.options?.measuring ? "crosshair" : this.canScroll ? "grab" : "default";
  }

  private gripAt(x: number, y: number): Grip | null {
    const drawing = this.drawing();
    return drawing === null ? null : (this.overlay?.grip?.(x, y, drawing) ?? null);
  }

  private hover(x: number, y: number): void {
    const drawing = this.drawing();
    if (this.overlay === null || drawing === null) return;
    this.sheet.title = this.overlay.tell?.(x, y, drawing) ?? "";
    this.sheet.style.cursor = !this.options?.measuring && this.gripAt(x, y) !== null ? "ew-resize" : this.cursor;
  }

  private readonly onWheel = (event: WheelEvent): void => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      if (event.deltaY !== 0) this.events.onZoom(event.deltaY < 0 ? 1 : -1);
      return;
    }
    const overflows = this.host.scrollHeight > this.host.clientHeight + 1;
    const along = event.deltaX !== 0 ? event.deltaX : event.shiftKey || !overflows ? event.deltaY : 0;
    const scale = this.scale();
    if (along === 0 || scale === null || !this.canScroll) return;
    event.preventDefault();
    this.scrollTo(this.start + secondsOfMm(scale, along / scale.pxPerMm));
  };
}
