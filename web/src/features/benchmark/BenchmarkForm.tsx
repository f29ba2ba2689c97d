import { type ReactNode, useState } from "react";
import { Autocomplete, Button, Checkbox, Collapse, Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconChevronDown, IconTournament } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { api, type ArchitectureView, type BenchmarkCheck, type Dataset, unwrap } from "@/api";
import { fmt, FormGrid, Panel, ProblemView, Query, StateTag, Waiting, Warnings } from "@/ui";
import { useCurrentDataset } from "@/features/library/current";
import { DatasetSelect } from "@/features/predict/Pickers";
import { FoldPicker } from "@/features/train/FoldPicker";
import { architecturesQuery, datasetQuery, trainOptionsQuery } from "@/features/train/queries";
import { type Draft, EMPTY_DRAFT, lacking, requestOf, ticked, work } from "./draft";
import { benchmarkCheckQuery } from "./queries";
import css from "./benchmark.module.css";

const route = getRouteApi("/train/benchmark");
const BUDGETS = ["10m", "30m", "1h", "2h", "8h"];

interface BenchmarkFormProps {
  readonly datasets: readonly Dataset[];
  readonly canTrain: boolean;
  readonly onStarted: (job: string) => void;
}

export function BenchmarkForm({ datasets, canTrain, onStarted }: BenchmarkFormProps) {
  const search = route.useSearch();
  const client = useQueryClient();
  const current = useCurrentDataset();
  const architectures = useQuery(architecturesQuery);
  const options = useQuery(trainOptionsQuery);
  const [typed, setTyped] = useState<Draft>(() => ({ ...EMPTY_DRAFT, dataset: search.dataset ?? null, task: search.task ?? null }));
  const [more, setMore] = useState(false);
  const change = (part: Partial<Draft>) => setTyped((now) => ({ ...now, ...part }));

  const names = datasets.filter((entry) => entry.n_records > 0).map((entry) => entry.name);
  const dataset = [typed.dataset, current.name, names[0] ?? null].find((name) => name !== null && names.includes(name)) ?? null;
  const summary = useQuery(datasetQuery(dataset ?? ""));
  const tasks = summary.data?.tasks ?? [];
  const task = tasks.find((entry) => entry.name === typed.task) ?? tasks.find((entry) => entry.n > 0);
  const draft: Draft = { ...typed, dataset, task: task?.name ?? null };
  const all = architectures.data ?? [];
  const chosen = ticked(draft, all, options.data);
  const wrong = architectures.data === undefined ? null : lacking(draft, chosen, all);
  const request = architectures.data === undefined || options.data === undefined ? null : requestOf(draft, chosen, all);
  const [asked] = useDebouncedValue(request, 400);
  const check = useQuery(benchmarkCheckQuery(asked));

  const start = useMutation({
    mutationFn: () => {
      if (request === null) throw new Error("Choose ECGs and a task first.");
      return unwrap(api.POST("/api/benchmarks", { body: request }));
    },
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: ["jobs"] });
      onStarted(job.id);
      window.scrollTo({ top: 0 });
    },
  });
  return (
    <Panel title="New benchmark" testId="benchmark-form">
      <FormGrid>
        <DatasetSelect
          label="Labelled ECGs"
          datasets={datasets}
          value={dataset}
          onChange={(name) => change({ dataset: name, task: null, folds: [] })}
        />
        <Select
          label="What is learned (task)"
          placeholder={tasks.length === 0 ? "no labels" : "Choose a task"}
          data={tasks.map((entry) => ({ value: entry.name, label: entry.title === "" ? entry.name : entry.title, disabled: entry.n === 0 }))}
          value={task?.name ?? null}
          onChange={(name) => change({ task: name })}
          allowDeselect={false}
          description={task === undefined ? undefined : `${fmt.plural(task.n, "ECG")} with an answer`}
          inputWrapperOrder={["label", "input", "description", "error"]}
          data-testid="task-select"
        />
        <Autocomplete
          label="Budget"
          description="How long it may take in all: 90s, 30m, 2h."
          inputWrapperOrder={["label", "input", "description", "error"]}
          data={BUDGETS}
          value={draft.budget}
          onChange={(budget) => change({ budget })}
          filter={({ options: offered }) => offered}
          data-testid="budget"
        />
      </FormGrid>
      {summary.data !== undefined && tasks.length === 0 && dataset !== null && (
        <p className={css.plain} data-testid="no-task">
          These ECGs have no labels, so there is nothing to learn.{" "}
          <Link to="/library/$dataset" params={{ dataset }}>Import labels</Link> first.
        </p>
      )}
      <div className={css.picks}>
        <Pick title="Networks">
          <Query query={architectures} waiting={<Waiting rows={4} />}>
            {(entries) => (
              <Checkbox.Group value={[...chosen.architectures]} onChange={(value) => change({ architectures: value })} aria-label="Networks">
                <div className={css.boxes} data-testid="benchmark-architectures">
                  {entries.map((entry) => <Network key={entry.name} entry={entry} />)}
                </div>
              </Checkbox.Group>
            )}
          </Query>
        </Pick>
        <Pick title="Recipes">
          <Query query={options} waiting={<Waiting rows={2} />}>
            {(server) => (
              <Checkbox.Group value={[...chosen.recipes]} onChange={(value) => change({ recipes: value })} aria-label="Recipes">
                <div className={css.recipes} data-testid="benchmark-recipes">
                  {server.recipes.map((recipe) => (
                    <Checkbox
                      key={recipe.name}
                      value={recipe.name}
                      label={recipe.title}
                      description={recipe.summary}
                      data-testid={`recipe-${recipe.name}`}
                    />
                  ))}
                </div>
              </Checkbox.Group>
            )}
          </Query>
        </Pick>
      </div>
      <Collapse expanded={more}>
        <div className={css.more}>
          <FormGrid>
            <TextInput
              label="Folds of the comparison"
              description="Into how many parts the patients are divided; each part is answered once by models that never saw it."
              inputMode="numeric"
              value={draft.parts}
              onChange={(event) => change({ parts: event.currentTarget.value })}
              data-testid="benchmark-folds"
            />
            <TextInput
              label="Seed"
              description="The same seed gives the same folds and the same beginnings."
              inputMode="numeric"
              value={draft.seed}
              onChange={(event) => change({ seed: event.currentTarget.value })}
            />
            <FoldPicker
              label="Folds of the dataset it may see"
              description="Keep some aside to test the winner on ECGs that no choice was made by."
              folds={summary.data?.folds ?? {}}
              value={draft.folds}
              onChange={(folds) => change({ folds })}
            />
          </FormGrid>
        </div>
      </Collapse>
      <div className={css.foot}>
        <div className={css.footWords}>
          {wrong !== null && <p className={css.wrong} role="alert">{wrong}</p>}
          {request !== null && <Check query={check} />}
          {start.isError && <ProblemView error={start.error} onRetry={() => start.mutate()} />}
        </div>
        <div className={css.buttons}>
          <Button
            variant="default"
            onClick={() => setMore(!more)}
            aria-expanded={more}
            rightSection={<IconChevronDown size={16} className={more ? css.turned : undefined} aria-hidden />}
            data-testid="benchmark-more"
          >
            Advanced
          </Button>
          <Button
            leftSection={<IconTournament size={18} aria-hidden />}
            disabled={request === null || !canTrain || check.isError}
            loading={start.isPending}
            onClick={() => start.mutate()}
            data-testid="benchmark-start"
          >
            Compare
          </Button>
        </div>
      </div>
    </Panel>
  ); // prettier-ignore
}

