/** From a table of labels to a task: choose the file, say what its columns mean, read the report. */
import { Button, Modal, Radio, Select, TextInput } from "@mantine/core";
import { IconDownload, IconSchool, IconTable } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type DragEvent } from "react";
import { address, sendForm, type LabelOutcome, type TablePreview } from "@/api";
import { Bars, classColours, fmt, LinkButton, ProblemView, StateTag, Waiting } from "@/ui";
import { Fold, Names } from "../importing/Fold";
import { KIND_WORDS } from "../words";
import { draftOf, labelForm, whatIsMissing, type LabelsDraft } from "./draft";
import css from "../library.module.css";

interface LabelsDialogProps {
  dataset: string;
  /** Names of tasks that exist: the same name replaces one. */
  tasks: readonly string[];
  onClose: () => void;
  onImported: (task: string) => void;
}

export function LabelsDialog({ dataset, tasks, onClose, onImported }: LabelsDialogProps) {
  const client = useQueryClient();
  const [table, setTable] = useState<File | null>(null);
  const [draft, setDraft] = useState<LabelsDraft | null>(null);
  const preview = useMutation({
    mutationFn: (file: File) => {
      const form = new FormData();
      form.append("table", file, file.name);
      return sendForm<TablePreview>("POST", address("label-tables"), form);
    },
    onSuccess: (seen) => setDraft(draftOf(seen)),
  });
  const send = useMutation({
    mutationFn: ({ file, filled }: { file: File; filled: LabelsDraft }) =>
      sendForm<LabelOutcome>("POST", address("datasets", dataset, "labels"), labelForm(file, filled)),
    onSuccess: async (outcome) => {
      onImported(outcome.task);
      await Promise.all(["dataset", "datasets", "records"].map((key) => client.invalidateQueries({ queryKey: [key] })));
    },
  });
  const take = (file: File) => {
    setTable(file);
    setDraft(null);
    send.reset();
    preview.mutate(file);
  };
  const again = () => {
    setTable(null);
    setDraft(null);
    send.reset();
    preview.reset();
  };
  return (
    <Modal opened onClose={onClose} title={`Labels for ${dataset}`} size={720} data-testid="labels-dialog">
      <div className={css["stack"]}>
        {send.data ? (
          <Report outcome={send.data} onAgain={again} onClose={onClose} />
        ) : (
          <>
            {preview.isError && <ProblemView compact error={preview.error} />}
            {table === null || preview.isError ? <ChooseTable onFile={take} /> : null}
            {preview.isPending && <Waiting rows={5} />}
            {table && preview.data && draft && (
              <>
                <Preview table={preview.data} draft={draft} />
                <DraftForm table={preview.data} draft={draft} onChange={setDraft} tasks={tasks} />
                {send.isError && <ProblemView compact error={send.error} />}
                <div className={css["end"]}>
                  <Button variant="default" onClick={again}>
                    Another table
                  </Button>
                  <Button
                    onClick={() => send.mutate({ file: table, filled: draft })}
                    loading={send.isPending}
                    disabled={whatIsMissing(draft) !== null}
                    data-testid="labels-import"
                  >
                    Import labels
                  </Button>
                </div>
              </>
            )}
          </>
        )}
      </div>
    </Modal>
  );
}

function ChooseTable({ onFile }: { onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file) onFile(file);
  };
  return (
    <>
      <div
        className={css["dropZone"]}
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <IconTable size={32} stroke={1.25} aria-hidden />
        <div>Drop a table here (CSV, TSV or XLSX), one line for each ECG and label.</div>
        <Button size="xs" onClick={() => input.current?.click()} data-testid="labels-choose">
          Choose a table
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          accept=".csv,.tsv,.txt,.xlsx"
          data-testid="labels-input"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file) onFile(file);
            event.currentTarget.value = "";
          }}
        />
      </div>
      <div className="ein-quiet">
        The plain form has the columns file_name, label and, if you like, ICD-10.{" "}
        <a className={css["link"]} href={address("labels-template.csv")} download data-testid="labels-template">
          <IconDownload size={14} aria-hidden /> Download a template
        </a>
        . Any other table will do: you say next what its columns mean.
      </div>
    </>
  );
}

