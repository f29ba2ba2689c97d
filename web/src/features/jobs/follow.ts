import type { JobEvent } from "@/api";
import { isNews, parseEvent } from "./history";

/** The part of the browser's EventSource that is used, so that a test can be one. */
export interface Source {
  onerror: ((event: Event) => void) | null;
  onopen: ((event: Event) => void) | null;
  readonly readyState: number;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface Listener {
  onEvents(events: readonly JobEvent[]): void;
  /** The job is over; nothing follows. */
  onEnd(): void;
  /** False while the server cannot be reached; the stream goes on by itself when it can. */
  onConnection?(connected: boolean): void;
}

const CLOSED = 2;
const GATHER_MS = 40;
const WAITS_MS = [1000, 2000, 4000, 8000, 15000];

/**
 * Follows the events of a job behind number `after` until its end, over lost connections.
 *
 * A running browser reconnects by itself after a broken line; after an answer that is no stream (the
 * server is starting again) it gives up, so then we open a new one behind the last number heard.
 * Returns the function that stops it.
 */
export function follow(job: string, after: number, listener: Listener, open: (url: string) => Source = browserSource) {
  let last = after;
  let failures = 0;
  let stopped = false;
  let source: Source | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let gathered: JobEvent[] = [];

  // The history of a long training arrives in one go: hand it on as one list, not as thousands of updates.
  const flush = () => {
    clearTimeout(gathering);
    gathering = undefined;
    if (gathered.length === 0) return;
    const events = gathered;
    gathered = [];
    listener.onEvents(events);
  };

  const connect = () => {
    const current = open(`/api/jobs/${encodeURIComponent(job)}/events?after=${last}`);
    source = current;
    current.onopen = () => {
      failures = 0;
      listener.onConnection?.(true);
    };
    current.onerror = () => {
      if (stopped) return;
      listener.onConnection?.(false);
      if (current.readyState !== CLOSED) return;
      current.close();
      const wait = WAITS_MS[Math.min(failures, WAITS_MS.length - 1)];
      failures += 1;
      retry = setTimeout(connect, wait);
    };
    current.addEventListener("event", (message) => {
      const event = parseEvent(message.data);
      if (stopped || event === null || !isNews(event, last)) return;
      last = event.number;
      gathered.push(event);
      gathering ??= setTimeout(flush, GATHER_MS);
    });
    current.addEventListener("end", () => {
      if (stopped) return;
      // Closed by us: a browser takes the end of a stream for a broken line and would ask again for ever.
      current.close();
      flush();
      stopped = true;
      listener.onEnd();
    });
  };

  connect();
  return () => {
    stopped = true;
    clearTimeout(retry);
    clearTimeout(gathering);
    source?.close();
  };
}

function browserSource(url: string): Source {
  return new EventSource(url);
}
