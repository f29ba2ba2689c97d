import type { SplitInfo } from "@/api";
import { type DataColumn, DataTable, fmt, Panel } from "@/ui";
import { foldsNamed } from "@/features/train/draft";
import css from "./runs.module.css";

interface Line {
  readonly name: string;
  readonly train: number;
  readonly validation: number;
}

const COLUMNS: DataColumn<Line>[] = [
  { id: "what", title: "Count of", cell: (row) => row.name, value: (row) => row.name, sortable: false },
  { id: "train", title: "Learned from", width: 120, align: "right", cell: (row) => fmt.count(row.train), value: (row) => row.train, sortable: false },
  { id: "validation", title: "Judged by", width: 120, align: "right", cell: (row) => fmt.count(row.validation), value: (row) => row.validation, sortable: false },
];

/** How the ECGs were divided, in numbers of records, patients and classes. */
export function SplitTable({ split }: { split: SplitInfo }) {
  const stated = split.n_subjects_train + split.n_subjects_validation > 0;
  const lines: Line[] = [
    { name: "ECGs", train: split.n_train, validation: split.n_validation },
    ...(stated ? [{ name: "patients", train: split.n_subjects_train, validation: split.n_subjects_validation }] : []),
    ...Object.keys({ ...split.train_counts, ...split.validation_counts }).map((name) => ({
      name,
      train: split.train_counts[name] ?? 0,
      validation: split.validation_counts[name] ?? 0,
    })),
  ];
  const leftOut = Object.entries(split.left_out).filter(([, n]) => n > 0);
  return (
    <Panel title="Split" explain="A patient is on one side only, so that nothing is judged by a heart it was learned from." flush testId="split">
      <DataTable label="Split" columns={COLUMNS} rows={lines} rowKey={(row) => row.name} csvName="split.csv" height={400} />
      <p className={css.below}>
        Seed {split.seed}
        {split.folds === null ? "" : `, ${foldsNamed(split.folds)}`}.
        {!stated && " Patients are not stated."}
        {leftOut.length > 0 && ` Left out: ${leftOut.map(([reason, n]) => `${fmt.count(n)} ${reason}`).join("; ")}.`}
      </p>
    </Panel>
  );
}
