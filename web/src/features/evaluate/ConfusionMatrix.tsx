import { useState } from "react";
import type { Evaluation } from "@/api";
import { fmt } from "@/ui";
import { type Cell, cellInWords, cellsOf } from "./matrix";
import css from "./evaluate.module.css";

interface ConfusionMatrixProps {
  readonly evaluation: Evaluation;
  /** Makes the cells off the diagonal that hold records clickable. */
  readonly onPick?: (cell: Cell) => void;
  readonly picked?: Cell | null;
}

/** True classes in rows, predicted ones in columns; the ground shows the share of the row, the figure the number. */
export function ConfusionMatrix({ evaluation, onPick, picked }: ConfusionMatrixProps) {
  const [hovered, setHovered] = useState<Cell | null>(null);
  const rows = cellsOf(evaluation);
  if (rows === null)
    return (
      <p className={css.plain} data-testid="no-confusion">
        {evaluation.kind === "multi-label"
          ? "There is no confusion matrix here: an ECG can have several of these classes at once, so no class is confused with another. The table per class says how often each was found and how often it was a false alarm."
          : "There is no confusion matrix for a predicted number."}
      </p>
    );
  const names = evaluation.per_class.map((entry) => entry.name);
  const totals = rows.map((row) => row.reduce((sum, cell) => sum + cell.n, 0));
  const shown = hovered ?? picked ?? null;
  return (
    <div className={css.matrixFrame}>
      <div className={css.matrixScroll}>
        <table className={css.matrix} data-testid="confusion-matrix">
          <caption className="ein-sr">Confusion matrix: the true class in rows, the predicted class in columns</caption>
          <thead>
            <tr>
              <td />
              <td />
              <th className={css.axis} colSpan={names.length} scope="colgroup">
                predicted
              </th>
              <td />
            </tr>
            <tr>
              <td />
              <td />
              {names.map((name) => (
                <th key={name} scope="col" className={css.columnName}>
                  {name}
                </th>
              ))}
              <th scope="col" className={css.total}>
                n
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={names[i]}>
                {i === 0 && (
                  <th rowSpan={rows.length} scope="rowgroup" className={css.axisTurned}>
                    <span>true</span>
                  </th>
                )}
                <th scope="row" className={css.rowName}>
                  {names[i]}
                </th>
                {row.map((cell) => (
                  <MatrixCell
                    key={cell.predicted}
                    cell={cell}
                    words={cellInWords(cell, totals[i] ?? 0)}
                    onHover={setHovered}
                    onPick={!cell.right && cell.n > 0 ? onPick : undefined}
                    picked={picked?.truth === cell.truth && picked.predicted === cell.predicted}
                  />
                ))}
                <td className={css.total}>{fmt.count(totals[i])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={css.cellWords} aria-live="polite">
        {shown === null
          ? onPick === undefined
            ? "Point at a cell to read it."
            : "Point at a cell to read it; click a mistake to see its ECGs."
          : `${cellInWords(shown, totals[names.indexOf(shown.truth)] ?? 0)}.`}
      </p>
    </div>
  );
}

interface MatrixCellProps {
  readonly cell: Cell;
  readonly words: string;
  readonly onHover: (cell: Cell | null) => void;
  readonly onPick: ((cell: Cell) => void) | undefined;
  readonly picked: boolean;
}

function MatrixCell({ cell, words, onHover, onPick, picked }: MatrixCellProps) {
  const hue = cell.right ? "var(--ein-accent)" : "var(--ein-bad)";
  // 45 % at most: the figure on it stays readable in both schemes.
  const ground = cell.n === 0 ? "transparent" : `color-mix(in srgb, ${hue} ${(6 + 39 * cell.share).toFixed(0)}%, transparent)`;
  const figure = (
    <>
      <span className={cell.n === 0 ? css.nothing : css.figure}>{fmt.count(cell.n)}</span>
      <span className={css.share}>{cell.n === 0 ? "" : fmt.percent(cell.share)}</span>
    </>
  );
  const pointer = { onMouseEnter: () => onHover(cell), onMouseLeave: () => onHover(null) };
  return (
    <td className={css.cell} style={{ background: ground }} data-picked={picked} {...pointer}>
      {onPick === undefined ? (
        <span className={css.cellInside} title={words}>
          {figure}
        </span>
      ) : (
        <button
          type="button"
          className={css.cellInside}
          onClick={() => onPick(cell)}
          onFocus={() => onHover(cell)}
          onBlur={() => onHover(null)}
          aria-pressed={picked}
          aria-label={`${words}. Show these ECGs.`}
          data-testid={`cell-${cell.truth}-${cell.predicted}`}
        >
          {figure}
        </button>
      )}
    </td>
  );
}
