import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { ApiProblem, type Job } from "@/api";
import { EmptyState, Panel, ProblemView } from "@/ui";
import type { History } from "./history";
import { ProgressLine } from "./ProgressLine";
import { isActive, standing, useCancel, useRetry } from "./useJob";

interface JobPanelProps {
  readonly job: Job;
  readonly history: History;
  readonly connected: boolean;
  /** Called with the new job when a failed or cancelled one is started again. */
  readonly onRetried: (job: Job) => void;
  readonly cancelNote?: string;
}

/** A job that has not (yet) come to its result: its progress, why it failed, or that it was cancelled. Nothing once it is done. */
export function JobPanel({ job, history, connected, onRetried, cancelNote }: JobPanelProps) {
  const cancel = useCancel();
  const retry = useRetry(onRetried);
  if (isActive(job)) {
    const { share, message, secondsLeft } = standing(job, history);
    return (
      <Panel title={job.title} testId="job-running">
        <ProgressLine
          share={share}
          message={connected ? message : "The server does not answer at the moment; trying again."}
          secondsLeft={secondsLeft}
          onCancel={() => cancel.mutate(job.id)}
          cancelling={job.cancel_requested || cancel.isPending || cancel.isSuccess}
          cancelNote={cancelNote}
          label={job.title}
        />
      </Panel>
    );
  }
  if (job.state === "failed") {
    return (
      <>
        <ProblemView error={problemOf(job)} onRetry={() => retry.mutate(job.id)} />
        {retry.isError && <ProblemView error={retry.error} compact />}
      </>
    );
  }
  if (job.state === "cancelled") {
    return (
      <EmptyState
        title="Cancelled"
        body={job.headline === "" ? "It was stopped before it came to a result." : job.headline}
        action={<Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} loading={retry.isPending} onClick={() => retry.mutate(job.id)}>Start it again</Button>}
      />
    ); // prettier-ignore
  }
  return null;
}

/** Why a job failed, as an error that pages can show. */
export function problemOf(job: Job): ApiProblem {
  return new ApiProblem({
    kind: job.problem?.error ?? "JobFailed",
    title: `${job.title}: it failed`,
    detail: job.problem?.detail ?? (job.headline === "" ? "No reason was recorded." : job.headline),
    advice: job.problem?.advice ?? "",
    status: 500,
    missing: [],
  });
}
