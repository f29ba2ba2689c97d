import { Link } from "@tanstack/react-router";
import type { Evaluation, TrainOutcome } from "@/api";
import { type DataColumn, DataTable, fmt, Panel } from "@/ui";
import { NUMBERS, REGRESSION_NUMBERS, shareInWords } from "@/features/evaluate/matrix";
import css from "./runs.module.css";

interface Row {
  readonly name: string;
  readonly network: string;
  readonly ridge: string;
}

const COLUMNS: DataColumn<Row>[] = [
  { id: "number", title: "On the validation part", cell: (row) => row.name, value: (row) => row.name },
  { id: "network", title: "Network", width: 160, align: "right", cell: (row) => row.network, value: (row) => row.network },
  { id: "ridge", title: "Ridge model", width: 160, align: "right", cell: (row) => row.ridge, value: (row) => row.ridge },
];

interface BesideItProps {
  readonly outcome: TrainOutcome;
  readonly beside: NonNullable<TrainOutcome["beside"]>;
  /** Whether these ECGs chose the network's epoch. */
  readonly chosen: boolean;
}

/** The ridge model of a small set beside its network, and how sure it is which of them is better. */
export function BesideIt({ outcome, beside, chosen }: BesideItProps) {
  const { model, validation, words } = beside;
  return (
    <Panel
      title="A simpler model on the same ECGs"
      explain="With few ECGs a ridge model on random convolutions, solved in one step, is often as good as a network. It was fitted to the same ECGs and judged by the same others."
      testId="run-beside"
    >
      <p className={css.spaced} data-testid="beside-words">{words}</p>
      {model !== null && validation !== null && (
        <>
          <DataTable label="Network and ridge model" columns={COLUMNS} rows={rowsOf(outcome, validation)} rowKey={(row) => row.name} csvName="beside.csv" />
          <p className={css.below0}>
            It is kept as <Link to="/models">{model}</Link> and took {fmt.seconds(beside.seconds)}.
            {chosen && " The network's best epoch was chosen by these ECGs, which favours it a little."}
          </p>
        </>
      )}
    </Panel>
  ); // prettier-ignore
}

export function rowsOf(outcome: TrainOutcome, ridge: Evaluation): Row[] {
  const network = outcome.validation;
  if (network.regression !== null && network.regression !== undefined)
    return REGRESSION_NUMBERS.map(({ key, title, inUnit }) => {
      const said = (evaluation: Evaluation) => {
        const value = evaluation.regression?.[key] ?? null;
        return value !== null && inUnit ? `${fmt.fixed(value, 2)} ${outcome.unit ?? ""}`.trim() : fmt.fixed(value, 2);
      };
      return { name: title, network: said(network), ridge: said(ridge) };
    });
  return NUMBERS.map(({ key, title }) => {
    const said = (evaluation: Evaluation) => (evaluation[key] === null ? fmt.fixed(null) : shareInWords(evaluation[key]));
    return { name: title, network: said(network), ridge: said(ridge) };
  });
}
