import { useEffect, useState } from "react";
import { queryOptions, useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { api, type Job, unwrap } from "@/api";
import { fmt } from "@/ui";
import { follow } from "./follow";
import { fold, type History, NOTHING_YET } from "./history";

export function isActive(job: Pick<Job, "state">): boolean {
  return job.state === "queued" || job.state === "running";
}

export function jobQuery(id: string) {
  return queryOptions({
    queryKey: ["job", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/jobs/{job}", { params: { path: { job: id } }, signal })),
  });
}

const CHANGED_BY_JOBS = [
  "jobs", "job", "run", "runs", "models", "datasets", "dataset", "records", "refused", "predictions", "evaluation", "import", "measurements", "benchmark",
]; // prettier-ignore

/** Asks anew for everything that a job which has ended may have changed. */
export function refreshAfterJob(client: QueryClient): Promise<void> {
  return client.invalidateQueries({ predicate: (query) => CHANGED_BY_JOBS.includes(String(query.queryKey[0])) });
}

/**
 * What a job has said so far, live until its end; after a reload the whole history comes again.
 *
 * `connected` is false while the server cannot be reached.
 */
export function useHistory(id: string | null, options: { live: boolean }): { history: History; connected: boolean } {
  const client = useQueryClient();
  const [heard, setHeard] = useState<{ id: string | null; history: History }>({ id, history: NOTHING_YET });
  const [connected, setConnected] = useState(true);
  const { live } = options;
  useEffect(() => {
    if (id === null || !live) return;
    setHeard({ id, history: NOTHING_YET });
    setConnected(true);
    return follow(id, 0, {
      onEvents: (events) => setHeard((now) => ({ id, history: fold(now.id === id ? now.history : NOTHING_YET, events) })),
      onConnection: setConnected,
      onEnd: () => void refreshAfterJob(client),
    });
  }, [id, live, client]);
  return { history: heard.id === id ? heard.history : NOTHING_YET, connected };
}

/** A job and its history, live: for a page about one job that runs or has run. */
export function useJob(id: string | null) {
  const query = useQuery({ ...jobQuery(id ?? ""), enabled: id !== null });
  const job = query.data;
  const { history, connected } = useHistory(id, { live: job !== undefined && isActive(job) });
  return { query, job, history, connected };
}

/** Asks a job to stop. */
export function useCancel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.POST("/api/jobs/{job}/cancel", { params: { path: { job: id } } })),
    onSuccess: (job) => {
      client.setQueryData(["job", job.id], job);
      void client.invalidateQueries({ queryKey: ["run", job.id] });
      return client.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
}

/** Starts a failed or cancelled job again, as a new one. */
export function useRetry(onStarted: (job: Job) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.POST("/api/jobs/{job}/retry", { params: { path: { job: id } } })),
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: ["jobs"] });
      onStarted(job);
    },
  });
}

export interface Standing {
  /** 0 to 1; null when nobody knows. */
  readonly share: number | null;
  readonly message: string;
  readonly secondsLeft: number | null;
}

/** How far a job is: by its history where it has been heard, else by what was stored. */
export function standing(job: Job, history: History = NOTHING_YET): Standing {
  const heard = history.message !== "" || history.total > 0;
  const { done = 0, total = 0, message = "" } = heard ? history : job.progress;
  return {
    share: total > 0 ? Math.min(1, Math.max(0, done / total)) : null,
    message: job.state === "queued" ? "Waits for its turn" : inWords(done, total, message),
    secondsLeft: heard ? history.secondsLeft : (job.progress.seconds_left ?? null),
  };
}

/** What is counted, with its number: "epoch 3 of at most 50", "12 of 420 files read"; other messages as they are. */
function inWords(done: number, total: number, message: string): string {
  if (total <= 0) return message;
  if (message === "epochs") return `epoch ${Math.min(total, Math.floor(done) + 1)} of at most ${total}`;
  return /^(ECGs|files)/.test(message) ? `${fmt.count(done)} of ${fmt.count(total)} ${message}` : message;
}

/** "about 3 min left"; empty when nobody knows. */
export function timeLeft(seconds: number | null | undefined): string {
  const left = fmt.left(seconds);
  return left === "" ? "" : `${left} left`;
}
