/** What is known about this ECG, and what a model says about it. */
import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type RecordDetail, type SinglePrediction, api, unwrap } from "@/api";
import { agrees, answerInWords, barsOf, probability, truthInWords } from "@/features/predict/answers";
import { inGroups } from "@/features/models/tested";
import { singlePredictionQuery } from "@/features/predict/queries";
import { Definitions, ProblemView, Query, ResearchNotice, SimulatedTag, StateTag, Waiting, classColours } from "@/ui";
import { Doubt } from "./Doubt";
import { labelText } from "./words";
import css from "./viewer.module.css";

export function LabelsPanel({ record }: { record: RecordDetail }) {
  const labels = Object.entries(record.labels);
  if (labels.length === 0)
    return (
      <p className={css["line"]} data-testid="viewer-labels">
        No labels yet.{" "}
        <Link to="/library/$dataset" params={{ dataset: record.dataset }} className={css["link"]}>
          Import labels in the library
        </Link>
        .
      </p>
    );
  return (
    <div data-testid="viewer-labels">
      <Definitions rows={labels.map(([task, answer]) => ({ name: task, value: labelText(answer) }))} />
    </div>
  );
}

interface PredictionPanelProps {
  item: number;
  model: string | null;
  onModel: (model: string | null) => void;
}

export function PredictionPanel({ item, model, onModel }: PredictionPanelProps) {
  const models = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => unwrap(api.GET("/api/models", { signal })) });
  return (
    <Query query={models} waiting={<Waiting rows={2} />}>
      {(known) =>
        known.length === 0 ? (
          <div className={css["stack"]} data-testid="viewer-no-models">
            <p className={css["line"]}>There is no model yet. Train one on labelled ECGs, then it can answer here.</p>
            <Button component={Link} to="/train" size="xs" variant="default" className={css["start"]}>
              Train a model
            </Button>
          </div>
        ) : (
          <div className={css["stack"]}>
            <Select
              aria-label="Model" placeholder="Choose a model" size="sm" clearable data-testid="viewer-model"
              data={inGroups(known, (entry) => ({ value: entry.name, label: entry.simulated ? `${entry.name} (simulated)` : entry.name }))} value={known.some((entry) => entry.name === model) ? model : null} onChange={onModel}
            />
            {model !== null && known.some((entry) => entry.name === model) && <Answer item={item} model={model} />}
          </div>
        )
      }
    </Query>
  );
}

function Answer({ item, model }: { item: number; model: string }) {
  const answer = useQuery(singlePredictionQuery(item, model));
  if (answer.isError) return <ProblemView error={answer.error} onRetry={() => void answer.refetch()} compact />;
  return <Query query={answer}>{(prediction) => <Prediction prediction={prediction} />}</Query>;
}

function Prediction({ prediction }: { prediction: SinglePrediction }) {
  const { row, unit, kind } = prediction;
  const { doubts = [], notes = [] } = row.prediction;
  const truth = truthInWords(row.truth, unit);
  const agreed = agrees(row);
  return (
    <div className={css["stack"]} data-testid="viewer-prediction">
      <p className={css["answer"]} data-testid="viewer-answer">
        {answerInWords(prediction)}
      </p>
      {prediction.simulated_model && (
        <div>
          <SimulatedTag what="This model learned from simulated ECGs: it knows no patient's." />
        </div>
      )}
      {kind !== "regression" && <AnswerBars prediction={prediction} />}
      {truth !== "" && (
        <p className={css["line"]}>
          Label: {truth}{" "}
          {agreed !== null && <StateTag state={agreed ? "good" : "bad"} word={agreed ? "the model agrees" : "the model differs"} plain />}
        </p>
      )}
      {[...prediction.warnings, ...doubts].map((doubt) => (
        <Doubt key={doubt} words={doubt} />
      ))}
      {notes.length > 0 && (
        <ul className={css["lines"]}>
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <ResearchNotice />
    </div>
  );
}

function AnswerBars({ prediction }: { prediction: SinglePrediction }) {
  const bars = barsOf(prediction);
  const colours = classColours(prediction.classes.map((entry) => entry.name));
  return (
    <ul className={css["bars"]} aria-label="Probability of each class">
      {bars.map((bar) => (
        <li key={bar.name} className={css["bar"]} title={bar.title}>
          <span className={bar.answered ? css["barNameStrong"] : css["barName"]}>{bar.name}</span>
          <span className={css["track"]} aria-hidden>
            <span className={css["fill"]} style={{ width: `${Math.min(100, Math.max(0, bar.value * 100))}%`, background: colours.get(bar.name) }} />
            {bar.threshold !== null && <span className={css["tick"]} style={{ left: `${bar.threshold * 100}%` }} />}
          </span>
          <span className={css["barValue"]}>{probability(bar.value)}</span>
          {bar.threshold !== null && <span className="ein-sr">threshold {probability(bar.threshold)}</span>}
        </li>
      ))}
    </ul>
  );
}
