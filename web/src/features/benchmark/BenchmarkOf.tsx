import { useQuery } from "@tanstack/react-query";
import { IconCheck, IconLoader2, IconMinus, IconX } from "@tabler/icons-react";
import type { BenchmarkView, CandidateProgress } from "@/api";
import { Panel, Query, Waiting } from "@/ui";
import { isActive, JobPanel, useJob } from "@/features/jobs";
import { Outcome } from "./Outcome";
import { benchmarkQuery } from "./queries";
import css from "./benchmark.module.css";

const LOOK_MS = 2000;

/** One benchmark: how far it is, then what came of it. */
export function BenchmarkOf({ job: id, onRetried }: { job: string; onRetried: (job: string) => void }) {
  const { query, job, history, connected } = useJob(id);
  const active = job !== undefined && isActive(job);
  const view = useQuery({
    ...benchmarkQuery(id),
    enabled: job !== undefined,
    refetchInterval: (found) => (active || (found.state.data?.outcome === null && job?.state === "done") ? LOOK_MS : false),
  });
  const outcome = view.data?.outcome ?? null;
  return (
    <Query query={query}>
      {(shown) => (
        <>
          {outcome === null && (
            <JobPanel
              job={shown}
              history={history}
              connected={connected}
              onRetried={(next) => onRetried(next.id)}
              cancelNote="what is finished is compared"
            />
          )}
          {active && view.data !== undefined && view.data.candidates.length > 0 && <HowFar view={view.data} />}
          {shown.state === "done" && outcome === null && <Waiting height={240} />}
          {view.data !== undefined && outcome !== null && <Outcome view={view.data} outcome={outcome} />}
        </>
      )}
    </Query>
  );
}

/** Candidates and folds, with what is done. */
function HowFar({ view }: { view: BenchmarkView }) {
  const folds = Array.from({ length: view.n_folds }, (_, index) => index + 1);
  return (
    <Panel title="How far" testId="benchmark-progress">
      {view.prospect !== "" && <p className={css.will}>{view.prospect}</p>}
      <div className={css.scroll}>
        <table className={css.grid}>
          <thead>
            <tr>
              <th scope="col">Candidate</th>
              {folds.map((fold) => <th key={fold} scope="col">Fold {fold}</th>)}
            </tr>
          </thead>
          <tbody>
            {view.candidates.map((one) => (
              <tr key={one.candidate.name}>
                <th scope="row">{one.candidate.title}</th>
                {folds.map((fold) => <td key={fold}><Cell one={one} fold={fold} /></td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {view.candidates
        .filter((one) => one.left_out !== "")
        .map((one) => (
          <p key={one.candidate.name} className={css.plain}>{one.candidate.title} is left out: {one.left_out}</p>
        ))}
    </Panel>
  ); // prettier-ignore
}

function Cell({ one, fold }: { one: CandidateProgress; fold: number }) {
  if (one.done.includes(fold)) return <IconCheck size={16} className={css.done} aria-label="done" />;
  if (one.now === fold) return <IconLoader2 size={16} className={css.now} aria-label="learns" />;
  if (one.left_out !== "") return <IconX size={16} className={css.out} aria-label="left out" />;
  return <IconMinus size={16} className={css.out} aria-label="waits" />;
}
