import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { RunSummary } from "@/api";
import { type DataColumn, DataTable, fmt, LongName, Panel, Query } from "@/ui";
import { JobState } from "@/features/jobs";
import { METHODS } from "@/features/runs/course";
import { runsQuery } from "./queries";

function startOf(run: RunSummary): string {
  if (run.method === "scratch") return run.architecture;
  return `${run.architecture}, ${METHODS[run.method]?.title.toLowerCase() ?? run.method}`;
}

function qualityOf(run: RunSummary): string {
  const sofar = run.best_f1 === null ? fmt.fixed(null) : `macro F1 ${fmt.fixed(run.best_f1, 2)} so far`;
  return run.quality === "" || run.quality === undefined ? sofar : run.quality;
}

const COLUMNS: DataColumn<RunSummary>[] = [
  { id: "name", title: "Name", grow: 1.8, pinned: true, cell: (run) => <LongName text={run.name} />, value: (run) => run.name, sortable: true },
  {
    id: "state",
    title: "State",
    width: 96,
    cell: (run) => <JobState state={run.state} />,
    value: (run) => run.state,
    sortable: true,
  },
  { id: "dataset", title: "Dataset", cell: (run) => <LongName text={run.dataset} />, value: (run) => run.dataset, sortable: true },
  { id: "task", title: "Task", grow: 1.2, cell: (run) => <LongName text={run.task} />, value: (run) => run.task, sortable: true },
  {
    id: "start",
    title: "Started from",
    cell: (run) => startOf(run),
    value: (run) => startOf(run),
    sortable: true,
  },
  {
    id: "epoch",
    title: "Epochs",
    explain: "How many times the training has gone through its ECGs, of at most how many.",
    width: 80,
    align: "right",
    cell: (run) => `${run.epoch} of ${run.epochs}`,
    value: (run) => run.epoch,
  },
  {
    id: "quality",
    title: "How good",
    explain: "Of the model, on the validation part; while it is trained, of the epoch that is kept so far. Numbers of different tasks cannot be compared.",
    width: 168,
    cell: (run) => <LongName text={qualityOf(run)} />,
    value: (run) => qualityOf(run),
  },
  { id: "created", title: "Started", width: 140, cell: (run) => fmt.when(run.created), value: (run) => run.created, sortable: true },
];

/** All trainings; a click opens one. */
export function RunList() {
  const query = useQuery({ ...runsQuery, refetchInterval: (q) => (q.state.data?.some((run) => run.state === "running") === true ? 3000 : false) });
  const navigate = useNavigate();
  return (
    <Query query={query}>
      {(runs) =>
        runs.length === 0 ? null : (
          <Panel title="Trainings" flush>
            <DataTable
              label="Trainings"
              columns={COLUMNS}
              rows={runs}
              rowKey={(run) => run.id}
              onRowClick={(run) => void navigate({ to: "/runs/$run", params: { run: run.id } })}
              csvName="trainings.csv"
              testId="run-list"
            />
          </Panel>
        )
      }
    </Query>
  );
}
