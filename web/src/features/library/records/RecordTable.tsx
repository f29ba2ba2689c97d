import { Button, NumberInput, Select, TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconAlertTriangle, IconSearch, IconX } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { address, type DatasetSummary, type Item, type TaskInfo } from "@/api";
import { ClassMark, classColours, DataTable, EmptyState, fmt, LongName, Panel, ProblemView, SimulatedTag, StateTag, type DataColumn, type Sort, type State } from "@/ui";
import { isFiltered, NO_FILTER, recordQuery, type Filter } from "./filter";
import { Sparkline } from "./Sparkline";
import { useRecords, useThumbnails } from "./useRecords";
import css from "../library.module.css";
import { formatWord } from "../words";

interface RecordTableProps {
  summary: DatasetSummary;
  task: TaskInfo | null;
  filter: Filter;
  onFilter: (filter: Filter) => void;
}

const NO_LABEL = "\u0000none";

/** The ECGs of a dataset: searched, filtered and sorted by the server, fetched as one scrolls. */
export function RecordTable({ summary, task, filter, onFilter }: RecordTableProps) {
  const { dataset } = summary;
  const navigate = useNavigate();
  const [sort, setSort] = useState<Sort>({ column: "file_name", descending: false });
  const [search] = useDebouncedValue(filter.search, 200);
  const query = useMemo(() => recordQuery({ ...filter, search }, task?.name ?? null, sort), [filter, search, task, sort]);
  const { head, total, rows, range, onRange } = useRecords(dataset.name, query);
  const thumbnails = useThumbnails(rows, range);
  const columns = useColumns(task, thumbnails, dataset.n_simulated > 0 && dataset.n_simulated < dataset.n_records, Object.keys(summary.folds).length > 1);
  return (
    <Panel flush testId="panel-records">
      <Filters summary={summary} task={task} filter={filter} onFilter={onFilter} />
      {head.isError ? (
        <div style={{ padding: 16 }}>
          <ProblemView error={head.error} onRetry={() => void head.refetch()} />
        </div>
      ) : (
        <DataTable
          label={`ECGs of ${dataset.name}`}
          columns={columns}
          rows={rows}
          rowKey={(item) => item.id}
          height="max(360px, calc(100vh - 320px))"
          sort={sort}
          onSort={setSort}
          onRange={onRange}
          onRowClick={(item) => void navigate({ to: "/viewer/$item", params: { item: String(item.id) } })}
          csvHref={address("datasets", dataset.name, "records.csv")}
          foot={head.data === undefined ? "" : isFiltered(filter) ? `${fmt.count(total)} of ${fmt.plural(dataset.n_records, "ECG")} shown` : `${fmt.plural(total, "ECG")}`}
          testId="records"
          empty={
            head.data !== undefined && (
              <EmptyState
                title="No ECG fits this filter"
                body="Take something out of the filter to see more."
                action={
                  <Button variant="default" onClick={() => onFilter(NO_FILTER)}>
                    Show all ECGs
                  </Button>
                }
              />
            )
          }
        />
      )}
    </Panel>
  );
}

/** The file's own name first: folders of one dataset look alike. */
function split(path: string): { name: string; folder: string } {
  const at = path.lastIndexOf("/");
  const folder = at > 0 ? path.slice(0, at) : "";
  // Codes in place of names say nothing to anybody.
  return { name: path.slice(at + 1), folder: /^d-[0-9a-f]{8,}/.test(folder) ? "" : folder };
}

const isTwin = (item: Item) => item.same_as !== null && item.same_as !== undefined;

function useColumns(task: TaskInfo | null, thumbnails: ReturnType<typeof useThumbnails>, mixed: boolean, folds: boolean): DataColumn<Item>[] {
  return useMemo(() => {
    const colours = classColours(task?.classes.map((one) => one.name) ?? []);
    const titles = new Map(task?.classes.map((one) => [one.name, one.title]));
    const labels = (item: Item) => {
      const answer = task ? item.labels?.[task.name] : undefined;
      if (answer === undefined) return <span className="ein-quiet">–</span>;
      if (typeof answer === "number") return `${fmt.plain(answer, 1)}${task?.unit ? ` ${task.unit}` : ""}`;
      if (answer.length === 0) return <span className="ein-quiet">none of the classes</span>;
      return (
        <span className={css["labels"]} title={answer.map((name) => titles.get(name) || name).join(", ")}>
          {answer.map((name) => (
            <ClassMark key={name} name={name} colour={colours.get(name) ?? "var(--ein-quiet)"} />
          ))}
        </span>
      );
    };
    const columns: (DataColumn<Item> | false)[] = [
      { id: "thumbnail", title: "Lead II", width: 136, cell: (item) => <Sparkline thumbnail={thumbnails.get(item.id)} /> },
      {
        id: "file_name",
        title: "File",
        grow: 1.6,
        pinned: true,
        value: (item) => item.file_name,
        cell: (item) => (
          <span className={css["nameCell"]} title={item.file_name}>
            <Link
              to="/viewer/$item"
              params={{ item: String(item.id) }}
              className={css["strongLink"]}
              tabIndex={-1}
              onClick={(event) => event.stopPropagation()}
              data-testid="record-link"
            >
              <LongName text={split(item.file_name).name} title={item.file_name} />
            </Link>
            {isTwin(item) && (
              <span className="ein-quiet" title="Another file of this dataset holds the same ECG">
                twin
              </span>
            )}
            {split(item.file_name).folder && <span className={css["folder"]}>{split(item.file_name).folder}</span>}
            {mixed && item.simulated && <SimulatedTag />}
          </span>
        ),
      },
      { id: "labels", title: "Labels", explain: task ? `Task: ${task.title || task.name}` : undefined, cell: labels },
      { id: "subject", title: "Patient", width: 120, value: (item) => item.subject ?? "", cell: (item) => <span title={item.subject ?? undefined}>{item.subject ?? "–"}</span> },
      { id: "age", title: "Age", width: 40, align: "right", value: (item) => item.age, cell: (item) => fmt.plain(item.age, 0) },
      { id: "sex", title: "Sex", width: 32, value: (item) => item.sex ?? "", sortable: false, cell: (item) => item.sex ?? "–" },
      {
        id: "doubts",
        title: "Quality",
        explain: "What was found of the signal, and what looked wrong while reading. The viewer says more of each lead.",
        width: 128,
        cell: (item) => <QualityCell item={item} />,
      },
      folds && { id: "fold", title: "Fold", explain: "A group of records that stays together in training or testing.", width: 36, align: "right", value: (item) => item.fold, sortable: false, cell: (item) => fmt.plain(item.fold, 0) },
      { id: "rate", title: "Rate", width: 64, align: "right", value: (item) => item.rate, cell: (item) => fmt.rate(item.rate) },
      { id: "duration", title: "Length", width: 56, align: "right", value: (item) => item.n_samples / item.rate, cell: (item) => `${fmt.plain(item.n_samples / item.rate, 1)} s` },
      { id: "format", title: "Format", width: 80, value: (item) => formatWord(item.format), sortable: false },
    ]; // prettier-ignore
    return columns.filter((column) => column !== false);
  }, [task, thumbnails, mixed, folds]);
}

