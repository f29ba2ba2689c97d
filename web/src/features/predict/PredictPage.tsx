import { useState } from "react";
import { Button, SegmentedControl, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconDatabaseOff, IconDownload, IconStethoscope } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { address, api, type Dataset, type ModelView, unwrap } from "@/api";
import { EmptyState, Facts, fmt, FormEnd, FormGrid, Page, Panel, ProblemView, Query, SimulatedTag, Waiting, Warnings } from "@/ui";
import { EarlierJobs, JobPanel, useJob } from "@/features/jobs";
import { useCurrentDataset } from "@/features/library/current";
import { FoldPicker } from "@/features/train/FoldPicker";
import { datasetQuery, datasetsQuery, modelsQuery } from "@/features/train/queries";
import { OneAnswer } from "./OneAnswer";
import { DatasetSelect, ModelSelect } from "./Pickers";
import { ProbabilityTable, useFirstPage } from "./ProbabilityTable";
import { Refused } from "./Refused";
import css from "./predict.module.css";

const route = getRouteApi("/predict");

export function PredictPage() {
  const models = useQuery(modelsQuery);
  const datasets = useQuery(datasetsQuery);
  const { job } = route.useSearch();
  const navigate = route.useNavigate();
  const open = (id: string) => void navigate({ search: ({ model, dataset }) => ({ model, dataset, job: id }) });
  return (
    <Page title="Predict" facts="Ask a model about one ECG or a whole dataset." notice>
      <Query query={models} waiting={<Waiting height={160} />}>
        {(allModels) => (
          <Query query={datasets} waiting={<Waiting height={160} />}>
            {(allDatasets) => <Ask models={allModels} datasets={allDatasets.filter((entry) => entry.n_records > 0)} onStarted={open} />}
          </Query>
        )}
      </Query>
      {job !== undefined && <PredictionOf key={job} job={job} datasets={datasets.data ?? []} onRetried={open} />}
      <EarlierJobs kind="predict" title="Earlier predictions" chosen={job ?? null} onChoose={open} />
    </Page>
  );
}

interface AskProps {
  readonly models: readonly ModelView[];
  readonly datasets: readonly Dataset[];
  readonly onStarted: (job: string) => void;
}

function Ask({ models, datasets, onStarted }: AskProps) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const current = useCurrentDataset();
  const [typedDataset, setDataset] = useState<string | null>(null);
  const [mode, setMode] = useState<"all" | "one">(search.item === undefined ? "all" : "one");
  if (models.length === 0)
    return (
      <EmptyState
        icon={<IconStethoscope />}
        title="There is no model to ask yet"
        body="Train one, or take one in on the page Models."
        action={<Button renderRoot={(props) => <Link to="/train" {...props} />}>Train a model</Button>}
      />
    ); // prettier-ignore
  if (datasets.length === 0)
    return (
      <EmptyState
        icon={<IconDatabaseOff />}
        title="There are no ECGs to ask about yet"
        body="Import ECG files in the library first; then come back here."
        action={<Button renderRoot={(props) => <Link to="/library" {...props} />}>To the library</Button>}
      />
    ); // prettier-ignore
  const model = models.find((entry) => entry.name === search.model) ?? models.find((entry) => entry.untrained === "") ?? models[0];
  const wanted = [typedDataset, search.dataset ?? null, current.name].find((name) => datasets.some((entry) => entry.name === name));
  const dataset = datasets.find((entry) => entry.name === wanted) ?? datasets[0];
  const item = search.item === undefined ? null : Number(search.item);
  return (
    <>
      <Panel testId="predict-form">
        <FormGrid columns="minmax(0, 1fr) max-content minmax(0, 1fr)">
          <ModelSelect
            models={models}
            value={model?.name ?? null}
            onChange={(name) => void navigate({ search: (now) => ({ ...now, model: name ?? undefined, job: undefined }), replace: true })}
          />
          <div>
            <div className={css.label}>Ask about</div>
            <SegmentedControl
              value={mode}
              onChange={(value) => {
                setMode(value === "one" ? "one" : "all");
                if (value === "all") void navigate({ search: (now) => ({ ...now, item: undefined }), replace: true });
                else void navigate({ search: (now) => ({ ...now, job: undefined }), replace: true });
              }}
              data={[
                { value: "all", label: "A whole dataset" },
                { value: "one", label: "One ECG" },
              ]}
              data-testid="predict-mode"
            />
          </div>
          <DatasetSelect datasets={datasets} value={dataset?.name ?? null} onChange={setDataset} />
          {dataset !== undefined && model !== undefined && mode === "all" && (
            <WholeDataset key={dataset.name} model={model.name} dataset={dataset.name} onStarted={onStarted} />
          )}
          {dataset !== undefined && mode === "one" && (
            <RecordSelect
              key={dataset.name}
              dataset={dataset.name}
              value={item}
              onChange={(id) => void navigate({ search: (now) => ({ ...now, model: model?.name, item: String(id), job: undefined }) })}
            />
          )}
        </FormGrid>
      </Panel>
      {mode === "one" && item !== null && Number.isInteger(item) && model !== undefined && (
        <OneAnswer key={`${item} ${model.name}`} item={item} model={model.name} />
      )}
    </>
  );
}

