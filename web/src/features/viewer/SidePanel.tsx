/** What stands beside the paper; each part folds. */
import { IconChevronDown } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { MeasuredRecord, RecordDetail } from "@/api";
import { CorrectionsPanel, type LitBeats, MeasurementsPanel } from "./beats";
import type { BeatSettings } from "./beats/settings";
import { PassportPanel } from "./PassportPanel";
import { LabelsPanel, PredictionPanel } from "./PredictionPanel";
import { QualityPanel } from "./QualityPanel";
import css from "./viewer.module.css";

interface SidePanelProps {
  record: RecordDetail;
  model: string | null;
  onModel: (model: string | null) => void;
  beats: MeasuredRecord | null;
  beatSettings: BeatSettings;
  onMethod: (method: string) => void;
  lit: LitBeats;
  onCorrect: (() => void) | null;
}

export function SidePanel({ record, model, onModel, beats, beatSettings, onMethod, lit, onCorrect }: SidePanelProps) {
  return (
    <aside className={css["side"]} aria-label="Details of this ECG" data-testid="viewer-panel">
      <Fold title="Measurements">
        <MeasurementsPanel item={record.item} settings={beatSettings} onMethod={onMethod} lit={lit} onCorrect={onCorrect} />
        {beats !== null && <CorrectionsPanel record={beats} />}
      </Fold>
      <Fold title="Labels">
        <LabelsPanel record={record} />
      </Fold>
      <Fold title="Prediction">
        <PredictionPanel item={record.item} model={model} onModel={onModel} />
      </Fold>
      <Fold title="Signal quality">
        <QualityPanel record={record} />
      </Fold>
      <Fold title="Passport">
        <PassportPanel record={record} />
      </Fold>
    </aside>
  );
}

function Fold({ title, children }: { title: string; children: ReactNode }) {
  return (
    <details className={css["fold"]} open>
      <summary className={css["foldTitle"]}>
        {title}
        <IconChevronDown size={16} aria-hidden className={css["foldIcon"]} />
      </summary>
      <div className={css["foldBody"]}>{children}</div>
    </details>
  );
}
