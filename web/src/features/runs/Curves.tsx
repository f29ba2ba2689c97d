import type { Epoch } from "@/api";
import { type DataColumn, DataTable, fmt, Panel } from "@/ui";
import type { Course } from "./course";
import { Trend } from "./Trend";
import css from "./runs.module.css";

type Kind = "single-label" | "multi-label" | "regression";

/** How the losses and the F1 went, and the same as a table. */
export function Curves({ course, most, kind }: { course: Course; most: number | null; kind: Kind | undefined }) {
  const { epochs, best } = course;
  const numbers = epochs.map((epoch) => epoch.epoch);
  const hasF1 = epochs.some((epoch) => epoch.f1 !== null);
  const kept = best?.epoch ?? null;
  return (
    <Panel
      title="Course"
      explain={`The upright line marks the epoch whose weights are kept: the ${course.chosen ? "one with the lowest validation loss" : "last one, as the recipe has it"}.`}
      testId="curves"
    >
      {epochs.length === 0 ? (
        <p className={css.plain}>The curves begin with the end of the first epoch.</p>
      ) : (
        <div className={css.trends}>
          <Trend
            title={kind === "regression" ? "Loss: how far off, in standard deviations of the answers" : "Loss: what the training makes small"}
            epochs={numbers}
            best={kept}
            most={most}
            lines={[
              { name: "training", colour: "--ein-quiet", dashed: true, values: epochs.map((epoch) => epoch.train_loss) },
              { name: "validation", colour: "--ein-accent", values: epochs.map((epoch) => epoch.validation_loss) },
            ]}
            summary={`Validation loss ${fmt.fixed(best?.validation_loss, 3)} in epoch ${best?.epoch ?? 0} of ${epochs.length}, which is kept.`}
          />
          {hasF1 && (
            <Trend
              title={kind === "multi-label" ? "Macro F1 on the validation part, classes counted from 0.5 on" : "Macro F1 on the validation part"}
              epochs={numbers}
              best={kept}
              most={most}
              range={[0, 1]}
              lines={[{ name: "macro F1", colour: "--ein-accent", values: epochs.map((epoch) => epoch.f1) }]}
              summary={`${fmt.fixed(best?.f1, 2)} in the epoch that is kept.`}
            />
          )}
        </div>
      )}
      {epochs.length > 0 && (
        <details className={css.fold}>
          <summary>Epochs as a table</summary>
          <DataTable label="Epochs" columns={COLUMNS} rows={epochs} rowKey={(epoch) => epoch.epoch} csvName="epochs.csv" height={320} />
        </details>
      )}
    </Panel>
  );
}

const figure = (value: number) => (value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(2) : value.toFixed(4));

const COLUMNS: DataColumn<Epoch>[] = [
  { id: "epoch", title: "Epoch", width: 80, align: "right", cell: (row) => row.epoch, value: (row) => row.epoch },
  { id: "train_loss", title: "Training loss", align: "right", cell: (row) => figure(row.train_loss), value: (row) => row.train_loss },
  { id: "validation_loss", title: "Validation loss", align: "right", cell: (row) => figure(row.validation_loss), value: (row) => row.validation_loss },
  { id: "f1", title: "Macro F1", align: "right", cell: (row) => fmt.fixed(row.f1, 3), value: (row) => row.f1 },
  { id: "learning_rate", title: "Learning rate", align: "right", cell: (row) => figure(row.learning_rate), value: (row) => row.learning_rate },
  { id: "seconds", title: "Time", align: "right", cell: (row) => fmt.seconds(row.seconds), value: (row) => row.seconds },
];