function Pick({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h3 className={css.pickTitle}>{title}</h3>
      {children}
    </section>
  );
}

function Network({ entry }: { entry: ArchitectureView }) {
  const about = !entry.available ? (
    `Not available: ${entry.reason}`
  ) : entry.experimental !== "" ? (
    <>
      <StateTag state="doubt" word="experimental" plain /> {entry.experimental}
    </>
  ) : entry.fit === "closed_form" ? (
    "Solved for in one step; takes part once, whatever the recipes."
  ) : undefined;
  return <Checkbox value={entry.name} label={entry.title} description={about} disabled={!entry.available} data-testid={`network-${entry.name}`} />;
}

function Check({ query }: { query: UseQueryResult<BenchmarkCheck> }) {
  if (query.isError) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return query.isFetching ? <Waiting rows={2} /> : null;
  const { n, n_patients: patients, n_folds: folds, warnings } = query.data;
  return (
    <div data-testid="benchmark-check">
      <p className={css.will}>
        <strong>{fmt.plural(n, "ECG")}</strong> of {fmt.plural(patients, "patient")} in {folds} folds: {work(query.data)}, as far as the budget
        goes. All answer a fold before anyone goes on to the next, so the comparison is fair whenever the time is up.
      </p>
      <Warnings warnings={warnings} plain />
    </div>
  );
}
