/** The ECG paper of `plot` as an element of the page. */
import { useEffect, useImperativeHandle, useRef, type Ref } from "react";
import { Paper, type Caliper, type PaperOptions, type PaperOverlay, type PaperWindow, type PlotSignal } from "@/plot";
import css from "./viewer.module.css";

export interface PaperHandle {
  /** Scroll by this share of what is seen. */
  scrollBy: (share: number) => void;
  scrollTo: (start: number) => void;
  clearCaliper: () => void;
  setOverlay: (overlay: PaperOverlay | null) => void;
  /** Scroll, if need be, until this moment is seen. */
  bringIntoSight: (seconds: number) => void;
  /** CSS pixels. */
  width: () => number;
}

interface EcgPaperProps {
  ref: Ref<PaperHandle>;
  /** Changes with the record, not with its filter. */
  record: number;
  signal: PlotSignal;
  options: PaperOptions;
  label: string;
  onWindow: (window: PaperWindow) => void;
  onCaliper: (caliper: Caliper | null) => void;
  onZoom: (direction: 1 | -1) => void;
}

export function EcgPaper({ ref, record, signal, options, label, onWindow, onCaliper, onZoom }: EcgPaperProps) {
  const host = useRef<HTMLDivElement>(null);
  const paper = useRef<Paper | null>(null);
  const shownRecord = useRef<number | null>(null);
  const events = useRef({ onWindow, onCaliper, onZoom });
  useEffect(() => {
    events.current = { onWindow, onCaliper, onZoom };
  });

  useEffect(() => {
    if (host.current === null) return;
    const made = new Paper(host.current, {
      onWindow: (window) => events.current.onWindow(window),
      onCaliper: (caliper) => events.current.onCaliper(caliper),
      onZoom: (direction) => events.current.onZoom(direction),
    });
    paper.current = made;
    shownRecord.current = null;
    return () => {
      made.destroy();
      paper.current = null;
    };
  }, []);
  useEffect(() => paper.current?.set(options), [options]);
  useEffect(() => {
    paper.current?.show(signal, shownRecord.current === record);
    shownRecord.current = record;
  }, [record, signal]);
  useImperativeHandle(ref, () => ({
    scrollBy: (share) => paper.current?.scrollBy(share),
    scrollTo: (start) => paper.current?.scrollTo(start),
    clearCaliper: () => paper.current?.setCaliper(null),
    setOverlay: (overlay) => paper.current?.setOverlay(overlay),
    bringIntoSight: (seconds) => paper.current?.bringIntoSight(seconds),
    width: () => host.current?.clientWidth ?? 0,
  }));

  return (
    <div
      ref={host}
      className={css["paper"]}
      role="img"
      aria-label={label}
      tabIndex={0}
      data-testid="viewer-paper"
      data-px-per-mm={options.screenPxPerMm * options.zoom}
      data-mm-per-second={options.mmPerSecond}
      data-mm-per-unit={options.mmPerUnit}
    />
  );
}
