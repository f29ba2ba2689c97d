import { Button, Progress } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { timeLeft } from "./useJob";
import css from "./jobs.module.css";

interface ProgressLineProps {
  /** 0 to 1; null while nobody knows how much there is. */
  readonly share: number | null;
  readonly message: string;
  readonly secondsLeft?: number | null;
  readonly onCancel?: () => void;
  /** Asked to stop, and not yet stopped. */
  readonly cancelling?: boolean;
  /** What cancelling keeps, such as "keeps the best so far". */
  readonly cancelNote?: string;
  readonly label: string;
}

/** How far something is, how long it may still take, and the way to stop it. */
export function ProgressLine({ share, message, secondsLeft, onCancel, cancelling, cancelNote, label }: ProgressLineProps) {
  const left = cancelling === true ? "stopping…" : timeLeft(secondsLeft);
  const percent = share === null ? "" : `${Math.floor(share * 100)} %`;
  return (
    <div className={css.progress} data-testid="progress-line">
      <div className={css.progressWords} aria-live="polite">
        <span className={css.message}>{message}</span>
        <span className={css.left}>{[percent, left].filter((part) => part !== "").join(" · ")}</span>
      </div>
      <Progress
        value={share === null ? 100 : share * 100}
        animated={share === null}
        striped={share === null}
        size={6}
        aria-label={label}
        transitionDuration={200}
      />
      {onCancel !== undefined && (
        <div className={css.cancel}>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconX size={14} aria-hidden />}
            onClick={onCancel}
            disabled={cancelling === true}
            data-testid="cancel-job"
          >
            Cancel
          </Button>
          {cancelNote !== undefined && <span className="ein-quiet">{cancelNote}</span>}
        </div>
      )}
    </div>
  );
}
