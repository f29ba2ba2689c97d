import type { ReactNode } from "react";
import { fmt } from "./format";
import css from "./Bars.module.css";

export interface Bar {
  name: string;
  /** Long form, on hover. */
  title?: string;
  value: number;
  colour?: string;
  /** A word behind the figure, such as a doubt. */
  note?: ReactNode;
}

interface BarsProps {
  rows: readonly Bar[];
  /** What a full bar stands for; the largest value if left out. */
  most?: number;
  /** Makes every row a button. */
  onPick?: (name: string) => void;
  picked?: string | null;
  format?: (value: number) => string;
  label?: string;
}

/** A small distribution: a name, a bar, a figure per row. */
export function Bars({ rows, most, onPick, picked, format = fmt.count, label }: BarsProps) {
  const full = most ?? Math.max(1, ...rows.map((row) => row.value));
  return (
    <ul className={css["bars"]} aria-label={label}>
      {rows.map((row) => {
        const inside = (
          <>
            <span className={css["name"]} title={row.title ?? row.name}>
              {row.name}
            </span>
            <span className={css["track"]} aria-hidden>
              <span
                className={css["fill"]}
                style={{ width: `${Math.min(100, (row.value / full) * 100)}%`, background: row.colour ?? "var(--ein-accent)" }}
              />
            </span>
            <span className={css["value"]}>{format(row.value)}</span>
            {row.note && <span className={css["note"]}>{row.note}</span>}
          </>
        );
        return (
          <li key={row.name}>
            {onPick ? (
              <button
                type="button"
                className={`${css["row"]} ${css["pick"]} ${picked === row.name ? css["picked"] : ""}`}
                aria-pressed={picked === row.name}
                onClick={() => onPick(row.name)}
              >
                {inside}
              </button>
            ) : (
              <div className={css["row"]}>{inside}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
