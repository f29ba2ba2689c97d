/** What a measuring found: its files, each measurement over all ECGs, the reasons where there is none. */
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { queryOptions } from "@tanstack/react-query";
import { address, api, type Failure, type MeasureOutcome, type MeasureSummary, unwrap } from "@/api";
import { type DataColumn, DataTable, Facts, fmt, Panel } from "@/ui";
import { Refused } from "@/features/predict/Refused";
import { figure } from "@/features/viewer/beats/words";
import css from "./measure.module.css";

export function outcomeQuery(job: string) {
  return queryOptions({
    queryKey: ["measurements", job],
    queryFn: ({ signal }) => unwrap(api.GET("/api/measurements/{job}", { params: { path: { job } }, signal })),
  });
}

const nothing = "none measured";
const range = ({ lower_quartile: low, upper_quartile: high, unit }: MeasureSummary): string =>
  low === null || low === undefined || high === null || high === undefined ? nothing : `${figure(low, unit)} to ${figure(high, unit)}`;

const COLUMNS: DataColumn<MeasureSummary>[] = [
  { id: "title", title: "Measurement", grow: 2, pinned: true, value: (row) => row.title },
  { id: "lead", title: "Lead", width: 72, value: (row) => row.lead ?? "all leads" },
  { id: "unit", title: "Unit", width: 40, value: (row) => row.unit },
  { id: "median", title: "Median", width: 96, align: "right", cell: (row) => (row.median === null ? nothing : figure(row.median, row.unit)), value: (row) => row.median },
  { id: "quartiles", title: "Middle half", explain: "A quarter of the ECGs lies below the first figure, a quarter above the second.", width: 112, align: "right", cell: range, value: range, sortable: false },
  { id: "measured", title: "Measured", width: 72, align: "right", cell: (row) => fmt.count(row.n_measured), value: (row) => row.n_measured },
  { id: "absent", title: "Absent", explain: "What would be measured is not there, for example no P wave.", width: 64, align: "right", cell: (row) => fmt.count(row.n_absent), value: (row) => row.n_absent },
  { id: "not", title: "Not measurable", explain: "It may be there and cannot be told.", width: 112, align: "right", cell: (row) => fmt.count(row.n_not_measurable), value: (row) => row.n_not_measurable },
];

interface Reason {
  readonly reason: string;
  readonly n: number;
}

const REASONS: DataColumn<Reason>[] = [
  { id: "n", title: "Times", explain: "What is measured in each lead counts once per lead.", width: 72, align: "right", cell: (row) => fmt.count(row.n), value: (row) => row.n },
  { id: "reason", title: "Why there is no number", pinned: true, value: (row) => row.reason },
];

export function Outcome({ job, outcome }: { job: string; outcome: MeasureOutcome }) {
  const { total, n_refused, n_corrected, n_left_out, files, summary, dataset, method, seconds } = outcome;
  const reasons = Object.entries(outcome.reasons).map(([reason, n]): Reason => ({ reason, n }));
  return (
    <div className={css["stack"]} data-testid="measure-result">
      <Panel
        flush title={dataset === null ? "Measured" : `Measured: ${dataset}`}
        actions={files.map((name) => (
          <Button
            key={name} size="xs" variant="default" leftSection={<IconDownload size={14} aria-hidden />} renderRoot={(props) => <a href={address("jobs", job, "files", name)} download {...props} />}
            data-testid={`measure-file-${name}`}
          >
            {name}
          </Button>
        ))}
      >
        <p className={css["facts"]}>
          <Facts
            items={[
              `${fmt.plural(total, "ECG")} measured`, n_refused > 0 && `${fmt.count(n_refused)} not, see below`, n_corrected > 0 && `${fmt.count(n_corrected)} with corrections by hand`,
              `waves found by ${method}`, fmt.seconds(seconds),
            ]}
          />
        </p>
        {total === 0 ? (
          <p className={css["facts"]}>Beats were found in none of these ECGs; the reasons stand below.</p>
        ) : (
          <DataTable label="Measurements over all ECGs" columns={COLUMNS} rows={summary} rowKey={(row) => `${row.name} ${row.lead ?? ""}`} csvName="summary.csv" height={420} testId="measure-summary" />
        )}
      </Panel>
      {reasons.length > 0 && (
        <Panel flush title="Absent or not measurable" testId="measure-reasons">
          <DataTable label="Why there is no number" columns={REASONS} rows={reasons} rowKey={(row) => row.reason} csvName="reasons.csv" height={240} />
        </Panel>
      )}
      <Refused failures={outcome.refused} />
      {n_refused > outcome.refused.length && <p className={css["facts"]}>The first {fmt.count(outcome.refused.length)} of {fmt.count(n_refused)}; refused.csv has all.</p>}
      {n_left_out > 0 && <LeftOut failures={outcome.left_out} />}
    </div>
  ); // prettier-ignore
}

function LeftOut({ failures }: { failures: readonly Failure[] }) {
  const columns: DataColumn<Failure>[] = [
    { id: "file_name", title: "ECG", pinned: true, value: (row) => row.file_name },
    { id: "reason", title: "Why", grow: 2, value: (row) => row.reason },
  ];
  return (
    <Panel flush title={`Measured, but a file lacks them: ${fmt.plural(failures.length, "ECG")}`} testId="measure-left-out">
      <DataTable label="ECGs of which a file could not be made" columns={columns} rows={failures} rowKey={(row) => `${row.file_name} ${row.reason}`} csvName="left-out.csv" height={240} />
    </Panel>
  );
}
