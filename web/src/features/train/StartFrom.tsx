import type { ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import type { ArchitectureView, ModelView } from "@/api";
import { fmt, Query, SimulatedTag, StateTag } from "@/ui";
import { shelves, ZOO_TITLE } from "@/features/models/tested";
import { METHODS } from "@/features/runs/course";
import { Choices } from "./Choices";
import type { Draft, Method } from "./draft";
import { architecturesQuery, modelsQuery } from "./queries";
import css from "./train.module.css";

/** An untrained network or a model, and what of the model is trained. */
export function StartFrom({ draft, onChange }: { draft: Draft; onChange: (part: Partial<Draft>) => void }) {
  const architectures = useQuery(architecturesQuery);
  const models = useQuery(modelsQuery);
  const continuable = (models.data ?? []).filter((model) => model.can_continue);
  const { own, zoo } = shelves(continuable);
  const value = "model" in draft.start ? `model:${draft.start.model}` : `architecture:${draft.start.architecture}`;
  const fromModel = "model" in draft.start;
  const choose = (chosen: string) => {
    const [kind, name] = [chosen.slice(0, chosen.indexOf(":")), chosen.slice(chosen.indexOf(":") + 1)];
    if (kind === "model") onChange({ start: { model: name }, method: draft.method === "scratch" ? "whole" : draft.method });
    else onChange({ start: { architecture: name }, method: "scratch" });
  };
  return (
    <Query query={architectures}>
      {(all) => (
        <>
          <Choices
            label="Start from?"
            testId="choose-start"
            value={value}
            onChoose={choose}
            choices={[
              ...all.map((entry) => ({
                value: `architecture:${entry.name}`,
                title: `${entry.title}, untrained`,
                note: noteOf(entry, value === `architecture:${entry.name}`),
                unavailable: entry.available ? undefined : entry.reason,
              })),
              ...own.map((model) => ({
                value: `model:${model.name}`,
                title: model.name,
                note: value === `model:${model.name}` ? <ModelNote model={model} /> : model.simulated ? <SimulatedTag /> : undefined,
              })),
            ]}
          />
          {zoo.length > 0 && (
            <details className={css.zoo} open={zoo.some((model) => value === `model:${model.name}`) || undefined} data-testid="choose-zoo">
              <summary>{`${ZOO_TITLE} (${zoo.length})`}</summary>
              <Choices
                label={ZOO_TITLE}
                testId="choose-zoo-start"
                value={value}
                onChoose={choose}
                choices={zoo.map((model) => ({
                  value: `model:${model.name}`,
                  title: model.name.replace(/^zoo\//, ""),
                  note: value === `model:${model.name}` ? <ModelNote model={model} /> : undefined,
                }))}
              />
            </details>
          )}
          <div className={css.method}>
            <h3 className={css.methodTitle}>Method</h3>
            {fromModel ? (
              <Choices
                label="Method"
                testId="choose-method"
                value={draft.method}
                onChoose={(method) => onChange({ method: method as Method })}
                choices={(["whole", "head", "head-then-whole"] as const).map((method) => ({
                  value: method,
                  title: METHODS[method]?.title,
                  note: METHODS[method]?.sentence,
                }))}
              />
            ) : (
              <p className={css.note}>
                {METHODS["scratch"]?.title}. {METHODS["scratch"]?.sentence}
                {continuable.length === 0 && " Once you have a model, a training can also go on from it."}
              </p>
            )}
          </div>
        </>
      )}
    </Query>
  );
}

/** What is said under a network: all of it under the chosen one, a warning under any. */
function noteOf(entry: ArchitectureView, chosen: boolean): ReactNode {
  if (!chosen && entry.experimental === "") return undefined;
  return (
    <>
      {chosen && `${entry.summary} `}
      {chosen && entry.takes_subject && "Made for age and sex beside the ECG. "}
      {chosen && entry.fit === "closed_form" && "Solved in one step: settings about epochs, rates and batches do nothing to it. "}
      {entry.experimental !== "" && (
        <>
          <StateTag state="doubt" word="experimental" plain /> {entry.experimental}
        </>
      )}
    </>
  );
}

function ModelNote({ model }: { model: ModelView }) {
  if (model.untrained !== "") return <>Taken in from elsewhere, untrained.</>;
  if (model.task === "") return <>Taken in from elsewhere.</>;
  return (
    <>
      Learned {model.task}
      {model.n_train !== null && ` from ${fmt.plural(model.n_train, "ECG")}`}
      {model.trained_on !== null ? ` of ${model.trained_on}` : model.data !== "" && ` of ${model.data}`}. {model.simulated && <SimulatedTag />}
    </>
  );
}
