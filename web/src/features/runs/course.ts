import type { Epoch, Run } from "@/api";
import type { History } from "@/features/jobs/history";
import { timeLeft } from "@/features/jobs/useJob";

/** A run as pages read it; how far its epoch is comes with the progress of its job. */
export type RunSoFar = Omit<Run, "batch">;

/** Where a training stands: what the server stored when the page was opened, and what it has said since. */
export interface Course {
  readonly epochs: readonly Epoch[];
  readonly log: readonly string[];
  /** The epoch whose weights are the model so far: that of the lowest validation loss, or simply the latest. */
  readonly best: Epoch | null;
  /** Whether that epoch was chosen by the validation part. */
  readonly chosen: boolean;
  readonly message: string;
  /** The epoch that is being learned now and the share of it that is done; null outside of the epochs. */
  readonly current: { readonly epoch: number; readonly share: number } | null;
  /** Which of several models is being trained, from 1; null where there is but one, or none is. */
  readonly member: { readonly number: number; readonly of: number } | null;
  /** Share of the work that is done, 0 to 1; null when nobody knows. */
  readonly share: number | null;
  readonly secondsLeft: number | null;
}

export function courseOf(run: RunSoFar, history: History): Course {
  const byNumber = new Map([...run.epochs, ...history.epochs].map((epoch) => [epoch.epoch, epoch]));
  const epochs = [...byNumber.values()].sort((a, b) => a.epoch - b.epoch);
  const heard = history.message !== "" || history.total > 0;
  const { done = 0, total = 0, message = "" } = heard ? history : run.job.progress;
  const learning = message === EPOCHS && total > 0 && done < total;
  // Several models are trained one after the other, each with as many epochs; the work counts through.
  const most = mostEpochs(run) ?? total;
  const of = most > 0 ? Math.round(total / most) : 1;
  const within = of > 1 ? done % most : done;
  return {
    epochs,
    log: history.log.length >= run.log.length ? history.log : run.log,
    best: keepsLast(run) ? (epochs.at(-1) ?? null) : lowestLoss(epochs),
    chosen: !keepsLast(run),
    message: message === EPOCHS ? "" : message,
    current: learning ? { epoch: Math.floor(within) + 1, share: within - Math.floor(within) } : null,
    member: learning && of > 1 ? { number: Math.floor(done / most) + 1, of } : null,
    share: total > 0 ? Math.min(1, Math.max(0, done / total)) : null,
    // What is forecast while the ECGs are prepared is the end of the preparing, not of the training.
    secondsLeft: learning ? ((heard ? history.secondsLeft : null) ?? run.seconds_left) : null,
  };
}

// The unit in which a training counts its progress once it learns.
const EPOCHS = "epochs";

/** Whether the weights at the end become the model, whatever the validation part says. */
function keepsLast(run: RunSoFar): boolean {
  return run.config["keep"] === "last";
}

function lowestLoss(epochs: readonly Epoch[]): Epoch | null {
  return epochs.reduce<Epoch | null>(
    (best, epoch) => (best === null || epoch.validation_loss < best.validation_loss ? epoch : best),
    null,
  );
}

/** "epoch 12 of at most 50 · best so far macro F1 0.81 (epoch 9) · about 3 min left" */
export function headline(course: Course, most: number | null): string {
  const now = course.current?.epoch ?? (course.message === "" ? course.epochs.at(-1)?.epoch : undefined);
  const parts = [];
  if (course.member !== null) parts.push(`model ${course.member.number} of ${course.member.of}`);
  if (now === undefined) parts.push(course.message === "" ? "starting" : course.message);
  else parts.push(most === null ? `epoch ${now}` : `epoch ${now} of at most ${most}`);
  if (course.best !== null) parts.push(`${course.chosen ? "best so far " : ""}${figure(course.best)} (epoch ${course.best.epoch})`);
  const left = timeLeft(course.secondsLeft);
  if (left !== "") parts.push(left);
  return parts.join(" · ");
}

function figure(epoch: Epoch): string {
  return epoch.f1 === null ? `validation loss ${epoch.validation_loss.toFixed(3)}` : `macro F1 ${epoch.f1.toFixed(2)}`;
}

/** How many epochs there may be at most, as the server resolved it or as it was asked for. */
export function mostEpochs(run: RunSoFar): number | null {
  const resolved: unknown = run.config["epochs"];
  if (typeof resolved === "number") return resolved;
  const asked = run.request.settings?.["epochs"];
  return typeof asked === "number" ? asked : null;
}

const STOPPED: Record<string, string> = {
  finished: "all epochs done",
  early: "stopped early: the validation loss no longer fell",
  cancelled: "cancelled; what it had learned until then was kept",
  diverged: "its loss stopped being a number after that; train with a lower highest learning rate",
};

export function stoppedInWords(stopped: string): string {
  return STOPPED[stopped] ?? stopped;
}

export const METHODS: Readonly<Record<string, { title: string; sentence: string }>> = {
  scratch: {
    title: "From scratch",
    sentence: "Starts with random weights. Needs the most ECGs, and owes nothing to other data.",
  },
  whole: {
    title: "All layers",
    sentence: "Starts with the weights of a model and lets every layer go on learning. Usually best when the data resemble each other.",
  },
  head: {
    title: "Head only",
    sentence: "Keeps all layers of a model and learns only the last one anew. Fast, and the careful choice for few ECGs.",
  },
  "head-then-whole": {
    title: "Head, then all layers",
    sentence: "Learns the last layer anew, then lets every layer go on learning in small steps, so that little is forgotten.",
  },
};
