import { useQuery } from "@tanstack/react-query";
import { api, unwrap, type ImportOutcome } from "@/api";
import { fmt, StateTag } from "@/ui";
import { Fold, Names } from "./Fold";
import type { Follow } from "./ImportDrawer";
import { RefusedList } from "./RefusedList";
import css from "./importing.module.css";

interface ImportResultProps {
  outcome: ImportOutcome;
  onFollow: Follow;
}

/** What became of every file: first what needs attention, the rest in one line. */
export function ImportResult({ outcome, onFollow }: ImportResultProps) {
  const refused = useQuery({
    queryKey: ["refused", outcome.dataset],
    enabled: outcome.n_refused > 0,
    queryFn: ({ signal }) => unwrap(api.GET("/api/datasets/{dataset}/refused", { params: { path: { dataset: outcome.dataset } }, signal })),
  });
  const doubts = Object.entries(outcome.doubts);
  const names = new Set(outcome.refused.map((failure) => failure.file_name));
  const kept = refused.data?.filter((file) => names.has(file.file_name)) ?? [];
  return (
    <div className={css["result"]} data-testid="import-result">
      <div className={css["line"]}>
        <StateTag state={outcome.n_read > 0 ? "good" : "neutral"} word={`${fmt.count(outcome.n_read)} read`} testId="import-n-read" />
        {outcome.n_already_there > 0 && <StateTag state="neutral" word={`${fmt.count(outcome.n_already_there)} already there`} />}
        {outcome.n_copies > 0 && <StateTag state="neutral" word={`${fmt.plural(outcome.n_copies, "copy", "copies")} left out`} testId="import-n-copies" />}
        {outcome.n_refused > 0 && <StateTag state="bad" word={`${fmt.count(outcome.n_refused)} not read`} testId="import-n-refused" />}
        <span className="ein-quiet">in {fmt.seconds(outcome.seconds)}</span>
      </div>
      {outcome.tasks.length > 0 && <div>Labels came along: {outcome.tasks.join(", ")}.</div>}
      {outcome.notes.map((note) => (
        <div key={note}>{note}</div>
      ))}
      {outcome.n_refused > 0 && (
        <RefusedList dataset={outcome.dataset} files={kept} failures={kept.length === 0 ? outcome.refused : []} onFollow={onFollow} />
      )}
      {doubts.length > 0 && (
        <Fold title={`${fmt.plural(doubts.reduce((sum, [, n]) => sum + n, 0), "remark")} on files that were read`}>
          <ul className={css["list"]}>
            {doubts.map(([doubt, n]) => (
              <li key={doubt}>
                {doubt} <span className="ein-quiet">({fmt.plural(n, "ECG")})</span>
              </li>
            ))}
          </ul>
        </Fold>
      )}
      {outcome.n_copies > 0 && (
        <Fold title={`${fmt.plural(outcome.n_copies, "file")} of the same bytes as another: not added again`}>
          <Names names={outcome.copies} total={outcome.n_copies} />
        </Fold>
      )}
      {outcome.n_same > 0 && (
        <Fold title={`${fmt.plural(outcome.n_same, "ECG")} that another file of the dataset holds too`}>
          <div className="ein-quiet">Added all the same, and marked: the same recording in another format, perhaps. Leave one of them out before you train.</div>
          <Names names={outcome.same} total={outcome.n_same} />
        </Fold>
      )}
      {outcome.labels_without_record > 0 && (
        <Fold title={`${fmt.plural(outcome.labels_without_record, "label")} without an ECG`}>
          <Names names={outcome.examples_without_record} total={outcome.labels_without_record} />
        </Fold>
      )}
      {outcome.records_without_label > 0 && (
        <Fold title={`${fmt.plural(outcome.records_without_label, "ECG")} without a label`}>
          <Names names={outcome.examples_without_label} total={outcome.records_without_label} />
        </Fold>
      )}
      {outcome.skipped.length > 0 && (
        <Fold title={`${fmt.plural(outcome.skipped.length, "file")} left aside: not ECGs`}>
          <Names names={outcome.skipped} total={outcome.skipped.length} />
        </Fold>
      )}
    </div>
  );
}
