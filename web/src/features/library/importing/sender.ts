/**
 * Sends many files, some at a time, until the last one is there or somebody stops it.
 *
 * What passes by itself (the server is being started anew, the network is gone) is waited for, with growing pauses;
 * what concerns one file puts that file on a list and the others go on; what concerns all stops it. No framework, no
 * network: how a file is sent is the transport's.
 */
import { ApiProblem, asProblem } from "@/api";
import type { DroppedFile } from "./dropped";

/** Why a file did not arrive: `wait` passes by itself, `file` concerns this file only, `all` the whole upload. */
export class SendFailure extends Error {
  readonly scope: "wait" | "file" | "all";
  readonly problem: ApiProblem;

  constructor(scope: "wait" | "file" | "all", problem: ApiProblem) {
    super(problem.message);
    this.name = "SendFailure";
    this.scope = scope;
    this.problem = problem;
  }
}

export interface Part {
  /** Where the part of the file lies; null begins it anew. */
  location: string | null;
  offset: number;
}

export interface Transport {
  /** Resolves when the file is there whole; rejects with a SendFailure, or anything once `signal` is aborted. */
  send: (file: DroppedFile, part: Part, onBytes: (sent: number) => void, signal: AbortSignal) => Promise<void>;
}

export type Phase = "ready" | "sending" | "paused" | "waiting" | "done" | "failed" | "stopped";

export interface Unsent {
  path: string;
  problem: ApiProblem;
}

export interface Progress {
  phase: Phase;
  files: number;
  filesDone: number;
  /** Files that were there before this sender began. */
  filesBefore: number;
  bytes: number;
  bytesDone: number;
  secondsLeft: number | null;
  /** Bytes a second. */
  speed: number | null;
  /** What stopped it, or what it waits for. */
  problem: ApiProblem | null;
  /** When it tries again, ms since 1970. */
  retryAt: number | null;
  unsent: readonly Unsent[];
}

interface Waiting {
  file: DroppedFile;
  part: Part;
  attempts: number;
  /** How many files had arrived when this one failed first. */
  arrivedBefore: number;
}

// A browser opens six connections to a server; pages and the job's news need some of them.
const PARALLEL = 4;
const PAUSES_S = [1, 2, 4, 8, 15, 30] as const;
const MOST_ATTEMPTS = 5;
const TELL_MS = 150;
const WINDOW_MS = 15_000;
/** A file costs about as much as so many bytes of a larger one. */
const FILE_WORTH = 30_000;

