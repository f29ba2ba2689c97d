import { type ReactNode, useState } from "react";
import { Button, Checkbox, Collapse, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconChevronDown, IconDatabaseOff, IconSchool, IconTags, IconTournament } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { api, type Dataset, type DatasetSummary, type TaskInfo, unwrap } from "@/api";
import { Bars, classColours, EmptyState, fmt, LinkButton, Page, Panel, ProblemView, Query, SimulatedTag, Waiting } from "@/ui";
import { useCurrentDataset } from "@/features/library/current";
import { Advanced } from "./Advanced";
import { Check } from "./Check";
import { Choices } from "./Choices";
import { changedNames, type Draft, EMPTY_DRAFT, requestOf, sheetOf } from "./draft";
import { FoldPicker } from "./FoldPicker";
import { HowItLearns } from "./HowItLearns";
import { aboutQuery, checkQuery, datasetQuery, datasetsQuery, trainOptionsQuery } from "./queries";
import { RunList } from "./RunList";
import { StartFrom } from "./StartFrom";
import css from "./train.module.css";

const route = getRouteApi("/train");

export function TrainPage() {
  const datasets = useQuery(datasetsQuery);
  return (
    <Page
      title="Train"
      facts="Choose ECGs and a question; the model learns the answers from the labels."
      actions={
        <LinkButton to="/train/benchmark" variant="default" leftSection={<IconTournament size={18} aria-hidden />} data-testid="to-benchmark">
          Benchmark
        </LinkButton>
      }
      notice
    >
      <TrainingMissing />
      <Query query={datasets} waiting={<Waiting height={320} />}>
        {(all) => (all.some((dataset) => dataset.n_records > 0) ? <TrainForm datasets={all} /> : <NoDatasets />)}
      </Query>
      <RunList />
    </Page>
  );
}

function NoDatasets() {
  return (
    <EmptyState
      icon={<IconDatabaseOff />}
      title="There are no ECGs to learn from yet"
      body="Import ECG files and their labels in the library first; then come back here."
      action={<Button component={Link} to="/library">To the library</Button>}
    />
  ); // prettier-ignore
}

function TrainingMissing() {
  const about = useQuery(aboutQuery);
  if (about.data === undefined || about.data.can_train) return null;
  return (
    <Panel title="Training is not installed here" testId="training-missing">
      <p className={css.plain}>{about.data.training_advice}</p>
      <p className={css.plain}>Everything else works: the library, the viewer, predicting and evaluating with models you have or take in.</p>
    </Panel>
  );
}

function TrainForm({ datasets }: { datasets: readonly Dataset[] }) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const client = useQueryClient();
  const current = useCurrentDataset();
  const about = useQuery(aboutQuery);
  const options = useQuery(trainOptionsQuery);
  const [typed, setTyped] = useState<Draft>(() => ({
    ...EMPTY_DRAFT,
    dataset: search.dataset ?? null,
    task: search.task ?? null,
    recipe: search.recipe ?? null,
    folds: search.folds?.split(",").map(Number).filter(Number.isInteger) ?? [],
    ...(search.architecture === undefined ? {} : { start: { architecture: search.architecture } }),
    ...(search.model === undefined ? {} : { start: { model: search.model }, method: "whole" as const }),
  }));
  const [advanced, setAdvanced] = useState(false);
  const change = (part: Partial<Draft>) => setTyped((now) => ({ ...now, ...part }));

  const usable = datasets.filter((dataset) => dataset.n_records > 0);
  const names = usable.map((dataset) => dataset.name);
  const dataset = [typed.dataset, current.name, names[0] ?? null].find((name) => name !== null && names.includes(name)) ?? null;
  const summary = useQuery(datasetQuery(dataset ?? ""));
  const tasks = summary.data?.tasks ?? [];
  const task = tasks.find((entry) => entry.name === typed.task) ?? tasks.find((entry) => entry.n > 0);
  const draft: Draft = { ...typed, dataset, task: task?.name ?? null };

  const sheet = sheetOf(options.data, draft);
  const request = requestOf(draft, sheet);
  const [asked] = useDebouncedValue(request, 300);
  const check = useQuery(checkQuery(asked));

  const train = useMutation({
    mutationFn: () => {
      if (request === null) throw new Error("Choose ECGs and a task first.");
      return unwrap(api.POST("/api/runs", { body: request }));
    },
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: ["jobs"] });
      void client.invalidateQueries({ queryKey: ["runs"] });
      void navigate({ to: "/runs/$run", params: { run: job.id } });
    },
  });
  const canTrain = about.data?.can_train !== false;
  const changed = changedNames(sheet, draft.typed).length;
  const minutes = check.data?.minutes;

  return (
    <section className={css.card} aria-label="New training">
      <div className={css.columns}>
        <Column number={1} title="Which ECGs?">
          <Choices
            label="Which ECGs?"
            testId="choose-dataset"
            value={dataset}
            onChoose={(name) => change({ dataset: name, task: null, folds: [] })}
            choices={usable.map((entry) => ({
              value: entry.name,
              title: entry.name,
              aside: fmt.count(entry.n_records),
              note: entry.n_simulated > 0 ? <SimulatedTag /> : undefined,
            }))}
          />
        </Column>
        <Column number={2} title="What should it learn?">
          {dataset !== null && (
            <Query query={summary}>
              {(data) => <Tasks summary={data} task={task} onChoose={(name) => change({ task: name })} />}
            </Query>
          )}
        </Column>
        <Column number={3} title="Start from?">
          <StartFrom draft={draft} onChange={change} />
        </Column>
        <Column number={4} title="Name and limits">
          <TextInput
            label="Name"
            placeholder="chosen for you"
            description={check.data === undefined || draft.name !== "" ? undefined : <span className={css.named}>Left empty: {check.data.name}</span>}
            value={draft.name}
            onChange={(event) => change({ name: event.currentTarget.value })}
            data-testid="train-name"
          />
          <FoldPicker
            label="Folds it may see"
            description="Keep some aside to evaluate with ECGs it has never seen."
            folds={summary.data?.folds ?? {}}
            value={draft.folds}
            onChange={(folds) => change({ folds })}
          />
          <Checkbox
            label="One ECG per patient"
            description="Patients with many ECGs then count no more than others."
            checked={draft.onePerPatient}
            onChange={(event) => change({ onePerPatient: event.currentTarget.checked })}
          />
          <TextInput
            label="Seed"
            description="The same seed divides the ECGs the same way again."
            inputMode="numeric"
            value={draft.seed}
            error={/^\d+$/.test(draft.seed.trim()) ? null : "A whole number, 0 or more."}
            onChange={(event) => change({ seed: event.currentTarget.value })}
          />
        </Column>
      </div>
      <div className={css.frame}>
        <Query query={options}>{(server) => <HowItLearns server={server} draft={draft} onChange={change} />}</Query>
      </div>
      <Collapse expanded={advanced}>
        <div className={css.frame}>
          <Advanced sheet={sheet} typed={draft.typed} onChange={(typed) => change({ typed })} />
        </div>
      </Collapse>
      <footer className={css.foot}>
        <div className={css.footWords}>
          {request !== null && <Check query={check} />}
          {train.isError && <ProblemView error={train.error} onRetry={() => train.mutate()} />}
        </div>
        <div className={css.footActions}>
          {check.data !== undefined && !check.isError && (
            <div className={css.time} data-testid="train-time">
              Time: {minutes === null || minutes === undefined ? check.data.minutes_note : <strong>{fmt.left(minutes * 60)}</strong>}
              {minutes !== null && minutes !== undefined && <span>{check.data.minutes_note}</span>}
            </div>
          )}
          <div className={css.buttons}>
            <Button
              variant="default"
              size="md"
              onClick={() => setAdvanced(!advanced)}
              aria-expanded={advanced}
              rightSection={<IconChevronDown size={16} className={advanced ? css.turned : undefined} aria-hidden />}
              data-testid="advanced-toggle"
            >
              {changed === 0 ? "Advanced" : `Advanced (${changed} changed)`}
            </Button>
            <Button
              size="md"
              leftSection={<IconSchool size={18} aria-hidden />}
              disabled={request === null || !canTrain || check.isError}
              loading={train.isPending}
              onClick={() => train.mutate()}
              data-testid="train-start"
            >
              Train
            </Button>
          </div>
        </div>
      </footer>
    </section>
  ); // prettier-ignore
}

