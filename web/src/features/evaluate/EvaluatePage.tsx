import { useState } from "react";
import { Button, Select } from "@mantine/core";
import { IconChartDots, IconCode } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { api, type Dataset, type EvaluationReport, type ModelView, unwrap } from "@/api";
import { EmptyState, Facts, fmt, FormEnd, FormGrid, Page, Panel, ProblemView, Query, saveText, SimulatedTag, Waiting, Warnings } from "@/ui";
import { EarlierJobs, JobPanel, useJob } from "@/features/jobs";
import { useCurrentDataset } from "@/features/library/current";
import { DatasetSelect, ModelSelect } from "@/features/predict/Pickers";
import { Refused } from "@/features/predict/Refused";
import { foldsNamed } from "@/features/train/draft";
import { FoldPicker } from "@/features/train/FoldPicker";
import { datasetQuery, datasetsQuery, modelsQuery } from "@/features/train/queries";
import { ConfusionMatrix } from "./ConfusionMatrix";
import { Figures } from "./Figures";
import { type Cell, mistakesIn } from "./matrix";
import { Mistakes } from "./Mistakes";
import { PerClass } from "./PerClass";
import { Roc } from "./Roc";
import css from "./evaluate.module.css";

// The server lists at most so many mistakes.
const LISTED = 500;

const route = getRouteApi("/evaluate");

export function EvaluatePage() {
  const models = useQuery(modelsQuery);
  const datasets = useQuery(datasetsQuery);
  const { job } = route.useSearch();
  const navigate = route.useNavigate();
  const open = (id: string) => void navigate({ search: (now) => ({ ...now, job: id }) });
  return (
    <Page title="Evaluate" facts="Compare what a model says with what the labels say, on ECGs it has not learned from." notice>
      <Query query={models} waiting={<Waiting height={120} />}>
        {(allModels) => (
          <Query query={datasets} waiting={<Waiting height={120} />}>
            {(allDatasets) =>
              allModels.length === 0 ? <NoModels /> : <EvaluateForm models={allModels} datasets={allDatasets} onStarted={open} />
            }
          </Query>
        )}
      </Query>
      {job !== undefined && <EvaluationOf key={job} job={job} models={models.data ?? []} datasets={datasets.data ?? []} onRetried={open} />}
      <EarlierJobs kind="evaluate" title="Earlier evaluations" chosen={job ?? null} onChoose={open} />
    </Page>
  );
}

function NoModels() {
  return (
    <EmptyState
      icon={<IconChartDots />}
      title="There is no model to evaluate yet"
      body="Train one, or take one in on the page Models."
      action={<Button component={Link} to="/train">Train a model</Button>}
    />
  ); // prettier-ignore
}

interface EvaluateFormProps {
  readonly models: readonly ModelView[];
  readonly datasets: readonly Dataset[];
  readonly onStarted: (job: string) => void;
}

function EvaluateForm({ models, datasets, onStarted }: EvaluateFormProps) {
  const search = route.useSearch();
  const client = useQueryClient();
  const current = useCurrentDataset();
  const [typed, setTyped] = useState<{ model?: string; dataset?: string; task?: string; folds: readonly number[] }>({ folds: [] });
  const model = models.find((entry) => entry.name === (typed.model ?? search.model)) ?? models[0];
  // Labels of the model's own task make the first choice; the dataset that is open otherwise comes second.
  const named = (name: string | null | undefined) => datasets.find((entry) => entry.name === name);
  const asksTheSame = (entry: Dataset) => model !== undefined && entry.tasks.includes(model.task);
  const opened = named(current.name);
  const dataset =
    named(typed.dataset) ??
    named(search.dataset) ??
    (opened !== undefined && asksTheSame(opened) ? opened : datasets.find(asksTheSame)) ??
    opened ??
    datasets.find((entry) => entry.n_records > 0);
  const summary = useQuery(datasetQuery(dataset?.name ?? ""));
  const tasks = summary.data?.tasks ?? [];
  const task =
    tasks.find((entry) => entry.name === (typed.task ?? search.task)) ??
    tasks.find((entry) => entry.name === model?.task) ??
    tasks.find((entry) => entry.kind === model?.kind) ??
    tasks[0];

  const start = useMutation({
    mutationFn: () => {
      if (model === undefined || dataset === undefined || task === undefined) throw new Error("Choose a model, a dataset and a task.");
      const folds = typed.folds.length === 0 ? null : [...typed.folds];
      return unwrap(api.POST("/api/evaluations", { body: { model: model.name, dataset: dataset.name, task: task.name, folds } }));
    },
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: ["jobs"] });
      onStarted(job.id);
    },
  });
  const change = (part: Partial<typeof typed>) => setTyped((now) => ({ ...now, ...part }));
  return (
    <Panel testId="evaluate-form">
      <FormGrid>
        <ModelSelect models={models} value={model?.name ?? null} onChange={(name) => change({ model: name ?? undefined })} />
        <DatasetSelect
          label="Labelled ECGs"
          datasets={datasets}
          value={dataset?.name ?? null}
          onChange={(name) => change({ dataset: name ?? undefined, task: undefined, folds: [] })}
        />
        <Select
          label="Labels (task)"
          placeholder={tasks.length === 0 ? "no labels" : "Choose a task"}
          data={tasks.map((entry) => ({ value: entry.name, label: entry.name }))}
          value={task?.name ?? null}
          onChange={(name) => change({ task: name ?? undefined })}
          allowDeselect={false}
          description={task === undefined ? undefined : `${fmt.plural(task.n, "ECG")} with an answer`}
          inputWrapperOrder={["label", "input", "description", "error"]}
          data-testid="task-select"
        />
        <FormEnd>
          <FoldPicker
            label="Folds"
            description="Choose those the model has not learned from."
            folds={summary.data?.folds ?? {}}
            value={typed.folds}
            onChange={(folds) => change({ folds })}
          />
          <Button
            leftSection={<IconChartDots size={18} aria-hidden />}
            onClick={() => start.mutate()}
            loading={start.isPending}
            disabled={model === undefined || task === undefined}
            data-testid="evaluate-start"
          >
            Evaluate
          </Button>
        </FormEnd>
      </FormGrid>
      {summary.data !== undefined && tasks.length === 0 && dataset !== undefined && (
        <p className={css.plain}>
          These ECGs have no labels, so nothing can be compared.{" "}
          <Link to="/library/$dataset" params={{ dataset: dataset.name }}>Import labels</Link> first.
        </p>
      )}
      {start.isError && <ProblemView error={start.error} onRetry={() => start.mutate()} />}
    </Panel>
  ); // prettier-ignore
}

