import { Button } from "@mantine/core";
import { IconFiles, IconFolder, IconFolders } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Dataset } from "@/api";
import { DataTable, EmptyState, Explain, fmt, KeyHelp, LinkButton, LongName, NONE, Page, Panel, Query, SimulatedTag, StateTag, type DataColumn } from "@/ui";
import { useDatasets, useCurrentDataset } from "./current";
import { FirstSteps } from "./FirstSteps";
import { ImportButtons } from "./ImportButtons";
import { useImporting } from "./importing/context";
import { UnfinishedUploads } from "./importing/Unfinished";
import { amplitudeWords, rates } from "./words";
import css from "./library.module.css";

const KEYS = [
  { keys: ["↑", "↓"], what: "go through the table" },
  { keys: ["Enter"], what: "open the dataset or ECG" },
] as const;

/** All datasets of this installation. */
export function LibraryPage() {
  const datasets = useDatasets();
  return (
    <Page title="Library" actions={<ImportButtons primary />}>
      <KeyHelp keys={KEYS} />
      <UnfinishedUploads />
      <Query query={datasets}>{(list) => (list.length === 0 ? <NoDatasets /> : <DatasetList datasets={list} />)}</Query>
    </Page>
  );
}

function NoDatasets() {
  const importing = useImporting();
  return (
    <Panel>
      <EmptyState
        icon={<IconFolders size={48} stroke={1.25} />}
        title="No ECGs yet"
        body="Drop ECG files, whole folders or archives (.zip, .tar.gz) anywhere on this page. They are copied into this installation and never leave it."
        action={
          <>
            <Button leftSection={<IconFiles size={16} />} onClick={() => importing.choose("files")}>
              Choose files
            </Button>
            <Button variant="default" leftSection={<IconFolder size={16} />} onClick={() => importing.choose("folder")}>
              Choose a folder
            </Button>
            <LinkButton variant="subtle" to="/formats">
              Which formats?
            </LinkButton>
          </>
        }
      />
    </Panel>
  );
}

function DatasetList({ datasets }: { datasets: Dataset[] }) {
  const navigate = useNavigate();
  const { choose } = useCurrentDataset();
  const columns = useMemo<DataColumn<Dataset>[]>(
    () => [
      {
        id: "name",
        title: "Dataset",
        grow: 2.6,
        pinned: true,
        value: (d) => d.name,
        cell: (d) => (
          <span className={css["nameCell"]}>
            <Link to="/library/$dataset" params={{ dataset: d.name }} className={css["strongLink"]} data-testid="dataset-link">
              <LongName text={d.name} />
            </Link>
            {d.n_simulated > 0 && <SimulatedTag />}
          </span>
        ),
      },
      { id: "records", title: "ECGs", width: 64, align: "right", value: (d) => d.n_records, cell: (d) => fmt.count(d.n_records) },
      {
        id: "subjects",
        title: "Patients",
        width: 72,
        align: "right",
        value: (d) => (d.n_subjects > 0 ? d.n_subjects : null),
        cell: (d) => (d.n_subjects > 0 ? fmt.count(d.n_subjects) : d.n_records > 0 ? <span className="ein-quiet">not stated</span> : NONE),
      },
      { id: "tasks", title: "Tasks", explain: "What models can learn from this dataset: questions with an answer per ECG.", value: (d) => d.tasks.join(", "), cell: (d) => d.tasks.length > 2 ? <Explain text={d.tasks.join(", ")}>{`${d.tasks.length} tasks`}</Explain> : d.tasks.length > 0 ? d.tasks.join(", ") : <span className="ein-quiet">no labels yet</span> },
      {
        id: "refused",
        title: "Not read",
        width: 80,
        value: (d) => d.n_refused,
        cell: (d) => (d.n_refused > 0 ? <QuarantineLink dataset={d.name} n={d.n_refused} /> : <span className="ein-quiet">none</span>),
      },
      { id: "rate", title: "Rate", width: 128, value: (d) => d.rates[0] ?? null, cell: (d) => rates(d.rates) },
      { id: "amplitude", title: "Amplitude", width: 80, value: (d) => d.amplitudes.join(" "), cell: (d) => <span title={amplitudeWords(d.amplitudes)}>{d.amplitudes.join(", ")}</span> },
      { id: "created", title: "Since", width: 96, value: (d) => d.created, cell: (d) => fmt.day(d.created) },
    ], // prettier-ignore
    [],
  );
  return (
    <>
      <Panel flush>
        <DataTable
          label="Datasets"
          columns={columns}
          rows={datasets}
          rowKey={(d) => d.name}
          csvName="datasets.csv"
          foot={fmt.plural(datasets.length, "dataset")}
          testId="datasets"
          onRowClick={(d) => {
            choose(d.name);
            void navigate({ to: "/library/$dataset", params: { dataset: d.name } });
          }}
        />
      </Panel>
      <FirstSteps datasets={datasets} />
    </>
  );
}

function QuarantineLink({ dataset, n }: { dataset: string; n: number }) {
  return (
    <Link to="/quarantine" search={{ dataset }} onClick={(event) => event.stopPropagation()} data-testid="quarantine-link">
      <StateTag plain state="bad" word={fmt.plural(n, "file")} />
    </Link>
  );
}
