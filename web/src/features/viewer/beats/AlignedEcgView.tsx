/** The ECG with its beats at even distances, as Rlign makes it: for comparing, and as input of models. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { type PaperOptions, readSignal } from "@/plot";
import { fmt, ProblemView, Waiting } from "@/ui";
import { EcgPaper, type PaperHandle } from "../EcgPaper";
import { ExportMenu } from "./ExportMenu";
import { alignedQuery } from "./queries";
import { unitOf } from "./scales";
import css from "./beats.module.css";

interface AlignedProps {
  item: number;
  method: string;
  options: PaperOptions;
}

const nothing = () => {};
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function AlignedEcgView({ item, method, options }: AlignedProps) {
  const aligned = useQuery(alignedQuery(item, method));
  const paper = useRef<PaperHandle>(null);
  const signal = useMemo(() => {
    if (aligned.data === undefined) return null;
    const { view, samples } = aligned.data;
    return readSignal(samples, view.leads, view.rate, unitOf(view.unit));
  }, [aligned.data]);
  const shown = useMemo<PaperOptions>(() => ({ ...options, measuring: false, spikes: [], faint: [], settings: [...options.settings.slice(0, 2), "time-aligned by Rlign, not as recorded"] }), [options]);
  return (
    <section className={css["view"]} aria-label="Time-aligned ECG" data-testid="aligned-view">
      <div className={css["bar"]}>
        <span className={css["quietLine"]}>{signal === null ? "" : `${fmt.plain(signal.duration, 1)} s at ${fmt.rate(signal.rate)}. Time is stretched: intervals cannot be measured here.`}</span>
        <div className={css["atEnd"]}>
          {!aligned.isError && <ExportMenu item={item} what="rlign-aligned" query={{ method }} />}
        </div>
      </div>
      {aligned.isError ? (
        <ProblemView error={aligned.error} onRetry={() => void aligned.refetch()} />
      ) : signal === null || aligned.data === undefined ? (
        <Waiting height="60vh" />
      ) : (
        <>
          <EcgPaper ref={paper} record={item} signal={signal} options={shown} onWindow={nothing} onCaliper={nothing} onZoom={nothing} label={`Time-aligned ECG, leads ${aligned.data.view.leads.join(", ")}`} />
          <p className={css["caption"]}>{capital(aligned.data.view.steps.at(-1) ?? "")}</p>
        </>
      )}
    </section>
  );
}
