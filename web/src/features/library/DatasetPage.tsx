import { ActionIcon, Button, Menu, Modal, Select, TextInput } from "@mantine/core";
import { IconChevronLeft, IconDots, IconFileUpload, IconRulerMeasure, IconSchool, IconTag, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap, type DatasetSummary, type TaskInfo } from "@/api";
import { EmptyState, Explain, Facts, fmt, Grid, KeyHelp, LinkButton, Page, Panel, ProblemView, Query, SimulatedTag, StateTag, Waiting } from "@/ui";
import { useOpenedDataset } from "./current";
import { Ages, Classes, Files } from "./Distributions";
import { ImportButtons } from "./ImportButtons";
import { useImporting } from "./importing/context";
import { UnfinishedUploads } from "./importing/Unfinished";
import { RefusedList } from "./importing/RefusedList";
import { LabelsDialog } from "./labels/LabelsDialog";
import { NO_FILTER, type Filter } from "./records/filter";
import { RecordTable } from "./records/RecordTable";
import { AmplitudeHelp, amplitudeWords, KIND_WORDS, rates } from "./words";
import css from "./library.module.css";

const route = getRouteApi("/library/$dataset");

const KEYS = [
  { keys: ["↑", "↓"], what: "go through the ECGs" },
  { keys: ["Enter"], what: "open the ECG in the viewer" },
] as const;

/** One dataset: what it holds, how it is distributed, and its ECGs. */
export function DatasetPage() {
  const { dataset } = route.useParams();
  const summary = useQuery({
    queryKey: ["dataset", dataset],
    queryFn: ({ signal }) => unwrap(api.GET("/api/datasets/{dataset}", { params: { path: { dataset } }, signal })),
  });
  useOpenedDataset(summary.data === undefined ? null : dataset);
  if (summary.data !== undefined) return <Loaded key={dataset} summary={summary.data} />;
  return (
    <Page title={dataset} before={<Back />}>
      <Query query={summary} waiting={<Waiting height={240} />}>
        {() => null}
      </Query>
    </Page>
  );
}

function Back() {
  return (
    <ActionIcon component={Link} to="/library" aria-label="All datasets">
      <IconChevronLeft size={20} />
    </ActionIcon>
  );
}

