import type { Failure } from "@/api";
import { type DataColumn, DataTable, fmt, LongName, Panel } from "@/ui";

const COLUMNS: DataColumn<Failure>[] = [
  { id: "file_name", title: "ECG", pinned: true, cell: (row) => <LongName text={row.file_name} />, value: (row) => row.file_name },
  { id: "reason", title: "Why", grow: 1.6, cell: (row) => row.reason, value: (row) => row.reason },
  { id: "advice", title: "What to do", grow: 1.6, cell: (row) => row.advice ?? "", value: (row) => row.advice ?? "" },
];

/** ECGs that the model could not be used for, with the reason; nothing when there are none. */
export function Refused({ failures }: { failures: readonly Failure[] }) {
  if (failures.length === 0) return null;
  return (
    <Panel title={`Not used: ${fmt.plural(failures.length, "ECG")}`} flush testId="refused">
      <DataTable
        label="ECGs that were not used"
        columns={COLUMNS}
        rows={failures}
        rowKey={(row) => row.file_name}
        csvName="refused.csv"
        height={240}
      />
    </Panel>
  );
}
