import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { IconDatabaseOff } from "@tabler/icons-react";
import { BackLink, EmptyState, LinkButton, Page, Panel, Query, Waiting } from "@/ui";
import { EarlierJobs } from "@/features/jobs";
import { aboutQuery, datasetsQuery } from "@/features/train/queries";
import { BenchmarkForm } from "./BenchmarkForm";
import { BenchmarkOf } from "./BenchmarkOf";
import css from "./benchmark.module.css";

const route = getRouteApi("/train/benchmark");

export function BenchmarkPage() {
  const datasets = useQuery(datasetsQuery);
  const about = useQuery(aboutQuery);
  const { job } = route.useSearch();
  const navigate = route.useNavigate();
  const open = (id: string) => void navigate({ search: (now) => ({ ...now, job: id }) });
  const canTrain = about.data?.can_train !== false;
  return (
    <Page
      title="Benchmark"
      before={<BackLink to="/train" aria-label="Back to Train" />}
      facts="Which way of training is best for these ECGs? Each one learns from some patients and is judged by others."
      notice
    >
      {!canTrain && (
        <Panel title="Training is not installed here" testId="training-missing">
          <p className={css.plain}>{about.data?.training_advice}</p>
        </Panel>
      )}
      {job !== undefined && <BenchmarkOf key={job} job={job} onRetried={open} />}
      <Query query={datasets} waiting={<Waiting height={240} />}>
        {(all) =>
          all.some((dataset) => dataset.n_records > 0) ? (
            <BenchmarkForm datasets={all} canTrain={canTrain} onStarted={open} />
          ) : (
            <EmptyState
              icon={<IconDatabaseOff />}
              title="There are no ECGs to compare on yet"
              body="Import ECG files and their labels in the library first; then come back here."
              action={<LinkButton to="/library">To the library</LinkButton>}
            />
          )
        }
      </Query>
      <EarlierJobs kind="benchmark" title="Earlier benchmarks" chosen={job ?? null} onChoose={open} />
    </Page>
  );
}