interface EvaluationOfProps {
  readonly job: string;
  readonly models: readonly ModelView[];
  readonly datasets: readonly Dataset[];
  readonly onRetried: (job: string) => void;
}

function EvaluationOf({ job: id, models, datasets, onRetried }: EvaluationOfProps) {
  const { query, job, history, connected } = useJob(id);
  const report = useQuery({
    queryKey: ["evaluation", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/evaluations/{job}", { params: { path: { job: id } }, signal })),
    enabled: job?.state === "done",
    staleTime: Infinity,
  });
  return (
    <Query query={query}>
      {(shown) => (
        <>
          <JobPanel job={shown} history={history} connected={connected} onRetried={(next) => onRetried(next.id)} />
          {shown.state === "done" && (
            <Query query={report} waiting={<Waiting height={320} />}>
              {(data) => (data === null ? <Waiting height={320} /> : <Report report={data} models={models} datasets={datasets} />)}
            </Query>
          )}
        </>
      )}
    </Query>
  );
}

interface ReportProps {
  readonly report: EvaluationReport;
  readonly models: readonly ModelView[];
  readonly datasets: readonly Dataset[];
}

function Report({ report, models, datasets }: ReportProps) {
  const { evaluation } = report;
  const [picked, setPicked] = useState<Cell | null>(null);
  const model = models.find((entry) => entry.name === report.model);
  const unit = model?.unit ?? "";
  const classes = evaluation.per_class.map((entry) => entry.name);
  const simulated = model?.simulated === true || (datasets.find((entry) => entry.name === report.dataset)?.n_simulated ?? 0) > 0;
  const mistakes = picked === null ? report.mistakes : mistakesIn(picked, report.mistakes);
  const name = `${report.model}-${report.dataset}-${report.task}`.replace(/[^\w.-]+/g, "_");
  const classified = evaluation.kind !== "regression";
  return (
    <div className={css.stack} data-testid="evaluation-report">
      <Panel
        title={
          <>
            {report.model} on {report.dataset}
            {simulated && <SimulatedTag />}
          </>
        }
        actions={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconCode size={14} aria-hidden />}
            onClick={() => saveText(`${name}.json`, `${JSON.stringify(report, null, 2)}\n`)}
            data-testid="save-json"
          >
            Save as JSON
          </Button>
        }
      >
        <p className={css.facts}>
          <Facts
            items={[
              `task ${report.task}`,
              report.folds === null ? "all folds" : foldsNamed(report.folds),
              fmt.plural(evaluation.n, "ECG"),
              report.n_without_label > 0 && `${fmt.count(report.n_without_label)} without a label left out`,
              report.refused.length > 0 && `${fmt.count(report.refused.length)} refused`,
              fmt.seconds(report.seconds),
            ]}
          />
        </p>
        <div className={css.stack}>
          <Warnings warnings={evaluation.warnings ?? []} />
          <Figures evaluation={evaluation} unit={unit} />
        </div>
      </Panel>
      {classified && (
        <div className={css.two}>
          <Panel title="What was taken for what">
            <ConfusionMatrix evaluation={evaluation} onPick={setPicked} picked={picked} />
          </Panel>
          <Panel title="ROC per class">
            <Roc evaluation={evaluation} />
          </Panel>
        </div>
      )}
      {classified && (
        <Panel title="Each class" flush>
          <PerClass evaluation={evaluation} csvName={`${name}-classes.csv`} />
        </Panel>
      )}
      {(report.mistakes.length > 0 || picked !== null) && (
        <Mistakes
          title={picked === null ? `${classified ? "Mistakes" : "Largest errors"} (${mistakes.length === LISTED ? "the first " : ""}${fmt.count(mistakes.length)})` : `Truly ${picked.truth}, called ${picked.predicted} (${fmt.count(mistakes.length)})`}
          rows={mistakes}
          classes={classes}
          model={report.model}
          unit={unit}
          regression={!classified}
          onShowAll={picked === null ? undefined : () => setPicked(null)}
        />
      )}
      <Refused failures={report.refused} />
    </div>
  );
}
