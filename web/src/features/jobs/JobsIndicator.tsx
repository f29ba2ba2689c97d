import { useEffect, useRef, useState } from "react";
import { ActionIcon, Popover, RingProgress, Tooltip, UnstyledButton } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconPlayerStop, IconProgress, IconX } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Job, unwrap } from "@/api";
import { fmt } from "@/ui";
import { JobLink } from "./JobLink";
import { ProgressLine } from "./ProgressLine";
import { isActive, refreshAfterJob, standing, useCancel } from "./useJob";
import css from "./jobs.module.css";

const BUSY_MS = 1500;
const IDLE_MS = 6000;
const SESSION_KEY = "einthoven-session-start";

/** Jobs that run or wait, for the top bar, and those that ended since this tab was opened. */
export function JobsIndicator() {
  const client = useQueryClient();
  const [opened, setOpened] = useState(false);
  const [start] = useState(sessionStart);
  const { data, isError } = useQuery({
    queryKey: ["jobs", "recent"],
    queryFn: ({ signal }) => unwrap(api.GET("/api/jobs", { params: { query: { limit: 40 } }, signal })),
    // A command line shares the queue, so jobs also come from elsewhere.
    refetchInterval: (query) => (query.state.data?.some(isActive) === true ? BUSY_MS : IDLE_MS),
  });
  const jobs = data ?? [];
  const active = jobs.filter(isActive);
  const ended = jobs.filter((job) => job.finished !== null && new Date(job.finished).getTime() >= start);

  // A job that ended while its own page was not open still changed what other pages show.
  const before = useRef<string | null>(null);
  const endedIds = data === undefined ? null : ended.map((job) => job.id).join();
  useEffect(() => {
    if (before.current !== null && before.current !== endedIds) void refreshAfterJob(client);
    before.current = endedIds;
  }, [client, endedIds]);

  const shares = active.map((job) => standing(job).share ?? 0);
  const overall = shares.length === 0 ? 0 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const words = active.length > 0 ? `${fmt.plural(active.length, "job")} · ${Math.floor(overall * 100)} %` : "No jobs";
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={400} shadow="md" trapFocus>
      <Popover.Target>
        <UnstyledButton
          className={css.button}
          data-active={active.length > 0}
          onClick={() => setOpened(!opened)}
          aria-label={active.length > 0 ? `Jobs: ${words}` : `Jobs: none running, ${ended.length} ended`}
          aria-expanded={opened}
          data-testid="jobs-indicator"
        >
          {active.length > 0 ? (
            <RingProgress size={20} thickness={3} sections={[{ value: Math.max(4, overall * 100), color: "accent" }]} aria-hidden />
          ) : (
            <IconProgress size={18} aria-hidden />
          )}
          <span>{active.length === 0 && ended.length > 0 ? `${ended.length} ended` : words}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className={css.list} data-testid="jobs-list">
        {isError && <p className={css.none}>The list of jobs cannot be read at the moment.</p>}
        {!isError && active.length === 0 && ended.length === 0 && (
          <p className={css.none}>Nothing runs. Imports, trainings, predictions and evaluations appear here with their progress.</p>
        )}
        {active.map((job) => <ActiveJob key={job.id} job={job} close={() => setOpened(false)} />)}
        {ended.length > 0 && <h3 className={css.heading}>Ended since this page was opened</h3>}
        {ended.map((job) => <EndedJob key={job.id} job={job} close={() => setOpened(false)} />)}
      </Popover.Dropdown>
    </Popover>
  ); // prettier-ignore
}

function ActiveJob({ job, close }: { job: Job; close: () => void }) {
  const cancel = useCancel();
  const { share, message, secondsLeft } = standing(job);
  return (
    <div className={css.job}>
      <div className={css.jobHead}>
        <JobLink job={job} className={css.jobTitle} onClick={close}>{job.title}</JobLink>
        <Tooltip label={job.kind === "train" ? "Cancel; keeps the best so far" : "Cancel"}>
          <ActionIcon size={24} aria-label={`Cancel ${job.title}`} onClick={() => cancel.mutate(job.id)} disabled={job.cancel_requested}>
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
      <ProgressLine share={share} message={message} secondsLeft={secondsLeft} cancelling={job.cancel_requested} label={job.title} />
    </div>
  ); // prettier-ignore
}

const ENDS = {
  done: { Icon: IconCircleCheck, word: "Done", colour: "var(--ein-good)" },
  failed: { Icon: IconCircleX, word: "Failed", colour: "var(--ein-bad)" },
  cancelled: { Icon: IconPlayerStop, word: "Cancelled", colour: "var(--ein-quiet)" },
} as const;

function EndedJob({ job, close }: { job: Job; close: () => void }) {
  const { Icon, word, colour } = job.state === "failed" || job.state === "cancelled" ? ENDS[job.state] : ENDS.done;
  const words = job.problem?.detail ?? job.headline;
  return (
    <div className={css.job}>
      <div className={css.jobHead}>
        <JobLink job={job} className={css.jobTitle} onClick={close}>{job.title}</JobLink>
        <span className={css.end} style={{ color: colour }}><Icon size={16} aria-hidden />{word}</span>
      </div>
      {words !== "" && <p className={css.headline}>{words}</p>}
    </div>
  ); // prettier-ignore
}

function sessionStart(): number {
  const stored = Number(sessionStorage.getItem(SESSION_KEY));
  if (Number.isFinite(stored) && stored > 0) return stored;
  const now = Date.now();
  sessionStorage.setItem(SESSION_KEY, String(now));
  return now;
}
