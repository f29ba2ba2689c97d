/** One import from the first byte to the last reason. */
import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { api, unwrap } from "@/api";
import { isActive, ProgressLine, refreshAfterJob, standing, useCancel, useJob } from "@/features/jobs";
import { fmt, LinkButton, ProblemView, storedProblem } from "@/ui";
import { ImportResult } from "./ImportResult";
import type { Started } from "./ImportProvider";
import { uploadFiles } from "./upload";
import css from "./importing.module.css";

interface ImportProgressProps {
  started: Started;
  onStart: (one: Omit<Started, "key">) => void;
  onDrop: () => void;
}

export function ImportProgress({ started, onStart, onDrop }: ImportProgressProps) {
  const sent = useUpload(started);
  const { job, history, query } = useJob(sent.job);
  const cancel = useCancel();
  const ended = job !== undefined && !isActive(job);
  const outcome = useQuery({
    queryKey: ["import", sent.job],
    enabled: ended && job.state !== "failed",
    queryFn: ({ signal }) => unwrap(api.GET("/api/imports/{job}", { params: { path: { job: sent.job ?? "" } }, signal })),
  });
  return (
    <section className={css["block"]} data-testid="import-progress" data-state={job?.state ?? "sending"}>
      <div className={css["head"]}>
        <strong>
          {started.title} into{" "}
          <Link to="/library/$dataset" params={{ dataset: started.dataset }}>
            {started.dataset}
          </Link>
        </strong>
        {(ended || sent.error !== null) && (
          <ActionIcon aria-label="Take off the list" size={24} onClick={onDrop}>
            <IconX size={16} />
          </ActionIcon>
        )}
      </div>
      {sent.error !== null && <ProblemView compact error={sent.error} onRetry={sent.again} />}
      {sent.error === null && sent.job === null && (
        <ProgressLine
          share={sent.total > 0 ? sent.bytes / sent.total : null}
          message={`Sending ${fmt.count(sent.files)} of ${fmt.count(started.upload?.files.length ?? 0)} files`}
          onCancel={sent.stop}
          label="Sending files"
        />
      )}
      {query.isError && <ProblemView compact error={query.error} onRetry={() => void query.refetch()} />}
      {job && isActive(job) && (
        <ProgressLine {...standing(job, history)} onCancel={() => cancel.mutate(job.id)} cancelling={job.cancel_requested} label="Reading files" />
      )}
      {job?.state === "failed" && (
        <ProblemView compact error={storedProblem("The import stopped", job.problem ?? { detail: job.headline })} />
      )}
      {job?.state === "cancelled" && <div>Cancelled. What had been read stays in the dataset.</div>}
      {outcome.data && <ImportResult outcome={outcome.data} onStart={onStart} />}
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

/** Sends the files of an import once, then starts its job. */
function useUpload(started: Started) {
  const client = useQueryClient();
  const [job, setJob] = useState(started.job);
  const [files, setFiles] = useState(0);
  const [bytes, setBytes] = useState(0);
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  const control = useRef<AbortController | null>(null);
  const total = started.upload?.files.reduce((sum, { file }) => sum + file.size, 0) ?? 0;
  useEffect(() => {
    const upload = started.upload;
    if (upload === null) return;
    const abort = new AbortController();
    control.current = abort;
    const send = async () => {
      const id = await uploadFiles({
        files: upload.files,
        signal: abort.signal,
        onProgress: (done, sentBytes) => {
          setFiles(done);
          setBytes(sentBytes);
        },
      });
      const { hints, layout, resolution } = upload;
      const begun = await unwrap(
        api.POST("/api/imports", { body: { dataset: started.dataset, upload: id, hints, layout, resolution, paths: [], refused: [] } }),
      );
      // The dataset is made by the first file; its page and the switch should know of it now.
      void refreshAfterJob(client);
      setJob(begun.id);
    };
    send().catch((reason: unknown) => {
      const stopped = reason instanceof DOMException && reason.name === "AbortError";
      if (!stopped) setError(reason);
      else if (control.current === abort) setError(storedProblem("Stopped", { detail: "You stopped sending. Nothing was imported." }));
    });
    return () => {
      control.current = null;
      abort.abort();
    };
  }, [started, attempt, client]);
  return {
    job, files, bytes, total, error,
    stop: () => control.current?.abort(),
    again: () => {
      setError(null);
      setFiles(0);
      setBytes(0);
      setAttempt((n) => n + 1);
    },
  }; // prettier-ignore
}