function Preview({ table, draft }: { table: TablePreview; draft: LabelsDraft }) {
  const used = new Set([draft.fileColumn, draft.labelColumn, draft.codeColumn]);
  return (
    <div>
      <div style={{ marginBottom: 4 }}>
        <strong>{table.name}</strong> <span className="ein-quiet">{fmt.plural(table.n_rows, "line")}</span>
      </div>
      <div className={css["previewScroll"]}>
        <table className={css["preview"]} aria-label="First lines of the table">
          <thead>
            <tr>
              {table.columns.map((column) => (
                <th key={column} className={used.has(column) ? css["used"] : undefined}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.slice(0, 5).map((row, index) => (
              <tr key={index}>
                {row.map((cell, at) => (
                  <td key={at} className={used.has(table.columns[at] ?? null) ? css["used"] : undefined} title={cell ?? ""}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

interface DraftFormProps {
  table: TablePreview;
  draft: LabelsDraft;
  tasks: readonly string[];
  onChange: (draft: LabelsDraft) => void;
}

function DraftForm({ table, draft, tasks, onChange }: DraftFormProps) {
  const columns = table.columns.map((column) => ({ value: column, label: column }));
  const replaces = tasks.includes(draft.task.trim());
  return (
    <>
      <div className={css["columns"]}>
        <Select
          label="Column with the file name"
          description="Matched with or without folder and suffix."
          data={columns}
          value={draft.fileColumn}
          onChange={(fileColumn) => onChange({ ...draft, fileColumn })}
          searchable
          data-testid="labels-file-column"
        />
        <Select
          label={draft.kind === "regression" ? "Column with the value" : "Column with the label"}
          description="What the model is to learn."
          data={columns}
          value={draft.labelColumn}
          onChange={(labelColumn) => onChange({ ...draft, labelColumn })}
          searchable
          data-testid="labels-label-column"
        />
      </div>
      <Radio.Group
        label="What is an answer?"
        value={draft.kind}
        onChange={(kind) => onChange({ ...draft, kind: kind as LabelsDraft["kind"] })}
        data-testid="labels-kind"
      >
        <div className={css["stack"]} style={{ gap: 8 }}>
          <Radio value="single-label" label={`One class. ${KIND_WORDS["single-label"]?.explain ?? ""}`} data-testid="kind-single-label" />
          <Radio
            value="multi-label"
            label="Several classes possible: repeated lines for one file, or classes with | between them."
            data-testid="kind-multi-label"
          />
          <Radio value="regression" label={`A number. ${KIND_WORDS["regression"]?.explain ?? ""}`} data-testid="kind-regression" />
        </div>
      </Radio.Group>
      <div className={css["columns"]}>
        <TextInput
          label="Name of the task"
          description={replaces ? "There is a task of this name: its labels are replaced." : "How you will find it when you train."}
          value={draft.task}
          onChange={(event) => onChange({ ...draft, task: event.currentTarget.value })}
          data-testid="labels-task"
        />
        {draft.kind === "regression" ? (
          <TextInput
            label="Unit of the value"
            description="Such as years or %; may stay empty."
            value={draft.unit}
            onChange={(event) => onChange({ ...draft, unit: event.currentTarget.value })}
          />
        ) : (
          <Select
            label="Column with a code"
            description="ICD-10 of the label, if there is one."
            placeholder="none"
            data={columns}
            value={draft.codeColumn}
            onChange={(codeColumn) => onChange({ ...draft, codeColumn })}
            clearable
            searchable
          />
        )}
      </div>
      {whatIsMissing(draft) && <div className="ein-quiet">{whatIsMissing(draft)}</div>}
    </>
  );
}

function Report({ outcome, onAgain, onClose }: { outcome: LabelOutcome; onAgain: () => void; onClose: () => void }) {
  const names = Object.keys(outcome.counts);
  const colours = classColours(names);
  return (
    <div className={css["stack"]} data-testid="labels-report">
      <div className={css["row"]}>
        <StateTag state={outcome.n_matched > 0 ? "good" : "bad"} word={`${fmt.plural(outcome.n_matched, "ECG")} labelled`} testId="labels-n-matched" />
        {outcome.n_labels_without_record > 0 && (
          <StateTag state="doubt" word={`${fmt.plural(outcome.n_labels_without_record, "label")} without an ECG`} />
        )}
        {outcome.n_records_without_label > 0 && (
          <StateTag state="neutral" word={`${fmt.plural(outcome.n_records_without_label, "ECG")} without a label`} />
        )}
      </div>
      {outcome.warnings.map((warning) => (
        <div key={warning}>
          <StateTag plain state="doubt" word="Note" /> {warning}
        </div>
      ))}
      {outcome.kind !== "regression" && (
        <Bars
          label="ECGs per class"
          rows={names.map((name) => ({ name, value: outcome.counts[name] ?? 0, colour: colours.get(name) })).sort((a, b) => b.value - a.value)}
        />
      )}
      {outcome.labels_without_record.length > 0 && (
        <Fold title="Labels without an ECG of that name">
          <Names names={outcome.labels_without_record} total={outcome.n_labels_without_record} />
        </Fold>
      )}
      {outcome.records_without_label.length > 0 && (
        <Fold title="ECGs without a label">
          <Names names={outcome.records_without_label} total={outcome.n_records_without_label} />
        </Fold>
      )}
      <div className={css["end"]}>
        <Button variant="default" onClick={onAgain}>
          Another table
        </Button>
        <Button variant="default" onClick={onClose} data-testid="labels-done">
          Done
        </Button>
        <LinkButton to="/train" search={{ dataset: outcome.dataset, task: outcome.task }} leftSection={<IconSchool size={16} />} data-testid="labels-train">
          Train on these labels
        </LinkButton>
      </div>
    </div>
  );
}
