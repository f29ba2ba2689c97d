import { useCallback, useMemo, useState } from "react";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconCheck, IconX } from "@tabler/icons-react";
import { address, api, type PredictionRow, type PredictionTable, unwrap } from "@/api";
import { type DataColumn, DataTable, fmt, LongName, type Sort } from "@/ui";
import { agrees, probability, quantity, strength, truthInWords } from "./answers";
import css from "./predict.module.css";

const PAGE = 200;

function pageQuery(job: string, page: number, sort: string | null) {
  return {
    queryKey: ["predictions", job, page, sort],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      unwrap(
        api.GET("/api/predictions/{job}", {
          params: { path: { job }, query: { offset: page * PAGE, limit: PAGE, ...(sort === null ? {} : { sort }) } },
          signal,
        }),
      ),
    staleTime: Infinity,
  };
}

/** The first page of a finished prediction; null while it runs. */
export function useFirstPage(job: string, options: { enabled: boolean }) {
  return useQuery({ ...pageQuery(job, 0, null), enabled: options.enabled });
}

/** One row per ECG; the rows in sight are fetched as one scrolls. */
export function ProbabilityTable({ job, table }: { job: string; table: PredictionTable }) {
  const navigate = useNavigate();
  const [sort, setSort] = useState<Sort | null>(null);
  const [range, setRange] = useState<readonly [number, number]>([0, 0]);
  const onRange = useCallback((first: number, last: number) => setRange([Math.floor(first / PAGE), Math.floor(last / PAGE)]), []);
  const wanted = Array.from({ length: range[1] - range[0] + 1 }, (_, i) => range[0] + i);
  const sortedBy = sort?.column ?? null;
  const pages = useQueries({
    queries: wanted.map((page) => pageQuery(job, page, sortedBy)),
  });
  const rows = useMemo(() => {
    const all: (PredictionRow | undefined)[] = Array.from({ length: table.total });
    pages.forEach((page, i) => {
      if (page.isPlaceholderData) return;
      page.data?.rows.forEach((row, j) => (all[(wanted[i] ?? 0) * PAGE + j] = row));
    });
    return all;
    // `pages` and `wanted` are new lists each time; what they hold changes only with these.
  }, [table.total, range, sortedBy, pages.map((page) => `${page.dataUpdatedAt}${page.isPlaceholderData}`).join()]);
  const columns = useMemo(() => columnsOf(table), [table]);
  return (
    <DataTable
      label="Predictions"
      columns={columns}
      rows={rows}
      rowKey={(row) => row.prediction.file_name}
      sort={sort}
      // The server sorts by probability, the highest first; there is no other order to ask for.
      onSort={({ column }) => setSort(sort?.column === column ? null : { column, descending: true })}
      onRange={onRange}
      onRowClick={(row) => {
        if (row.item !== null) void navigate({ to: "/viewer/$item", params: { item: String(row.item) }, search: { model: table.model } });
      }}
      csvHref={address("jobs", job, "files", "predictions.csv")}
      height={560}
      foot={`${fmt.plural(table.total, "ECG")}${table.kind === "regression" ? "" : "; click a class to sort by it"}`}
      testId="prediction-table"
    />
  );
}

function columnsOf(table: PredictionTable): DataColumn<PredictionRow>[] {
  const regression = table.kind === "regression";
  const doubtful = table.rows.some((row) => (row.prediction.doubts ?? []).length > 0);
  return [
    { id: "file_name", title: "ECG", grow: 2, pinned: true, cell: (row) => <LongName text={row.prediction.file_name} /> },
    ...(regression
      ? []
      : [{ id: "answer", title: "Answer", cell: (row: PredictionRow) => (row.answer.length === 0 ? "none of them" : row.answer.join(", ")) }]),
    { id: "truth", title: "Label", explain: "What the labels of this dataset say, where they answer the same question.", cell: (row) => <Truth row={row} unit={table.unit} /> },
    ...table.classes.map(
      (name, i): DataColumn<PredictionRow> => ({
        id: name,
        title: regression ? `${name}${table.unit === "" ? "" : `, ${table.unit}`}` : name,
        width: Math.max(72, 24 + name.length * 9),
        align: "right",
        cell: (row) => {
          const value = row.prediction.values[i] ?? NaN;
          return regression ? quantity(value, "") : <Probability value={value} />;
        },
        value: regression ? undefined : (row) => row.prediction.values[i] ?? null,
      }),
    ),
    ...(doubtful ? [{ id: "doubts", title: "Doubts", cell: (row: PredictionRow) => (row.prediction.doubts ?? []).join("; ") }] : []),
  ];
}

/** A probability on its colour: at most 45 % of the accent, so that the figure stays readable. */
function Probability({ value }: { value: number }) {
  const share = Math.round(strength(value) * 45);
  return (
    <span className={css.probability} style={{ background: `color-mix(in srgb, var(--ein-accent) ${share}%, transparent)` }}>
      {probability(value)}
    </span>
  );
}

function Truth({ row, unit }: { row: PredictionRow; unit: string }) {
  const words = truthInWords(row.truth, unit);
  const same = agrees(row);
  if (same === null) return <span className={words === "" ? "ein-quiet" : undefined}>{words === "" ? "–" : words}</span>;
  return (
    <span className={css.truth} data-agrees={same} title={same ? "The model says the same" : "The model says something else"}>
      {same ? <IconCheck size={14} aria-label="agrees" /> : <IconX size={14} aria-label="differs" />}
      {words}
    </span>
  );
}
