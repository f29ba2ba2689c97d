import type { UseQueryResult } from "@tanstack/react-query";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { TrainCheck } from "@/api";
import { fmt, ProblemView, Waiting } from "@/ui";
import css from "./train.module.css";

const IN_SIGHT = 5;

/** What the training would do, in words, before it starts. */
export function Check({ query }: { query: UseQueryResult<TrainCheck> }) {
  if (query.isError) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return query.isFetching ? <Waiting rows={2} /> : null;
  const { split, warnings } = query.data;
  const subjects = split.n_subjects_train + split.n_subjects_validation;
  const leftOut = Object.entries(split.left_out).filter(([, n]) => n > 0);
  const folded = warnings.length > IN_SIGHT + 1 ? warnings.slice(IN_SIGHT) : [];
  return (
    <div className={css.check} data-testid="train-check">
      <p className={css.split}>
        Learns from <strong>{fmt.plural(split.n_train, "ECG")}</strong>, is judged by <strong>{fmt.count(split.n_validation)}</strong> others
        {subjects > 0 && <> ({fmt.plural(subjects, "patient")}, each on one side only)</>}.
      </p>
      {leftOut.length > 0 && (
        <p className={css.leftOut}>Left out: {leftOut.map(([reason, n]) => `${fmt.count(n)} ${reason}`).join("; ")}.</p>
      )}
      {warnings.length > 0 && <WarningLines warnings={warnings.slice(0, warnings.length - folded.length)} />}
      {folded.length > 0 && (
        <details className={css.more}>
          <summary>{folded.length} more warnings</summary>
          <WarningLines warnings={folded} />
        </details>
      )}
    </div>
  );
}

function WarningLines({ warnings }: { warnings: readonly string[] }) {
  return (
    <ul className={css.warnings} aria-label="Warnings">
      {warnings.map((warning) => (
        <li key={warning}>
          <IconAlertTriangle size={16} aria-hidden />
          <span>
            <span className="ein-sr">Warning: </span>
            {warning}
          </span>
        </li>
      ))}
    </ul>
  );
}
