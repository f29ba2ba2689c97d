import { Button } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Panel, ProblemView } from "@/ui";
import { problemOf, useRetry } from "@/features/jobs";
import type { Course, RunSoFar } from "./course";
import css from "./runs.module.css";

/** Begins a training again: one that remembers how far it was goes on itself, any other is a new one. */
function useAgain() {
  const navigate = useNavigate();
  const client = useQueryClient();
  return useRetry((job) => {
    void client.invalidateQueries({ queryKey: ["run", job.id] });
    void navigate({ to: "/runs/$run", params: { run: job.id } });
  });
}

/** What went wrong, and how it goes on. */
export function Failed({ run, course }: { run: RunSoFar; course: Course }) {
  const retry = useAgain();
  const goesOn = run.job.resumable && course.epochs.length > 0;
  return (
    <>
      <ProblemView error={problemOf(run.job)} onRetry={goesOn ? undefined : () => retry.mutate(run.job.id)} />
      {goesOn && (
        <div className={css.resume}>
          <Button leftSection={<IconPlayerPlay size={18} aria-hidden />} loading={retry.isPending} onClick={() => retry.mutate(run.job.id)} data-testid="run-resume">
            Resume
          </Button>
          <p className={css.plain}>Goes on after the last epoch that could be kept, with the same ECGs and settings.</p>
        </div>
      )}
      {retry.isError && <ProblemView error={retry.error} compact />}
      <OtherSettings run={run} />
    </>
  ); // prettier-ignore
}

function OtherSettings({ run }: { run: RunSoFar }) {
  const { dataset, task, from_model: model } = run.request;
  return (
    <p className={css.plain}>
      To try it with other settings, <Link to="/train" search={{ dataset, task, model: model ?? undefined }}>go back to the form</Link>.
    </p>
  ); // prettier-ignore
}

export function Cancelled({ run }: { run: RunSoFar }) {
  const retry = useAgain();
  return (
    <>
      <Panel title="Cancelled before there was a model to keep">
        <p className={css.spaced}>{run.job.headline}</p>
        <Button variant="default" loading={retry.isPending} onClick={() => retry.mutate(run.job.id)}>Train again</Button>
        {retry.isError && <ProblemView error={retry.error} compact />}
      </Panel>
      <OtherSettings run={run} />
    </>
  ); // prettier-ignore
}
