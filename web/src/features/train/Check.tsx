import type { UseQueryResult } from "@tanstack/react-query";
import type { TrainCheck } from "@/api";
import { fmt, ProblemView, Waiting, Warnings } from "@/ui";
import css from "./train.module.css";

/** What the training would do, in words, before it starts. */
export function Check({ query }: { query: UseQueryResult<TrainCheck> }) {
  if (query.isError) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return query.isFetching ? <Waiting rows={2} /> : null;
  const { split, warnings } = query.data;
  const subjects = split.n_subjects_train + split.n_subjects_validation;
  const leftOut = Object.entries(split.left_out).filter(([, n]) => n > 0);
  return (
    <div className={css.check} data-testid="train-check">
      <p className={css.split}>
        Learns from <strong>{fmt.plural(split.n_train, "ECG")}</strong>, is judged by <strong>{fmt.count(split.n_validation)}</strong> others
        {" "}({subjects > 0 ? `${fmt.plural(subjects, "patient")}, each on one side only` : "patients not stated"}).
      </p>
      {leftOut.length > 0 && (
        <p className={css.leftOut}>Left out: {leftOut.map(([reason, n]) => `${fmt.count(n)} ${reason}`).join("; ")}.</p>
      )}
      <Warnings warnings={warnings} plain />
    </div>
  );
}
