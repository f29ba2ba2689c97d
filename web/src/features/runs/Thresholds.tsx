import type { TrainOutcome } from "@/api";
import { type DataColumn, DataTable, fmt, Panel } from "@/ui";
import css from "./runs.module.css";

type ClassThreshold = NonNullable<TrainOutcome["thresholds"]>[number];

const COLUMNS: DataColumn<ClassThreshold>[] = [
  { id: "class", title: "Class", cell: (row) => row.name, value: (row) => row.name },
  { id: "threshold", title: "Predicted from", width: 120, align: "right", explain: "Probability from which the class counts as present.", cell: (row) => figure(row.threshold), value: (row) => row.threshold },
  { id: "f1", title: "F1 from there on", width: 136, align: "right", cell: (row) => fmt.fixed(row.f1, 2), value: (row) => row.f1 },
  { id: "f1_at_half", title: "F1 from 0.5 on", width: 120, align: "right", cell: (row) => fmt.fixed(row.f1_at_half, 2), value: (row) => row.f1_at_half },
  { id: "n", title: "ECGs with it", width: 104, align: "right", cell: (row) => fmt.count(row.n), value: (row) => row.n },
  { id: "reason", title: "Why 0.5", grow: 4, cell: (row) => row.reason ?? "", value: (row) => row.reason ?? "" },
]; // prettier-ignore

function figure(threshold: number): string {
  return threshold < 0.1 || threshold > 0.9 ? threshold.toFixed(3) : threshold.toFixed(2);
}

/** From where each class of a multi-label model counts as present, and what that does to its F1. */
export function Thresholds({ thresholds }: { thresholds: readonly ClassThreshold[] }) {
  if (thresholds.length === 0) return null;
  const chosen = thresholds.some((row) => row.reason === "");
  return (
    <Panel title="From where a class counts as present" flush testId="thresholds">
      <DataTable label="Thresholds" columns={COLUMNS} rows={thresholds} rowKey={(row) => row.name} csvName="thresholds.csv" />
      {chosen && (
        <p className={css.below}>
          Chosen where F1 is largest on the validation part. The same ECGs chose it, so this F1 is better than it will be on others; AUROC does not depend on it.
        </p>
      )}
    </Panel>
  );
}
