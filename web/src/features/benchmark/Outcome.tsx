import { IconBulb, IconSchool } from "@tabler/icons-react";
import { ActionIcon, Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { BenchmarkOutcome, BenchmarkRow, BenchmarkView } from "@/api";
import { type DataColumn, DataTable, Definitions, Facts, fmt, LinkButton, Panel, SimulatedTag, StateTag, Warnings } from "@/ui";
import { Refused } from "@/features/predict/Refused";
import { useExplanations } from "@/features/evaluate/Figures";
import { foldsNamed } from "@/features/train/draft";
import { Interval } from "./Interval";
import { compactInterval, differenceInWords, figure, type Scale, scaleOf, signed } from "./scale";
import css from "./benchmark.module.css";

/** What a benchmark has found: the recommendation, the leaderboard, what was left out. */
export function Outcome({ view, outcome }: { view: BenchmarkView; outcome: BenchmarkOutcome }) {
  const explanations = useExplanations();
  const scale = scaleOf(outcome.rows.flatMap((row) => row.numbers.slice(0, 1)));
  const changed = Object.entries(view.request.settings ?? {}).map(([name, value]) => `${name.replaceAll("_", " ")} ${String(value)}`).join(", ");
  const chosen = outcome.rows.find((row) => row.candidate.name === outcome.recommended);
  const columns = columnsOf(view, outcome, scale, explanations);
  return (
    <div className={css.stack} data-testid="benchmark-outcome">
      <Panel testId="recommendation">
        <div className={css.advice}>
          <IconBulb size={24} className={css.bulb} aria-hidden />
          <div className={css.adviceWords}>
            <h2 className={css.adviceTitle}>
              {chosen === undefined ? "No recommendation" : `Take ${chosen.candidate.title}`}
              {outcome.simulated && <SimulatedTag />}
            </h2>
            <p className={css.words}>{outcome.recommendation}</p>
            <p className={css.plain}>
              The rule: of all that cannot be told apart from the best, the one that trains fastest; below 200 ECGs one that is solved for.
              The winner was chosen by these ECGs, so test it on others before you believe its figures.
            </p>
          </div>
          {chosen !== undefined && (
            <LinkButton to="/train" search={trainWith(view, chosen)} leftSection={<IconSchool size={18} aria-hidden />} data-testid="train-recommended">
              Train this one
            </LinkButton>
          )}
        </div>
      </Panel>
      <Warnings warnings={outcome.warnings} />
      <Panel
        title={`Leaderboard: ${view.request.task} on ${view.request.dataset}`}
        explain="The answers of all compared folds together, each by a model that had not seen the patient. Intervals are of 95 %, from 1,000 resamples of patients."
        flush
      >
        <p className={css.facts}>
          <Facts
            items={[
              fmt.plural(outcome.n, "ECG"),
              fmt.plural(outcome.n_patients, "patient"),
              `${outcome.folds_compared.length} of ${outcome.n_folds} folds compared`,
              view.request.folds !== null && view.request.folds !== undefined && `of the dataset only ${foldsNamed(view.request.folds)}`,
              changed !== "" && `with ${changed}`,
              `took ${fmt.seconds(outcome.seconds)}`,
            ]}
          />
        </p>
        <DataTable
          label="Leaderboard"
          columns={columns}
          rows={outcome.rows}
          rowKey={(row) => row.candidate.name}
          rowHeight={52}
          height={640}
          csvName={`benchmark-${outcome.dataset}-${outcome.task}.csv`.replace(/[^\w.-]+/g, "_")}
          testId="leaderboard"
        />
      </Panel>
      {outcome.left_out.length > 0 && (
        <Panel title="Not compared" testId="left-out">
          <Definitions rows={outcome.left_out.map((one) => ({ name: one.candidate.title, value: one.reason }))} />
        </Panel>
      )}
      <Refused failures={outcome.refused} />
      <Panel>
        <details className={css.fold}>
          <summary>Log and environment</summary>
          <pre className={css.log} tabIndex={0}>{view.log.join("\n")}</pre>
          <Definitions rows={Object.entries(outcome.environment).map(([name, value]) => ({ name, value }))} />
        </details>
      </Panel>
    </div>
  ); // prettier-ignore
}

/** What the Train page is opened with: the same ECGs, so that those kept aside stay aside. */
function trainWith({ request }: BenchmarkView, row: BenchmarkRow) {
  const { architecture, recipe } = row.candidate;
  const folds = request.folds ?? [];
  return {
    dataset: request.dataset, task: request.task, architecture, recipe: recipe === "" ? undefined : recipe,
    folds: folds.length === 0 ? undefined : folds.join(","),
  }; // prettier-ignore
}

function columnsOf(
  view: BenchmarkView, outcome: BenchmarkOutcome, scale: Scale | null, explanations: Readonly<Record<string, string>>,
): DataColumn<BenchmarkRow>[] {
  const names = outcome.rows[0]?.numbers ?? [];
  const [main, ...others] = names;
  const unit = outcome.unit === "" ? "" : `, ${outcome.unit}`;
  return [
    {
      id: "candidate", title: "Candidate", grow: 2.2, pinned: true, value: (row) => row.candidate.title,
      cell: (row) => (
        <span className={css.candidate}>
          <span className={css.candidateName} title={row.candidate.title}>{row.candidate.title}</span>
          <Tooltip label="Train this one">
            <ActionIcon
              variant="subtle"
              aria-label={`Train ${row.candidate.title}`}
              renderRoot={(props) => <Link to="/train" search={trainWith(view, row)} {...props} />}
            >
              <IconSchool size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </span>
      ),
    },
    {
      id: "main", title: `${main?.title ?? ""}${unit}`, explain: main && explanations[main.name], width: 216,
      value: (row) => row.numbers[0]?.value ?? null,
      cell: (row) => row.numbers[0] !== undefined && <Interval number={row.numbers[0]} scale={scale} />,
    },
    {
      id: "difference", title: "To the first", width: 132,
      explain: "Its number minus that of the first, on the same resamples. Where the interval holds 0 the two cannot be told apart.",
      value: (row) => row.difference.value,
      cell: (row) => <Difference row={row} first={row === outcome.rows[0]} />,
    },
    ...others.map((number, index): DataColumn<BenchmarkRow> => ({
      id: number.name, title: number.title, explain: explanations[number.name], width: 108, align: "right",
      value: (row) => row.numbers[index + 1]?.value ?? null,
      cell: (row) => <Plain row={row} index={index + 1} />,
    })),
    cost("minutes", "Training", 76, "One training, from the first ECG to the last answer: the mean of the folds.", (row) => row.cost.minutes, (value) => fmt.seconds(value * 60)),
    cost("epoch", "ms / epoch", 80, "Milliseconds per ECG and epoch of the training on this machine.", (row) => row.cost.epoch_ms, (value) => fmt.fixed(value, 1)),
    cost("prediction", "ms / ECG", 68, "Milliseconds to answer one ECG by itself on this machine.", (row) => row.cost.prediction_ms, (value) => fmt.fixed(value, 1)),
    cost("size", "Size", 68, "The weights as they are stored.", (row) => row.cost.megabytes * 1e6, fmt.bytes),
    cost("parameters", "Parameters", 96, "Numbers that the model consists of.", (row) => row.cost.parameters, fmt.count),
    cost("flops", "MFLOP", 64, "Millions of operations of convolutions and matrix products for one ECG.", (row) => row.cost.mega_flops, fmt.count),
  ]; // prettier-ignore
}

function cost(
  id: string, title: string, width: number, explain: string, value: (row: BenchmarkRow) => number | null, format: (value: number) => string,
): DataColumn<BenchmarkRow> {
  return {
    id, title, explain, width, align: "right", value,
    cell: (row) => {
      const found = value(row);
      return found === null ? "–" : format(found);
    },
  };
} // prettier-ignore

/** A number with its interval below it. */
function Plain({ row, index }: { row: BenchmarkRow; index: number }) {
  const number = row.numbers[index];
  if (number === undefined) return null;
  return (
    <span className={css.two} title={number.value === null ? number.reason : undefined}>
      <span className="ein-num">{figure(number, number.value)}</span>
      <span className={css.small}>{compactInterval(number)}</span>
    </span>
  );
}

function Difference({ row, first }: { row: BenchmarkRow; first: boolean }) {
  const { difference } = row;
  if (first) return <span className="ein-quiet">first</span>;
  return (
    <span className={css.two}>
      <span className="ein-num">
        {signed(difference, difference.value)}{" "}
        {row.level !== null && row.level !== undefined && (
          <StateTag plain state={row.level ? "neutral" : "doubt"} word={row.level ? "level" : "worse"} explain={differenceInWords(row, first)} />
        )}
      </span>
      <span className={css.small}>
        {difference.low === null || difference.high === null
          ? difference.reason
          : `${signed(difference, difference.low)} to ${signed(difference, difference.high)}`}
      </span>
    </span>
  );
}
