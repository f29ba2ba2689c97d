/** One import from the first byte to the last reason. */
import { ActionIcon, Button } from "@mantine/core";
import { IconPlayerPlay, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import { api, unwrap } from "@/api";
import { isActive, ProgressLine, standing, useCancel, useJob, useRetry } from "@/features/jobs";
import { LinkButton, ProblemView, storedProblem } from "@/ui";
import type { Follow } from "./ImportDrawer";
import { ImportResult } from "./ImportResult";
import type { Started } from "./ImportProvider";
import type { Standing } from "./importUpload";
import { UploadProgress } from "./UploadProgress";
import css from "./importing.module.css";

interface ImportProgressProps {
  started: Started;
  onFollow: Follow;
  onDrop: () => void;
}

const nothing = () => () => {};

export function ImportProgress({ started, onFollow, onDrop }: ImportProgressProps) {
  const { upload } = started;
  const sent = useSyncExternalStore<Standing | null>(upload?.subscribe ?? nothing, () => upload?.snapshot() ?? null);
  const id = sent?.job ?? started.job;
  const { job, history, query } = useJob(id);
  const cancel = useCancel();
  const ended = job !== undefined && !isActive(job);
  const outcome = useQuery({
    queryKey: ["import", id],
    enabled: ended && job.state !== "failed",
    queryFn: ({ signal }) => unwrap(api.GET("/api/imports/{job}", { params: { path: { job: id ?? "" } }, signal })),
  });
  const retry = useRetry((again) => onFollow(again.id, started.dataset, started.title));
  const over = ended || sent?.progress.phase === "stopped";
  return (
    <section className={css["block"]} data-testid="import-progress" data-state={job?.state ?? sent?.progress.phase ?? "sending"}>
      <div className={css["head"]}>
        <strong>
          {started.title} into{" "}
          <Link to="/library/$dataset" params={{ dataset: started.dataset }}>
            {started.dataset}
          </Link>
        </strong>
        {over && (
          <ActionIcon aria-label="Take off the list" size={24} onClick={onDrop}>
            <IconX size={16} />
          </ActionIcon>
        )}
      </div>
      {upload !== null && sent !== null && sent.job === null && <UploadProgress upload={upload} standing={sent} />}
      {query.isError && <ProblemView compact error={query.error} onRetry={() => void query.refetch()} />}
      {job && isActive(job) && (
        <ProgressLine {...standing(job, history)} onCancel={() => cancel.mutate(job.id)} cancelling={job.cancel_requested} label="Reading files" />
      )}
      {job?.state === "failed" && (
        <ProblemView compact error={storedProblem("The import stopped", job.problem ?? { detail: job.headline })} />
      )}
      {job?.state === "cancelled" && <div>Cancelled. What had been read stays in the dataset.</div>}
      {ended && job.state !== "done" && job.resumable && (
        <div>
          <Button size="xs" variant="default" leftSection={<IconPlayerPlay size={14} />} loading={retry.isPending} onClick={() => retry.mutate(job.id)} data-testid="import-go-on">
            Go on with the rest
          </Button>
          {retry.isError && <ProblemView compact error={retry.error} />}
        </div>
      )}
      {outcome.data && <ImportResult outcome={outcome.data} onFollow={onFollow} />}
      {ended && job.state === "done" && (
        <div>
          <LinkButton to="/library/$dataset" params={{ dataset: started.dataset }} variant="light" size="xs" data-testid="import-open-dataset">
            Look at {started.dataset}
          </LinkButton>
        </div>
      )}
    </section>
  );
}