function Loaded({ summary }: { summary: DatasetSummary }) {
  const { dataset, tasks } = summary;
  const [taskName, setTaskName] = useState<string | null>(null);
  const task = tasks.find((one) => one.name === taskName) ?? tasks[0] ?? null;
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const [labelling, setLabelling] = useState(false);
  const empty = dataset.n_records === 0;
  const pickLabel = (label: string) => setFilter((now) => ({ ...now, label: now.label === label ? null : label }));
  return (
    <Page
      title={dataset.name}
      before={<Back />}
      tags={
        dataset.n_simulated > 0 && (
          <SimulatedTag
            what={`${fmt.plural(dataset.n_simulated, "ECG")} of ${fmt.count(dataset.n_records)} were computed, not recorded: no patient ever had them.`}
          />
        )
      }
      facts={
        <Facts
          items={[
            fmt.plural(dataset.n_records, "ECG"),
            dataset.n_records > 0 && (dataset.n_subjects > 0 ? fmt.plural(dataset.n_subjects, "patient") : "patients not stated"),
            rates(dataset.rates),
            amplitudeWords(dataset.amplitudes) && (
              <>
                {amplitudeWords(dataset.amplitudes)} <AmplitudeHelp values={dataset.amplitudes} />
              </>
            ),
            dataset.note,
          ]}
        />
      }
      actions={
        <>
          <ImportButtons dataset={dataset.name} primary={empty} />
          {!empty && (
            <>
              <Button
                variant="default"
                leftSection={<IconTag size={16} />}
                onClick={() => setLabelling(true)}
                data-testid="labels-button"
              >
                Import labels
              </Button>
              <LinkButton to="/measure" search={{ dataset: dataset.name }} variant="default" leftSection={<IconRulerMeasure size={16} />} data-testid="measure-button">
                Measure …
              </LinkButton>
              {task && (
                <LinkButton
                  to="/train"
                  search={{ dataset: dataset.name, task: task.name }}
                  leftSection={<IconSchool size={16} />}
                  data-testid="train-button"
                >
                  Train
                </LinkButton>
              )}
            </>
          )}
          <DatasetMenu name={dataset.name} task={task} />
        </>
      }
    >
      <KeyHelp keys={KEYS} />
      <UnfinishedUploads dataset={dataset.name} />
      {empty && dataset.n_refused === 0 ? (
        <NoRecords name={dataset.name} />
      ) : (
        <>
          {tasks.length === 0 && !empty && (
            <div className={css["tip"]} data-testid="next-step">
              <IconFileUpload size={20} aria-hidden />
              <span>
                <strong>Next: labels.</strong> A table with a file name and a label per line makes a task that a model can learn.
              </span>
              <Button ml="auto" size="xs" onClick={() => setLabelling(true)}>
                Import labels
              </Button>
            </div>
          )}
          {!empty && (
            <Grid min={272}>
              <Panel
                title={
                  task === null ? (
                    "Labels"
                  ) : tasks.length === 1 ? (
                    <TaskTitle task={task} />
                  ) : (
                    <Select
                      size="xs"
                      aria-label="Task"
                      w={248}
                      allowDeselect={false}
                      data={tasks.map((one) => ({ value: one.name, label: one.title || one.name }))}
                      value={task.name}
                      onChange={(chosen) => {
                        setTaskName(chosen);
                        setFilter((now) => ({ ...now, label: null }));
                      }}
                      data-testid="task-select"
                    />
                  )
                }
                explain={task ? KIND_WORDS[task.kind]?.explain : undefined}
                testId="panel-classes"
              >
                {task ? (
                  <Classes task={task} picked={filter.label} onPick={pickLabel} />
                ) : (
                  <div className="ein-quiet">None yet. ECGs can be looked at and predicted without; to train or evaluate, bring labels.</div>
                )}
              </Panel>
              <Panel title="Age and sex" testId="panel-ages">
                <Ages summary={summary} />
              </Panel>
              <Panel
                title="Quality and files"
                explain="A doubt is something that looked wrong while reading, without stopping it. Files that could not be read are kept with their reason."
                testId="panel-quality"
              >
                <Files summary={summary} onlyDoubts={filter.onlyDoubts} onDoubts={() => setFilter((now) => ({ ...now, onlyDoubts: !now.onlyDoubts }))} />
              </Panel>
            </Grid>
          )}
          {dataset.n_refused > 0 && <Refused dataset={dataset.name} n={dataset.n_refused} />}
          {!empty && <RecordTable summary={summary} task={task} filter={filter} onFilter={setFilter} />}
        </>
      )}
      {labelling && (
        <LabelsDialog
          dataset={dataset.name}
          tasks={tasks.map((one) => one.name)}
          onClose={() => setLabelling(false)}
          onImported={(made) => {
            setTaskName(made);
            setFilter((now) => ({ ...now, label: null }));
          }}
        />
      )}
    </Page>
  );
}

function TaskTitle({ task }: { task: TaskInfo }) {
  return <Explain text={`Task “${task.name}”: ${KIND_WORDS[task.kind]?.word ?? task.kind}`}>{task.title || task.name}</Explain>;
}

function NoRecords({ name }: { name: string }) {
  const importing = useImporting();
  return (
    <Panel>
      <EmptyState
        title="This dataset is empty"
        body="Drop ECG files or a folder anywhere on this page."
        action={
          <>
            <Button onClick={() => importing.choose("files", name)}>Choose files</Button>
            <Button variant="default" onClick={() => importing.choose("folder", name)}>
              Choose a folder
            </Button>
          </>
        }
      />
    </Panel>
  );
}

