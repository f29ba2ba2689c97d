import { type ReactNode, useId } from "react";
import css from "./train.module.css";

export interface Choice {
  readonly value: string;
  readonly title: ReactNode;
  /** At the right edge: a number, a mark. */
  readonly aside?: ReactNode;
  /** Under the title, for the chosen one only when `quiet`. */
  readonly note?: ReactNode;
  /** Why it cannot be chosen. */
  readonly unavailable?: string;
}

interface ChoicesProps {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly value: string | null;
  readonly onChoose: (value: string) => void;
  readonly testId: string;
}

/** One of several, all in sight: radio buttons with room for a few words. */
export function Choices({ label, choices, value, onChoose, testId }: ChoicesProps) {
  const name = useId();
  return (
    <div role="radiogroup" aria-label={label} className={css.choices} data-testid={testId}>
      {choices.map((choice) => (
        <label key={choice.value} className={css.choice} data-chosen={choice.value === value} data-off={choice.unavailable !== undefined}>
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            disabled={choice.unavailable !== undefined}
            onChange={() => onChoose(choice.value)}
          />
          <span className={css.choiceWords}>
            <span className={css.choiceHead}>
              <span className={css.choiceTitle}>{choice.title}</span>
              {choice.aside !== undefined && <span className={css.aside}>{choice.aside}</span>}
            </span>
            {choice.unavailable !== undefined && <span className={css.note}>Not available: {choice.unavailable}</span>}
            {choice.unavailable === undefined && choice.note !== undefined && <span className={css.note}>{choice.note}</span>}
          </span>
        </label>
      ))}
    </div>
  );
}
