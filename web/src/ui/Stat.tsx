import type { ReactNode } from "react";
import { Explain } from "./Explain";
import css from "./Stat.module.css";

interface StatProps {
  label: string;
  value: ReactNode;
  unit?: string;
  /** Uncertainty or reason in words, under the figure. */
  note?: ReactNode;
  explain?: ReactNode;
  testId?: string;
}

/** One figure with its name, its unit and how sure it is. */
export function Stat({ label, value, unit, note, explain, testId }: StatProps) {
  return (
    <div className={css["stat"]} data-testid={testId}>
      <div className={css["label"]}>
        <Explain text={explain}>{label}</Explain>
      </div>
      <div className={css["value"]}>
        {value}
        {unit && <span className={css["unit"]}>{unit}</span>}
      </div>
      {note && <div className={css["note"]}>{note}</div>}
    </div>
  );
}

/** Figures side by side. */
export function Stats({ children }: { children: ReactNode }) {
  return <div className={css["stats"]}>{children}</div>;
}