function Refused({ dataset, n }: { dataset: string; n: number }) {
  const importing = useImporting();
  const refused = useQuery({
    queryKey: ["refused", dataset],
    queryFn: ({ signal }) => unwrap(api.GET("/api/datasets/{dataset}/refused", { params: { path: { dataset } }, signal })),
  });
  const [open, setOpen] = useState(false);
  return (
    <section className={css["refused"]} data-testid="panel-refused">
      <div className={css["row"]}>
        <StateTag plain state="bad" word={`${fmt.plural(n, "file")} could not be read`} />
        <span className="ein-quiet">Each is kept with its reason; many need only a hint.</span>
        <LinkButton ml="auto" size="xs" variant="subtle" to="/quarantine" search={{ dataset }} data-testid="quarantine-link">
          Open the quarantine
        </LinkButton>
        <Button size="xs" variant="default" onClick={() => setOpen(!open)} aria-expanded={open} data-testid="refused-toggle">
          {open ? "Fold" : "Reasons and hints"}
        </Button>
      </div>
      {open && (
        <Query query={refused}>
          {(files) => (
            <RefusedList dataset={dataset} files={files} onFollow={importing.follow} />
          )}
        </Query>
      )}
    </section>
  );
}

/** What is seldom done: delete a task or the dataset. */
function DatasetMenu({ name, task }: { name: string; task: TaskInfo | null }) {
  const [deleting, setDeleting] = useState<"dataset" | "task" | null>(null);
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label="More" data-testid="dataset-menu">
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {task && (
            <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => setDeleting("task")}>
              Delete the labels of “{task.title || task.name}”
            </Menu.Item>
          )}
          <Menu.Item color="var(--ein-bad)" leftSection={<IconTrash size={16} />} onClick={() => setDeleting("dataset")} data-testid="dataset-delete">
            Delete this dataset
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {deleting === "dataset" && <DeleteDataset name={name} onClose={() => setDeleting(null)} />}
      {deleting === "task" && task && <DeleteTask dataset={name} task={task} onClose={() => setDeleting(null)} />}
    </>
  );
}

function DeleteDataset({ name, onClose }: { name: string; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/datasets/{dataset}", { params: { path: { dataset: name } } })),
    onSuccess: async () => {
      await navigate({ to: "/library" });
      client.removeQueries({ queryKey: ["dataset", name] });
      await client.invalidateQueries({ queryKey: ["datasets"] });
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Delete ${name}?`}>
      <form
        className={css["stack"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.trim() === name) remove.mutate();
        }}
      >
        <div>Its ECGs and labels are removed from this installation and cannot be brought back. Models trained on it stay.</div>
        <TextInput label={`Type ${name} to confirm`} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus data-testid="delete-confirm-name" />
        {remove.isError && <ProblemView compact error={remove.error} />}
        <div className={css["end"]}>
          <Button variant="default" onClick={onClose}>
            Keep it
          </Button>
          <Button type="submit" color="bad" disabled={typed.trim() !== name} loading={remove.isPending} data-testid="delete-confirm">
            Delete
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function DeleteTask({ dataset, task, onClose }: { dataset: string; task: TaskInfo; onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      unwrap(api.DELETE("/api/datasets/{dataset}/tasks/{task}", { params: { path: { dataset, task: task.name } } })),
    onSuccess: async () => {
      await Promise.all(["dataset", "datasets", "records"].map((key) => client.invalidateQueries({ queryKey: [key] })));
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Delete the labels of ${task.title || task.name}?`}>
      <div className={css["stack"]}>
        <div>The ECGs stay. The labels of {fmt.plural(task.n, "ECG")} go; import the table again to bring them back.</div>
        {remove.isError && <ProblemView compact error={remove.error} />}
        <div className={css["end"]}>
          <Button variant="default" onClick={onClose}>
            Keep them
          </Button>
          <Button color="bad" loading={remove.isPending} onClick={() => remove.mutate()}>
            Delete the labels
          </Button>
        </div>
      </div>
    </Modal>
  );
}