function WholeDataset({ model, dataset, onStarted }: { model: string; dataset: string; onStarted: (job: string) => void }) {
  const client = useQueryClient();
  const summary = useQuery(datasetQuery(dataset));
  const [folds, setFolds] = useState<readonly number[]>([]);
  const start = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/predictions", {
          body: { model, dataset, folds: folds.length === 0 ? null : [...folds], paths: [] },
        }),
      ),
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: ["jobs"] });
      onStarted(job.id);
    },
  });
  return (
    <>
      <FormEnd>
        <FoldPicker label="Folds" description="Only these, or all." folds={summary.data?.folds ?? {}} value={folds} onChange={setFolds} />
        <Button
          leftSection={<IconStethoscope size={18} aria-hidden />}
          onClick={() => start.mutate()}
          loading={start.isPending}
          data-testid="predict-start"
        >
          Predict
        </Button>
      </FormEnd>
      {start.isError && (
        <div className={css.wide}>
          <ProblemView error={start.error} onRetry={() => start.mutate()} />
        </div>
      )}
    </>
  );
}

interface RecordSelectProps {
  readonly dataset: string;
  readonly value: number | null;
  readonly onChange: (item: number) => void;
}

const OFFERED = 50;

/** One ECG of a dataset, by its name; the server searches. */
function RecordSelect({ dataset, value, onChange }: RecordSelectProps) {
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed, 200);
  const chosen = useQuery({
    queryKey: ["record", value],
    queryFn: ({ signal }) => unwrap(api.GET("/api/records/{item}", { params: { path: { item: value ?? 0 } }, signal })),
    enabled: value !== null,
    staleTime: Infinity,
  });
  const isChosen = chosen.data !== undefined && search === chosen.data.file_name;
  const asked = isChosen ? "" : search;
  const page = useQuery({
    queryKey: ["records", dataset, { search: asked, limit: OFFERED }],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/datasets/{dataset}/records", { params: { path: { dataset }, query: { search: asked, limit: OFFERED } }, signal })),
    placeholderData: keepPreviousData,
  });
  const offered = (page.data?.rows ?? []).map((row) => ({ value: String(row.id), label: row.file_name }));
  if (chosen.data !== undefined && value !== null && !offered.some((entry) => entry.value === String(value)))
    offered.unshift({ value: String(value), label: chosen.data.file_name });
  const more = (page.data?.total ?? 0) - OFFERED;
  return (
    <Select
      label="ECG"
      placeholder="Choose or type a name"
      data={offered}
      value={value === null ? null : String(value)}
      onChange={(id) => id !== null && onChange(Number(id))}
      onSearchChange={setTyped}
      filter={({ options }) => options}
      searchable
      allowDeselect={false}
      nothingFoundMessage="No ECG of that name"
      description={more > 0 ? `${fmt.count(more)} more: type to find one` : undefined}
      inputWrapperOrder={["label", "input", "description", "error"]}
      maxDropdownHeight={320}
      data-testid="record-select"
    />
  );
}

interface PredictionOfProps {
  readonly job: string;
  readonly datasets: readonly Dataset[];
  readonly onRetried: (job: string) => void;
}

function PredictionOf({ job: id, datasets, onRetried }: PredictionOfProps) {
  const { query, job, history, connected } = useJob(id);
  const table = useFirstPage(id, { enabled: job?.state === "done" });
  return (
    <Query query={query}>
      {(shown) => (
        <>
          <JobPanel job={shown} history={history} connected={connected} onRetried={(next) => onRetried(next.id)} />
          {shown.state === "done" && (
            <Query query={table} waiting={<Waiting height={320} />}>
              {(data) => {
                if (data === null) return <Waiting height={320} />;
                const dataset = shown.request["dataset"];
                const simulated = data.simulated_model || (datasets.find((entry) => entry.name === dataset)?.n_simulated ?? 0) > 0;
                return (
                  <div className={css.stack} data-testid="prediction-result">
                    <Panel
                      flush
                      title={<>{data.model}{typeof dataset === "string" && ` on ${dataset}`}{simulated && <SimulatedTag />}</>}
                      actions={
                        <Button
                          size="xs"
                          variant="default"
                          leftSection={<IconDownload size={14} aria-hidden />}
                          renderRoot={(props) => <a href={address("jobs", id, "files", "predictions.csv")} download {...props} />}
                          data-testid="predictions-csv"
                        >
                          Save as CSV
                        </Button>
                      }
                    >
                      <p className={css.facts}>
                        <Facts items={[fmt.plural(data.total, "ECG"), data.refused.length > 0 && `${fmt.count(data.refused.length)} refused, see below`, fmt.seconds(data.seconds)]} />
                      </p>
                      <div className={css.facts}>
                        <Warnings warnings={data.warnings} />
                      </div>
                      {data.total === 0 ? (
                        <p className={css.facts}>The model could be used for none of these ECGs; the reasons stand below.</p>
                      ) : (
                        <ProbabilityTable job={id} table={data} />
                      )}
                    </Panel>
                    <Refused failures={data.refused} />
                  </div>
                ); // prettier-ignore
              }}
            </Query>
          )}
        </>
      )}
    </Query>
  );
}
