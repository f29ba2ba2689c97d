import { Button } from "@mantine/core";
import { IconAlertTriangle, IconHeartbeat } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { SinglePrediction } from "@/api";
import { classColours, fmt, Panel, Query, SimulatedTag, Waiting } from "@/ui";
import { agrees, answerInWords, type Bar, barsOf, probability, truthInWords } from "./answers";
import { singlePredictionQuery } from "./queries";
import css from "./predict.module.css";

/** What a model says about one ECG. */
export function OneAnswer({ item, model }: { item: number; model: string }) {
  const query = useQuery(singlePredictionQuery(item, model));
  return (
    <Query query={query} waiting={<Waiting height={240} />}>
      {(answer) => <Answer answer={answer} item={item} />}
    </Query>
  );
}

/** The answer first, in words; then every class with its threshold; then what speaks against believing it. */
export function Answer({ answer, item }: { answer: SinglePrediction; item: number }) {
  const { prediction, truth } = answer.row;
  const doubts = [...answer.warnings, ...(prediction.doubts ?? [])];
  const notes = prediction.notes ?? [];
  const known = truthInWords(truth, answer.unit);
  const same = agrees(answer.row);
  const bars = barsOf(answer);
  const colours = classColours(answer.classes.map((entry) => entry.name));
  return (
    <Panel testId="one-answer">
      <div className={css.one}>
        <div className={css.oneMain}>
          <p className={css.answer} data-testid="answer" aria-live="polite">
            {answerInWords(answer)}
          </p>
          <p className={css.source}>
            <span>{prediction.file_name}</span>
            <span>by {answer.model}</span>
            {answer.simulated_model && <SimulatedTag what="This model learned from computed ECGs: it knows no patient's." />}
            <span>{fmt.seconds(answer.seconds)}</span>
          </p>
          {answer.kind !== "regression" && (
            <ul className={css.bars} aria-label="Probabilities">
              {bars.map((bar) => <ClassBar key={bar.name} bar={bar} colour={colours.get(bar.name) ?? "gray"} />)}
            </ul>
          )}
          {answer.kind === "multi-label" && <p className={css.small}>The tick is the threshold from which a class counts as present.</p>}
        </div>
        <div className={css.oneSide}>
          {known !== "" && (
            <div>
              <h3 className={css.sideTitle}>The label says</h3>
              <p className={css.side}>{known}{same === null ? "" : same ? ": the same" : ": something else"}</p>
            </div>
          )}
          <div>
            <h3 className={css.sideTitle}>Doubts</h3>
            {doubts.length === 0 ? (
              <p className={css.side}>None were noticed. That is no proof of the answer.</p>
            ) : (
              <ul className={css.doubts} data-testid="doubts">
                {doubts.map((doubt) => <li key={doubt}><IconAlertTriangle size={16} aria-hidden /><span>{doubt}</span></li>)}
              </ul>
            )}
          </div>
          {notes.length > 0 && (
            <div>
              <h3 className={css.sideTitle}>What was done to fit the model</h3>
              <ul className={css.notes}>{notes.map((note) => <li key={note}>{note}</li>)}</ul>
            </div>
          )}
          <Button
            variant="default"
            leftSection={<IconHeartbeat size={18} aria-hidden />}
            renderRoot={(props) => <Link to="/viewer/$item" params={{ item: String(item) }} search={{ model: answer.model }} {...props} />}
            data-testid="open-viewer"
          >
            Look at this ECG
          </Button>
        </div>
      </div>
    </Panel>
  ); // prettier-ignore
}

function ClassBar({ bar, colour }: { bar: Bar; colour: string }) {
  return (
    <li className={css.bar} data-answered={bar.answered}>
      <span className={css.barName} title={bar.name}>{bar.title}</span>
      <span className={css.barTrack} aria-hidden>
        <span className={css.barFill} style={{ width: `${Math.max(0, Math.min(1, bar.value)) * 100}%`, background: colour }} />
        {bar.threshold !== null && <span className={css.tick} style={{ left: `${bar.threshold * 100}%` }} title={`threshold ${probability(bar.threshold)}`} />}
      </span>
      <span className={css.barValue}>{probability(bar.value)}</span>
    </li>
  ); // prettier-ignore
}
