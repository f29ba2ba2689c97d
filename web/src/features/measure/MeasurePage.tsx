/** Measure every ECG of a dataset: what to write, progress, what was found and why not more, and the files. */
import { Button, Checkbox, Input, SegmentedControl, Select } from "@mantine/core";
import { IconDatabaseOff, IconRulerMeasure } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Dataset, type MeasureRequest, unwrap } from "@/api";
import { EarlierJobs, JobPanel, useJob } from "@/features/jobs";
import { useCurrentDataset } from "@/features/library/current";
import { DatasetSelect } from "@/features/predict/Pickers";
import { FoldPicker } from "@/features/train/FoldPicker";
import { datasetQuery, datasetsQuery } from "@/features/train/queries";
import { FORMATS } from "@/features/viewer/beats/ExportMenu";
import { MethodChoice } from "@/features/viewer/beats/MeasurementsPanel";
import { delineatorsQuery, type Export, type FileFormat } from "@/features/viewer/beats/queries";
import { OWN_METHOD } from "@/features/viewer/beats/settings";
import { ORDERS } from "@/plot";
import { EmptyState, FormEnd, FormGrid, Page, Panel, ProblemView, Query, Waiting } from "@/ui";
import { Outcome, outcomeQuery } from "./Outcome";
import css from "./measure.module.css";

const route = getRouteApi("/measure");

const EXPORTS: readonly { what: Export; title: string; note: string }[] = [
  { what: "measurements", title: "Measurements", note: "one row per ECG, measurement and lead" },
  { what: "fiducials", title: "Times of the waves", note: "one row per beat and lead" },
  { what: "qrs-overlay", title: "Beats of one lead", note: "laid over each other at R" },
  { what: "median-beat", title: "Median beat", note: "every lead, at the recording’s rate" },
  { what: "median-fiducials", title: "Median beat: fiducials", note: "a table, a row for each lead" },
  { what: "rlign-median", title: "Median beat by Rlign", note: "stretched to one heart rate" },
  { what: "rlign-aligned", title: "Time-aligned ECG by Rlign", note: "stretched to one heart rate" },
];

export function MeasurePage() {
  const datasets = useQuery(datasetsQuery);
  const { job } = route.useSearch();
  const navigate = route.useNavigate();
  const open = (id: string) => void navigate({ search: ({ dataset }) => ({ dataset, job: id }) });
  return (
    <Page title="Measure" facts="Find the beats of every ECG of a dataset and measure them." notice>
      <Query query={datasets} waiting={<Waiting height={160} />}>
        {(all) => <Ask datasets={all.filter((entry) => entry.n_records > 0)} onStarted={open} />}
      </Query>
      {job !== undefined && <Measuring key={job} job={job} onRetried={open} />}
      <EarlierJobs kind="measure" title="Earlier measurings" chosen={job ?? null} onChoose={open} />
    </Page>
  );
}

function Ask({ datasets, onStarted }: { datasets: readonly Dataset[]; onStarted: (job: string) => void }) {
  const search = route.useSearch();
  const current = useCurrentDataset();
  const [typed, setTyped] = useState<string | null>(null);
  if (datasets.length === 0)
    return (
      <EmptyState
        icon={<IconDatabaseOff />} title="There are no ECGs to measure yet" body="Import ECG files in the library first; then come back here."
        action={<Button renderRoot={(props) => <Link to="/library" {...props} />}>To the library</Button>}
      />
    ); // prettier-ignore
  const name = [typed, search.dataset ?? null, current.name].find((one) => datasets.some((entry) => entry.name === one)) ?? datasets[0]!.name;
  return <Form key={name} dataset={name} datasets={datasets} onDataset={setTyped} onStarted={onStarted} />;
}

interface FormProps {
  dataset: string;
  datasets: readonly Dataset[];
  onDataset: (name: string | null) => void;
  onStarted: (job: string) => void;
}

function Form({ dataset, datasets, onDataset, onStarted }: FormProps) {
  const client = useQueryClient();
  const summary = useQuery(datasetQuery(dataset));
  const delineators = useQuery(delineatorsQuery);
  const [folds, setFolds] = useState<readonly number[]>([]);
  const [method, setMethod] = useState(OWN_METHOD);
  const [what, setWhat] = useState<readonly Export[]>(["measurements"]);
  const [format, setFormat] = useState<FileFormat>("csv");
  const [lead, setLead] = useState("II");
  const start = useMutation({
    mutationFn: () => {
      const body: Partial<MeasureRequest> = { dataset, folds: folds.length === 0 ? null : [...folds], method, what: [...what], file_format: format, lead };
      return unwrap(api.POST("/api/measurements", { body: body as MeasureRequest }));
    },
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: ["jobs"] });
      onStarted(job.id);
    },
  });
  return (
    <Panel testId="measure-form">
      <FormGrid columns="minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1.4fr)">
        <div className={css["column"]}>
          <DatasetSelect datasets={datasets} value={dataset} onChange={onDataset} />
        </div>
        <div className={css["column"]}>
          {delineators.data !== undefined && <MethodChoice entries={delineators.data} value={method} onChange={setMethod} size="sm" />}
        </div>
        <div className={css["column"]}>
          <Input.Wrapper label="What to write" labelElement="div">
            <div className={css["exports"]} role="group" aria-label="What to write">
              {EXPORTS.map((one) => (
                <Checkbox
                  key={one.what} size="xs" checked={what.includes(one.what)} label={<>{one.title} <span className="ein-quiet">{one.note}</span></>} data-testid={`measure-${one.what}`}
                  onChange={() => setWhat((now) => EXPORTS.map((entry) => entry.what).filter((name) => (name === one.what) !== now.includes(name)))}
                />
              ))}
            </div>
          </Input.Wrapper>
          <div className={css["line"]}>
            <SegmentedControl size="xs" aria-label="File format" data={FORMATS.map(({ format: value, title }) => ({ value, label: title }))} value={format} onChange={(value) => setFormat(value as FileFormat)} data-testid="measure-format" />
            {what.includes("qrs-overlay") && (
              <Select size="xs" w={96} aria-label="Lead of the beats" data={ORDERS.standard.map(({ name }) => name)} value={lead} onChange={(value) => value !== null && setLead(value)} allowDeselect={false} />
            )}
          </div>
        </div>
        <FormEnd>
          <FoldPicker label="Folds" description="Only these, or all." folds={summary.data?.folds ?? {}} value={folds} onChange={setFolds} />
          <Button leftSection={<IconRulerMeasure size={18} aria-hidden />} onClick={() => start.mutate()} loading={start.isPending} disabled={what.length === 0} data-testid="measure-start">
            Measure
          </Button>
        </FormEnd>
        {start.isError && (
          <div className={css["wide"]}>
            <ProblemView error={start.error} onRetry={() => start.mutate()} />
          </div>
        )}
      </FormGrid>
    </Panel>
  ); // prettier-ignore
}

function Measuring({ job: id, onRetried }: { job: string; onRetried: (job: string) => void }) {
  const { query, job, history, connected } = useJob(id);
  const outcome = useQuery({ ...outcomeQuery(id), enabled: job?.state === "done" });
  return (
    <Query query={query}>
      {(shown) => (
        <>
          <JobPanel job={shown} history={history} connected={connected} onRetried={(next) => onRetried(next.id)} />
          {shown.state === "done" && (
            <Query query={outcome} waiting={<Waiting height={320} />}>
              {(found) => (found === null ? <Waiting height={320} /> : <Outcome job={id} outcome={found} />)}
            </Query>
          )}
        </>
      )}
    </Query>
  );
}
