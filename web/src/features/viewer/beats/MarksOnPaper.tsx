/** Puts what was found of the beats over the paper; renders nothing, or the bar for correcting. */
import { useEffect, useMemo, useRef, type RefObject } from "react";
import type { MeasuredRecord } from "@/api";
import type { PaperOverlay } from "@/plot";
import type { PaperHandle } from "../EcgPaper";
import { CorrectionBar } from "./CorrectionBar";
import { type LitBeats, useLit } from "./lit";
import { marksOverlay } from "./marks";
import type { Marks } from "./settings";
import { useCorrecting } from "./useCorrecting";
import { GLOBAL } from "./words";

interface MarksProps {
  paper: RefObject<PaperHandle | null>;
  record: MeasuredRecord;
  marks: Marks;
  lit: LitBeats;
}

function useOverlay(paper: RefObject<PaperHandle | null>, overlay: PaperOverlay | null): void {
  useEffect(() => paper.current?.setOverlay(overlay), [paper, overlay]);
  useEffect(() => {
    const handle = paper;
    return () => handle.current?.setOverlay(null);
  }, [paper]);
}

export function MarksOnPaper({ paper, record, marks, lit: litBeats }: MarksProps) {
  const lit = useLit(litBeats);
  const overlay = useMemo(
    () => (marks === "off" && lit === null ? null : marksOverlay({ record, marks, lit, correcting: null })),
    [record, marks, lit],
  );
  useOverlay(paper, overlay);
  return null;
}

interface CorrectingProps extends MarksProps {
  rate: number;
  /** The lead that is to be seen over the whole width; null: any. */
  onLead: (lead: string) => void;
  onDone: () => void;
}

export function CorrectingOnPaper({ paper, record, marks, lit: litBeats, rate, onLead, onDone }: CorrectingProps) {
  const lit = useLit(litBeats);
  const state = useCorrecting(record);
  const latest = useRef(state);
  useEffect(() => {
    latest.current = state;
  });
  const { held } = state;
  const overlay = useMemo(
    () =>
      marksOverlay({
        record, marks, lit, correcting: held,
        onTake: ({ beat, mark }) => latest.current.hold({ beat, mark }),
        onMove: (_place, time) => latest.current.drag(Math.round(time * rate) / rate),
        onDrop: (_place, cancelled) => (cancelled ? latest.current.letGo() : latest.current.settle()),
      }),
    [record, marks, lit, held, rate],
  );
  useOverlay(paper, overlay);
  const r = record.r_peaks[held.beat];
  useEffect(() => {
    if (r !== undefined) paper.current?.bringIntoSight(r);
  }, [paper, r]);
  return <CorrectionBar record={record} rate={rate} state={state} onChannel={(channel) => channel !== GLOBAL && onLead(channel)} onDone={onDone} />;
}