export class Sender {
  private readonly transport: Transport;
  private readonly listeners = new Set<() => void>();
  private queue: Waiting[] = [];
  private readonly active = new Map<Waiting, { control: AbortController; sent: number }>();
  private phase: Phase = "ready";
  private files = 0;
  private filesDone = 0;
  private filesBefore = 0;
  private bytes = 0;
  private bytesDone = 0;
  private arrived = 0;
  private pauses = 0;
  private problem: ApiProblem | null = null;
  private retryAt: number | null = null;
  private unsent: (Unsent & { file: DroppedFile })[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private telling: ReturnType<typeof setTimeout> | null = null;
  private course: { at: number; work: number; bytes: number }[] = [];
  private shown: Progress;

  constructor(transport: Transport) {
    this.transport = transport;
    this.shown = this.progress();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): Progress => this.shown;

  /** Begin: `here` answers how much of a file the server has already ("whole", or a part to go on from). */
  start(files: readonly DroppedFile[], here: (file: DroppedFile) => Part | "whole" | null = () => null): void {
    for (const file of files) {
      const part = here(file);
      this.files += 1;
      this.bytes += file.file.size;
      if (part === "whole") {
        this.filesDone += 1;
        this.filesBefore += 1;
        this.bytesDone += file.file.size;
      } else this.queue.push({ file, part: part ?? { location: null, offset: 0 }, attempts: 0, arrivedBefore: 0 });
    }
    this.go();
  }

  pause(): void {
    if (this.phase !== "sending" && this.phase !== "waiting") return;
    this.halt("paused");
  }

  /** Go on after a pause, or at once while it waits. */
  resume(): void {
    if (this.phase === "paused" || this.phase === "waiting" || this.phase === "failed") this.go();
  }

  stop(): void {
    if (this.phase !== "done") this.halt("stopped");
  }

  /** Try the files again that were put aside. */
  retryUnsent(): void {
    if (this.phase !== "done") return;
    const again = this.unsent;
    this.unsent = [];
    this.queue.push(...again.map(({ file }) => ({ file, part: { location: null, offset: 0 }, attempts: 0, arrivedBefore: 0 })));
    this.go();
  }

  private go(): void {
    this.clearTimer();
    this.phase = "sending";
    this.problem = null;
    this.retryAt = null;
    this.course = [];
    this.fill();
    this.tell();
  }

  private fill(): void {
    while (this.phase === "sending" && this.active.size < PARALLEL) {
      const next = this.queue.shift();
      if (next === undefined) break;
      void this.one(next);
    }
    if (this.phase === "sending" && this.active.size === 0 && this.queue.length === 0) {
      this.phase = "done";
      this.tell();
    }
  }

  private async one(waiting: Waiting): Promise<void> {
    const running = { control: new AbortController(), sent: 0 };
    this.active.set(waiting, running);
    const onBytes = (sent: number) => {
      running.sent = sent;
      this.tellSoon();
    };
    try {
      await this.transport.send(waiting.file, waiting.part, onBytes, running.control.signal);
      this.filesDone += 1;
      this.bytesDone += waiting.file.file.size;
      this.arrived += 1;
      this.pauses = 0;
    } catch (error) {
      this.failed(waiting, running.control.signal.aborted, error);
    } finally {
      this.active.delete(waiting);
      this.fill();
      this.tellSoon();
    }
  }

  private failed(waiting: Waiting, halted: boolean, error: unknown): void {
    if (halted) {
      this.queue.unshift(waiting);
      return;
    }
    const failure = error instanceof SendFailure ? error : new SendFailure("file", asProblem(error));
    waiting.attempts += 1;
    if (waiting.attempts === 1) waiting.arrivedBefore = this.arrived;
    // Others arrive while this one never does: it is the file and not the way.
    const hopeless = waiting.attempts > MOST_ATTEMPTS && this.arrived > waiting.arrivedBefore;
    if (failure.scope === "file" || (failure.scope === "wait" && hopeless)) {
      this.unsent.push({ path: waiting.file.path, problem: failure.problem, file: waiting.file });
      return;
    }
    this.queue.unshift(waiting);
    if (this.phase !== "sending") return;
    this.problem = failure.problem;
    if (failure.scope === "all") this.halt("failed");
    else this.waitForIt();
  }

  private waitForIt(): void {
    const seconds = PAUSES_S[Math.min(this.pauses, PAUSES_S.length - 1)] ?? 30;
    this.pauses += 1;
    this.halt("waiting");
    this.retryAt = Date.now() + seconds * 1000;
    this.timer = setTimeout(() => this.go(), seconds * 1000);
    this.tell();
  }

  private halt(phase: Phase): void {
    this.clearTimer();
    this.phase = phase;
    this.retryAt = null;
    for (const { control } of this.active.values()) control.abort();
    this.tell();
  }

  private clearTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private tellSoon(): void {
    this.telling ??= setTimeout(() => this.tell(), TELL_MS);
  }

  private tell(): void {
    if (this.telling !== null) clearTimeout(this.telling);
    this.telling = null;
    this.shown = this.progress();
    for (const listener of this.listeners) listener();
  }

  private progress(): Progress {
    const underway = [...this.active.values()].reduce((sum, { sent }) => sum + sent, 0);
    const bytesDone = this.bytesDone + underway;
    const { secondsLeft, speed } = this.estimate(bytesDone);
    return {
      phase: this.phase, files: this.files, filesDone: this.filesDone, filesBefore: this.filesBefore, bytes: this.bytes, bytesDone,
      secondsLeft, speed, problem: this.problem, retryAt: this.retryAt, unsent: this.unsent,
    }; // prettier-ignore
  }

  /** From what was done in the last seconds; nothing is said in the first. */
  private estimate(bytesDone: number): { secondsLeft: number | null; speed: number | null } {
    if (this.phase !== "sending") return { secondsLeft: null, speed: null };
    const now = { at: Date.now(), work: bytesDone + this.filesDone * FILE_WORTH, bytes: bytesDone };
    this.course.push(now);
    while (this.course.length > 2 && now.at - (this.course[0]?.at ?? 0) > WINDOW_MS) this.course.shift();
    const first = this.course[0] ?? now;
    const seconds = (now.at - first.at) / 1000;
    if (seconds < 1 || now.work <= first.work) return { secondsLeft: null, speed: null };
    const left = this.bytes - bytesDone + (this.files - this.filesDone) * FILE_WORTH;
    return { secondsLeft: (left * seconds) / (now.work - first.work), speed: (now.bytes - first.bytes) / seconds };
  }
}
