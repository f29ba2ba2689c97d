import { Checkbox } from "@mantine/core";
import type { TrainOptions } from "@/api";
import { Choices } from "./Choices";
import { type Draft, recipeOf, type SubjectInput } from "./draft";
import css from "./train.module.css";

interface HowItLearnsProps {
  readonly server: TrainOptions;
  readonly draft: Draft;
  readonly onChange: (part: Partial<Draft>) => void;
}

const TOLD: readonly (readonly [SubjectInput, string])[] = [["age", "Age"], ["sex", "Sex"]]; // prettier-ignore

/** The recipe, and what the model is told of the person beside the ECG. */
export function HowItLearns({ server, draft, onChange }: HowItLearnsProps) {
  const fromModel = "model" in draft.start;
  const tell = (one: SubjectInput, told: boolean) =>
    onChange({ subject: TOLD.map(([name]) => name).filter((name) => (name === one ? told : draft.subject.includes(name))) });
  return (
    <div className={css.how}>
      <section aria-label="Recipe">
        <h3 className={css.methodTitle}>Recipe</h3>
        <Choices
          label="Recipe"
          testId="choose-recipe"
          value={recipeOf(server, draft)?.name ?? null}
          onChoose={(recipe) => onChange({ recipe })}
          choices={server.recipes.map((recipe) => ({ value: recipe.name, title: recipe.title, note: recipe.summary }))}
        />
      </section>
      <section aria-label="Beside the ECG">
        <h3 className={css.methodTitle}>Beside the ECG</h3>
        {fromModel ? (
          <p className={css.note}>The new model is told what the one it starts from was told.</p>
        ) : (
          <>
            <div className={css.told} data-testid="subject">
              {TOLD.map(([name, title]) => (
                <Checkbox
                  key={name}
                  label={title}
                  checked={draft.subject.includes(name)}
                  onChange={(event) => tell(name, event.currentTarget.checked)}
                  data-testid={`subject-${name}`}
                />
              ))}
            </div>
            <p className={css.note}>The model is then told these of each person; ECGs that lack them can be used all the same.</p>
          </>
        )}
      </section>
    </div>
  );
}
