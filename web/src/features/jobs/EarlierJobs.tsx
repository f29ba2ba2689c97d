import { useQuery } from "@tanstack/react-query";
import { api, type Job, unwrap } from "@/api";
import { type DataColumn, DataTable, fmt, LongName, Panel, type State, StateTag } from "@/ui";

const STATES: Readonly<Record<Job["state"], { state: State; word: string }>> = {
  queued: { state: "neutral", word: "waits" },
  running: { state: "neutral", word: "running" },
  done: { state: "good", word: "done" },
  failed: { state: "bad", word: "failed" },
  cancelled: { state: "neutral", word: "cancelled" },
};

/** The state of a job, as icon and word. */
export function JobState({ state }: { state: string }) {
  const known = Object.entries(STATES).find(([name]) => name === state)?.[1];
  return <StateTag plain state={known?.state ?? "neutral"} word={known?.word ?? state} />;
}

const asked = (job: Job, name: string): string => {
  const value = job.request[name];
  return typeof value === "string" ? value : "";
};

const MODEL: DataColumn<Job> = { id: "model", title: "Model", grow: 2, pinned: true, cell: (job) => <LongName text={asked(job, "model")} />, value: (job) => asked(job, "model") };
const METHOD: DataColumn<Job> = { id: "method", title: "Waves found by", pinned: true, value: (job) => asked(job, "method") };

const TASK: DataColumn<Job> = { id: "task", title: "Task", pinned: true, cell: (job) => <LongName text={asked(job, "task")} />, value: (job) => asked(job, "task") };
const NAMED_BY: Readonly<Record<EarlierJobsProps["kind"], DataColumn<Job>>> = { predict: MODEL, evaluate: MODEL, measure: METHOD, benchmark: TASK };

const COLUMNS: DataColumn<Job>[] = [
  { id: "dataset", title: "Dataset", grow: 1.2, cell: (job) => <LongName text={asked(job, "dataset")} />, value: (job) => asked(job, "dataset") },
  { id: "state", title: "State", width: 96, cell: (job) => <JobState state={job.state} />, value: (job) => job.state },
  { id: "headline", title: "Outcome", grow: 2.6, cell: (job) => job.problem?.detail ?? job.headline, value: (job) => job.problem?.detail ?? job.headline },
  { id: "created", title: "Started", width: 136, cell: (job) => fmt.when(job.created), value: (job) => job.created },
];

interface EarlierJobsProps {
  readonly kind: "predict" | "evaluate" | "measure" | "benchmark";
  readonly title: string;
  readonly chosen: string | null;
  readonly onChoose: (job: string) => void;
}

/** What was asked before, to be opened again; nothing while there is none. */
export function EarlierJobs({ kind, title, chosen, onChoose }: EarlierJobsProps) {
  const { data } = useQuery({
    queryKey: ["jobs", kind],
    queryFn: ({ signal }) => unwrap(api.GET("/api/jobs", { params: { query: { kind } }, signal })),
  });
  if (data === undefined || data.length === 0) return null;
  return (
    <Panel title={title} flush>
      <DataTable
        label={title}
        columns={[NAMED_BY[kind], ...COLUMNS]}
        rows={data}
        rowKey={(job) => job.id}
        selected={chosen}
        onRowClick={(job) => onChoose(job.id)}
        csvName={`${kind}.csv`}
        height={240}
        testId={`earlier-${kind}`}
      />
    </Panel>
  );
}
