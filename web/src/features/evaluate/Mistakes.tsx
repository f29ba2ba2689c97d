import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, type PredictionRow, unwrap } from "@/api";
import { type DataColumn, DataTable, LongName, Panel } from "@/ui";
import { probability, quantity, truthInWords } from "@/features/predict/answers";
import css from "./evaluate.module.css";

interface MistakesProps {
  readonly title: string;
  readonly rows: readonly PredictionRow[];
  readonly classes: readonly string[];
  readonly model: string;
  readonly unit: string;
  readonly regression: boolean;
  /** Leads back from the mistakes of one cell to all of them. */
  readonly onShowAll: (() => void) | undefined;
}

const WITH_THUMBNAILS = 24;

/** ECGs that the model got wrong; a click opens one in the viewer. */
export function Mistakes({ title, rows, classes, model, unit, regression, onShowAll }: MistakesProps) {
  const navigate = useNavigate();
  const items = rows.slice(0, WITH_THUMBNAILS).flatMap((row) => (row.item === null ? [] : [row.item]));
  const thumbnails = useQuery({
    queryKey: ["thumbnails", items],
    queryFn: ({ signal }) => unwrap(api.GET("/api/thumbnails", { params: { query: { items } }, signal })),
    enabled: items.length > 0,
    staleTime: Infinity,
  });
  const byItem = new Map((thumbnails.data ?? []).map((entry) => [entry.item, entry]));
  const certainty = (row: PredictionRow) => {
    const values = row.answer.map((name) => row.prediction.values[classes.indexOf(name)] ?? NaN);
    return values.length === 0 ? null : Math.max(...values);
  };
  const doubtful = rows.some((row) => (row.prediction.doubts ?? []).length > 0);
  const columns: DataColumn<PredictionRow>[] = [
    {
      id: "thumbnail",
      title: "Lead II",
      width: 152,
      cell: (row) => {
        const entry = row.item === null ? undefined : byItem.get(row.item);
        return entry === undefined ? null : <Trace low={entry.low} high={entry.high} />;
      },
    },
    { id: "file_name", title: "ECG", grow: 2, pinned: true, cell: (row) => <LongName text={row.prediction.file_name} />, value: (row) => row.prediction.file_name },
    { id: "truth", title: "Label says", cell: (row) => truthInWords(row.truth, unit), value: (row) => truthInWords(row.truth, unit) },
    { id: "answer", title: "Model says", cell: (row) => says(row, unit, regression), value: (row) => says(row, unit, regression) },
    ...(regression ? [] : [{
      id: "certainty",
      title: "Probability",
      explain: "Of what the model said; a high one on a mistake deserves a look at the label too.",
      width: 112,
      align: "right" as const,
      cell: (row: PredictionRow) => probability(certainty(row) ?? NaN),
      value: (row: PredictionRow) => certainty(row),
    }]),
    ...(doubtful ? [{
      id: "doubts",
      title: "Doubts",
      cell: (row: PredictionRow) => (row.prediction.doubts ?? []).join("; "),
      value: (row: PredictionRow) => (row.prediction.doubts ?? []).join("; "),
    }] : []),
  ];
  return (
    <Panel
      title={title}
      flush
      testId="mistakes"
      actions={onShowAll && <Button variant="subtle" size="compact-sm" onClick={onShowAll}>Show all mistakes</Button>}
    >
      {rows.length === 0 ? (
        <p className={css.padded}>The report lists no ECG here.</p>
      ) : (
        <DataTable
          label={title}
          columns={columns}
          rows={rows}
          rowKey={(row) => row.prediction.file_name}
          rowHeight={40}
          onRowClick={(row) => {
            if (row.item !== null) void navigate({ to: "/viewer/$item", params: { item: String(row.item) }, search: { model } });
          }}
          csvName="mistakes.csv"
          height={440}
        />
      )}
    </Panel>
  );
}

function says(row: PredictionRow, unit: string, regression: boolean): string {
  if (regression) return quantity(row.prediction.values[0] ?? NaN, unit);
  return row.answer.length === 0 ? "none of them" : row.answer.join(", ");
}

/** A thumbnail of one lead: a band between the lowest and the highest value of each column. */
function Trace({ low, high }: { low: readonly (number | null)[]; high: readonly (number | null)[] }) {
  const values = [...low, ...high].filter((value): value is number => value !== null);
  if (values.length === 0) return null;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const span = most - least || 1;
  const y = (value: number) => (30 - ((value - least) / span) * 28).toFixed(1);
  const path = low
    .map((value, i) => {
      const top = high[i];
      return value === null || top === null || top === undefined ? "" : `M${i} ${y(value)}V${y(top)}`;
    })
    .join("");
  return (
    <svg viewBox={`0 0 ${low.length} 32`} preserveAspectRatio="none" className={css.trace} aria-hidden>
      <path d={path} stroke="currentColor" strokeWidth={1.2} fill="none" vectorEffect="non-scaling-stroke" strokeLinecap="square" />
    </svg>
  );
}