function Column({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <div className={css.column}>
      <h2 className={css.columnTitle}>
        <span className={css.number} aria-hidden>{number}</span>
        {title}
      </h2>
      {children}
    </div>
  ); // prettier-ignore
}

const KINDS = {
  "single-label": "exactly one answer each",
  "multi-label": "any number of answers each",
  regression: "a number each",
} as const;

function Tasks({ summary, task, onChoose }: { summary: DatasetSummary; task: TaskInfo | undefined; onChoose: (name: string) => void }) {
  if (summary.tasks.length === 0)
    return (
      <EmptyState
        icon={<IconTags />}
        title="No labels yet"
        body="A model learns from answers that are known. Import a table of labels for these ECGs."
        action={<Button component={Link} to={`/library/${encodeURIComponent(summary.dataset.name)}`}>Import labels</Button>}
        testId="no-task"
      />
    ); // prettier-ignore
  return (
    <Choices
      label="What should it learn?"
      testId="choose-task"
      value={task?.name ?? null}
      onChoose={onChoose}
      choices={summary.tasks.map((entry) => ({
        value: entry.name,
        title: entry.title === "" ? entry.name : entry.title,
        aside: fmt.count(entry.n),
        note: entry.name === task?.name ? <TaskCounts task={entry} /> : undefined,
        unavailable: entry.n === 0 ? "no ECG has an answer" : undefined,
      }))}
    />
  );
}

// A task may have some dozens of classes; the rare ones are named in the warnings.
const BARS = 10;

function TaskCounts({ task }: { task: TaskInfo }) {
  const colours = classColours(task.classes.map(({ name }) => name));
  const byCount = [...task.classes].sort((a, b) => (task.counts[b.name] ?? 0) - (task.counts[a.name] ?? 0));
  const shown = task.classes.length <= BARS + 2 ? task.classes : byCount.slice(0, BARS);
  const hidden = task.kind === "regression" ? 0 : task.classes.length - shown.length;
  const unit = task.unit === "" ? "" : ` (${task.unit})`;
  return (
    <>
      <span className={css.kind}>
        {KINDS[task.kind]}
        {unit}
        {task.n_without > 0 && ` · ${fmt.plural(task.n_without, "ECG")} without`}
      </span>
      {task.kind !== "regression" && (
        <Bars
          label={`ECGs per class of ${task.name}`}
          rows={shown.map(({ name, title }) => ({ name, title, value: task.counts[name] ?? 0, colour: colours.get(name) }))}
        />
      )}
      {hidden > 0 && <span className={css.kind}>and {fmt.plural(hidden, "rarer class", "rarer classes")}</span>}
    </>
  );
}
