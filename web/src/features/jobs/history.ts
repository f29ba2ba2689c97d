import type { Epoch, Failure, JobEvent } from "@/api";

/** What the events of a job add up to. */
export interface History {
  /** Number of the last event in it; the stream goes on behind this one. */
  readonly last: number;
  readonly done: number;
  readonly total: number;
  readonly message: string;
  readonly secondsLeft: number | null;
  readonly epochs: readonly Epoch[];
  readonly log: readonly string[];
  readonly failures: readonly Failure[];
  readonly state: string | null;
  /** How many times the job has said how it was set up (split, settings): there is more to be read then. */
  readonly settled: number;
}

export const NOTHING_YET: History = {
  last: 0,
  done: 0,
  total: 0,
  message: "",
  secondsLeft: null,
  epochs: [],
  log: [],
  failures: [],
  state: null,
  settled: 0,
};

const LONGEST_LOG = 5000;

/** Adds events to a history. An event that is in it already is passed over, so a stream may be read twice. */
export function fold(history: History, events: readonly JobEvent[]): History {
  return events.reduce(add, history);
}

/**
 * Whether an event says something new to one who has heard up to number `last`.
 *
 * Progress is not kept by the server: it carries the number of the event before it.
 */
export function isNews(event: JobEvent, last: number): boolean {
  return event.kind === "progress" ? event.number >= last : event.number > last;
}

function add(history: History, event: JobEvent): History {
  if (!isNews(event, history.last)) return history;
  const seen = { ...history, last: event.number };
  const { data } = event;
  switch (event.kind) {
    case "progress":
      return {
        ...seen,
        done: number(data.done) ?? seen.done,
        total: number(data.total) ?? seen.total,
        message: text(data.message) ?? seen.message,
        secondsLeft: number(data.seconds_left),
      };
    case "epoch": {
      const epoch = epochOf(data);
      if (epoch === null) return seen;
      // A training that was begun again tells some epochs twice, from where it went on.
      return { ...seen, epochs: [...seen.epochs.filter((e) => e.epoch < epoch.epoch), epoch] };
    }
    case "log": {
      const line = text(data.text);
      return line === null ? seen : { ...seen, log: [...seen.log, line].slice(-LONGEST_LOG) };
    }
    case "failure":
      return { ...seen, failures: [...seen.failures, failureOf(data)] };
    case "state":
      return { ...seen, state: text(data.state) ?? seen.state };
    case "split":
    case "setup":
      return { ...seen, settled: seen.settled + 1 };
    default:
      return seen;
  }
}

function epochOf(data: Record<string, unknown>): Epoch | null {
  const epoch = number(data.epoch);
  const train = number(data.train_loss);
  const validation = number(data.validation_loss);
  if (epoch === null || train === null || validation === null) return null;
  return {
    epoch,
    train_loss: train,
    validation_loss: validation,
    f1: number(data.f1),
    learning_rate: number(data.learning_rate) ?? 0,
    seconds: number(data.seconds) ?? 0,
  };
}

function failureOf(data: Record<string, unknown>): Failure {
  return {
    file_name: text(data.file_name) ?? "",
    error: text(data.error) ?? "",
    reason: text(data.reason) ?? "",
    advice: text(data.advice) ?? "",
    missing_hints: Array.isArray(data.missing_hints) ? data.missing_hints.map(String) : [],
  };
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** Reads the `data` of a server-sent event; null when it is not one of ours. */
export function parseEvent(data: string): JobEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { number: n, time, kind, data: content } = value as Record<string, unknown>;
  if (typeof n !== "number" || typeof kind !== "string" || typeof content !== "object" || content === null) return null;
  return { number: n, time: text(time) ?? "", kind, data: content as Record<string, unknown> };
}