const GRADES: Readonly<Record<string, State>> = { good: "good", usable: "doubt", poor: "bad" };

/** The worse of what the signal shows and what looked wrong while reading, in one mark with words. */
function QualityCell({ item }: { item: Item }) {
  const { doubts } = item;
  const grade = item.grade ?? null;
  if (grade === null && doubts.length === 0) return <span className="ein-quiet">no doubt</span>;
  const doubted = doubts.length > 0 ? [fmt.plural(doubts.length, "doubt")] : [];
  const words = grade === null || (grade === "good" && doubts.length > 0) ? doubted : [grade, ...doubted];
  const state = grade === "poor" ? "bad" : doubts.length > 0 ? "doubt" : (GRADES[grade ?? ""] ?? "neutral");
  return <StateTag plain state={state} word={words.join(", ")} explain={doubts.length > 0 ? doubts.join(" ") : undefined} />;
}

function Filters({ summary, task, filter, onFilter }: RecordTableProps) {
  const set = (part: Partial<Filter>) => onFilter({ ...filter, ...part });
  const folds = Object.keys(summary.folds).map(Number).filter(Number.isFinite).sort((a, b) => a - b);
  const age = (value: string | number) => (typeof value === "number" ? value : null);
  return (
    <div className={css["filters"]} data-testid="record-filters">
      <TextInput
        size="xs"
        w={240}
        placeholder="File name or patient"
        aria-label="Search ECGs"
        leftSection={<IconSearch size={14} aria-hidden />}
        value={filter.search}
        onChange={(event) => set({ search: event.currentTarget.value })}
        data-testid="record-search"
      />
      {task && task.kind !== "regression" && (
        <Select
          size="xs"
          w={168}
          placeholder="any label"
          aria-label="Label"
          clearable
          searchable={task.classes.length > 10}
          data={[
            ...task.classes.map((one) => ({ value: one.name, label: one.name })),
            ...(task.n_without > 0 ? [{ value: NO_LABEL, label: "without a label" }] : []),
          ]}
          value={filter.label === "" ? NO_LABEL : filter.label}
          onChange={(label) => set({ label: label === NO_LABEL ? "" : label })}
          data-testid="filter-label"
        />
      )}
      <Select
        size="xs"
        w={104}
        placeholder="any sex"
        aria-label="Sex"
        clearable
        data={[
          { value: "F", label: "women" },
          { value: "M", label: "men" },
        ]}
        value={filter.sex}
        onChange={(sex) => set({ sex: sex === "F" || sex === "M" ? sex : null })}
      />
      <span className={css["ages"]}>
        <NumberInput size="xs" w={72} min={0} max={130} hideControls placeholder="age" aria-label="Age from" value={filter.ageFrom ?? ""} onChange={(value) => set({ ageFrom: age(value) })} />
        to
        <NumberInput size="xs" w={72} min={0} max={130} hideControls placeholder="age" aria-label="Age to" value={filter.ageTo ?? ""} onChange={(value) => set({ ageTo: age(value) })} />
      </span>
      {folds.length > 1 && (
        <Select
          size="xs"
          w={104}
          placeholder="any fold"
          aria-label="Fold"
          clearable
          data={folds.map((fold) => ({ value: String(fold), label: `fold ${fold}` }))}
          value={filter.folds[0] === undefined ? null : String(filter.folds[0])}
          onChange={(fold) => set({ folds: fold === null ? [] : [Number(fold)] })}
        />
      )}
      {summary.n_doubts > 0 && (
        <Button
          size="xs"
          variant={filter.onlyDoubts ? "light" : "default"}
          leftSection={<IconAlertTriangle size={14} />}
          aria-pressed={filter.onlyDoubts}
          onClick={() => set({ onlyDoubts: !filter.onlyDoubts })}
        >
          only doubts
        </Button>
      )}
      {isFiltered(filter) && (
        <UnstyledButton className={css["link"]} onClick={() => onFilter(NO_FILTER)}>
          <IconX size={12} aria-hidden /> no filter
        </UnstyledButton>
      )}
    </div>
  );
}
