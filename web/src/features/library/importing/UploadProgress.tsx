/** Files on their way: how many, how fast, how long still; pause, go on, give up; and which could not be sent. */
import { Button, Progress } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconRefresh, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { fmt, ProblemView, StateTag } from "@/ui";
import type { ImportUpload, Standing } from "./importUpload";
import type { Progress as Sent } from "./sender";
import css from "./importing.module.css";

export function UploadProgress({ upload, standing }: { upload: ImportUpload; standing: Standing }) {
  const { progress, error } = standing;
  const { phase } = progress;
  if (phase === "stopped")
    return <div data-testid="upload-stopped">Stopped. Nothing was imported, and what had been sent is deleted.</div>;
  const total = phase === "ready" ? upload.plan.files.length : progress.files;
  return (
    <div className={css["sending"]} data-testid="upload-progress" data-phase={phase}>
      <div className={css["between"]} aria-live="polite">
        <span data-testid="upload-files">{words(progress, total)}</span>
        <span className="ein-quiet">{rest(progress)}</span>
      </div>
      <Progress value={progress.bytes > 0 ? (progress.bytesDone / progress.bytes) * 100 : 0} size={6} aria-label="Sending files" transitionDuration={200} color={phase === "paused" ? "gray" : undefined} />
      {progress.filesBefore > 0 && (
        <div className="ein-quiet" data-testid="upload-before">
          {fmt.plural(progress.filesBefore, "file was", "files were")} here from before and {progress.filesBefore === 1 ? "is" : "are"} not sent again.
        </div>
      )}
      {phase === "waiting" && <WaitingNote progress={progress} />}
      {phase === "failed" && <ProblemView compact error={progress.problem} onRetry={upload.again} />}
      {error !== null && <ProblemView compact error={error} onRetry={upload.again} />}
      {progress.unsent.length > 0 && <UnsentList upload={upload} progress={progress} />}
      {(phase === "sending" || phase === "paused" || phase === "waiting" || phase === "failed") && (
        <div className={css["line"]}>
          {phase === "sending" && (
            <Button size="xs" variant="default" leftSection={<IconPlayerPause size={14} />} onClick={upload.pause} data-testid="upload-pause">
              Pause
            </Button>
          )}
          {phase === "paused" && (
            <Button size="xs" leftSection={<IconPlayerPlay size={14} />} onClick={upload.resume} data-testid="upload-resume">
              Go on
            </Button>
          )}
          {phase === "waiting" && (
            <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={upload.resume} data-testid="upload-now">
              Try now
            </Button>
          )}
          <Button size="xs" variant="default" leftSection={<IconX size={14} />} onClick={() => void upload.cancel()} data-testid="upload-cancel">
            Cancel
          </Button>
        </div>
      )}
    </div>
  );
}

function words({ phase, filesDone }: Sent, total: number): string {
  const of = `${fmt.count(filesDone)} of ${fmt.plural(total, "file")}`;
  if (phase === "paused") return `Paused: ${of} sent`;
  if (phase === "waiting" || phase === "failed") return `Interrupted: ${of} sent`;
  if (phase === "done") return `${of} sent`;
  return `Sending: ${of}`;
}

function rest({ phase, bytes, bytesDone, secondsLeft, speed }: Sent): string {
  const parts = [`${fmt.bytes(bytesDone)} of ${fmt.bytes(bytes)}`];
  if (phase === "sending" && speed !== null) parts.push(`${fmt.bytes(speed)}/s`);
  if (phase === "sending" && secondsLeft !== null) parts.push(`${fmt.left(secondsLeft)} left`);
  return parts.join(" · ");
}

function WaitingNote({ progress }: { progress: Sent }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil(((progress.retryAt ?? now) - now) / 1000));
  return (
    <div className={css["note"]} role="status" data-testid="upload-waiting">
      <StateTag plain state="doubt" word={progress.problem?.title ?? "Interrupted"} />
      <span>
        {progress.problem?.advice} Nothing is lost: what has been sent is kept, and sending goes on by itself as soon as it can (next try in{" "}
        {seconds} s).
      </span>
    </div>
  );
}

function UnsentList({ upload, progress }: { upload: ImportUpload; progress: Sent }) {
  const { unsent, phase, filesDone } = progress;
  return (
    <div className={css["refused"]} data-testid="upload-unsent">
      <StateTag plain state="bad" word={`${fmt.plural(unsent.length, "file")} could not be sent`} />
      <ul className={css["refusals"]}>
        {unsent.slice(0, 50).map(({ path, problem }) => (
          <li key={path} className={css["refusal"]}>
            <div>
              <strong className={css["fileName"]}>{path}</strong>
              <div>{problem.detail || problem.title}</div>
              {problem.advice && <div className="ein-quiet">{problem.advice}</div>}
            </div>
          </li>
        ))}
        {unsent.length > 50 && <li className="ein-quiet">and {fmt.count(unsent.length - 50)} more</li>}
      </ul>
      {phase === "done" && (
        <div className={css["line"]}>
          <Button size="xs" leftSection={<IconRefresh size={14} />} onClick={upload.retryUnsent} data-testid="unsent-retry">
            Try these again
          </Button>
          {filesDone > 0 && (
            <Button size="xs" variant="default" onClick={() => void upload.startImport()} data-testid="unsent-without">
              Import the {fmt.plural(filesDone, "file")} that arrived
            </Button>
          )}
          <Button size="xs" variant="default" leftSection={<IconX size={14} />} onClick={() => void upload.cancel()}>
            Cancel
          </Button>
        </div>
      )}
    </div>
  );
}
