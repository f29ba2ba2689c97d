import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiProblem, unreachable } from "@/api";
import type { DroppedFile } from "./dropped";
import { SendFailure, Sender, type Part, type Transport } from "./sender";

const files = (n: number): DroppedFile[] => Array.from({ length: n }, (_, i) => ({ path: `f/${i}`, file: { size: 1000 } as File }));
const problem = new ApiProblem({ kind: "X", title: "No", detail: "not usable", advice: "", status: 422, missing: [] });

/** A server in memory: what arrives, how often, and what fails. */
class Memory implements Transport {
  readonly arrived: string[] = [];
  readonly parts: Part[] = [];
  underway = 0;
  most = 0;
  down = false;
  fail: (path: string, nth: number) => SendFailure | null = () => null;
  private readonly tries = new Map<string, number>();

  async send({ path }: DroppedFile, part: Part, onBytes: (sent: number) => void, signal: AbortSignal): Promise<void> {
    this.underway += 1;
    this.most = Math.max(this.most, this.underway);
    this.parts.push({ ...part });
    try {
      const nth = (this.tries.get(path) ?? 0) + 1;
      this.tries.set(path, nth);
      onBytes(500);
      await new Promise((resolve, reject) => {
        setTimeout(resolve, 10);
        signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      });
      if (this.down) throw new SendFailure("wait", unreachable());
      const failure = this.fail(path, nth);
      if (failure !== null) throw failure;
      this.arrived.push(path);
    } finally {
      this.underway -= 1;
    }
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a sender", () => {
  it("sends every file once, four at a time, and says how far it is", async () => {
    const memory = new Memory();
    const sender = new Sender(memory);
    sender.start(files(300));
    await vi.advanceTimersByTimeAsync(200);
    const middle = sender.snapshot();
    expect(middle.phase).toBe("sending");
    expect(middle.bytesDone).toBeGreaterThanOrEqual(middle.filesDone * 1000);
    await vi.advanceTimersByTimeAsync(5000);
    expect(sender.snapshot()).toMatchObject({ phase: "done", filesDone: 300, bytesDone: 300_000, unsent: [] });
    expect(memory.most).toBe(4);
    expect(memory.arrived).toHaveLength(300);
    expect(new Set(memory.arrived).size).toBe(300);
  });

  it("is done at once with no files, or with files that are all there", () => {
    const sender = new Sender(new Memory());
    sender.start(files(3), () => "whole");
    expect(sender.snapshot()).toMatchObject({ phase: "done", filesDone: 3, filesBefore: 3, bytesDone: 3000 });
  });

  it("goes on from a part and leaves alone what is whole", async () => {
    const memory = new Memory();
    const sender = new Sender(memory);
    sender.start(files(3), ({ path }) => (path === "f/0" ? "whole" : path === "f/1" ? { location: "/part", offset: 7 } : null));
    await vi.advanceTimersByTimeAsync(100);
    expect(memory.arrived.sort()).toEqual(["f/1", "f/2"]);
    expect(memory.parts[0]).toEqual({ location: "/part", offset: 7 });
  });

  it("waits ever longer while the server is away, and loses and doubles nothing", async () => {
    const memory = new Memory();
    const sender = new Sender(memory);
    sender.start(files(40));
    await vi.advanceTimersByTimeAsync(35);
    memory.down = true;
    await vi.advanceTimersByTimeAsync(15);
    expect(sender.snapshot()).toMatchObject({ phase: "waiting" });
    const waits: number[] = [];
    for (let round = 0; round < 5; round++) {
      waits.push(Math.round(((sender.snapshot().retryAt ?? 0) - Date.now()) / 1000));
      await vi.advanceTimersByTimeAsync((sender.snapshot().retryAt ?? 0) - Date.now() + 15);
    }
    expect(waits).toEqual([1, 2, 4, 8, 15]);
    memory.down = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sender.snapshot()).toMatchObject({ phase: "done", filesDone: 40, unsent: [] });
    expect(memory.arrived).toHaveLength(40);
    expect(new Set(memory.arrived).size).toBe(40);
  });

  it("tries at once when asked to", async () => {
    const memory = new Memory();
    const sender = new Sender(memory);
    memory.down = true;
    sender.start(files(2));
    await vi.advanceTimersByTimeAsync(20);
    memory.down = false;
    sender.resume();
    await vi.advanceTimersByTimeAsync(50);
    expect(sender.snapshot().phase).toBe("done");
  });

  it("pauses and goes on", async () => {
    const memory = new Memory();
    const sender = new Sender(memory);
    sender.start(files(20));
    await vi.advanceTimersByTimeAsync(25);
    sender.pause();
    const there = memory.arrived.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sender.snapshot().phase).toBe("paused");
    expect(memory.arrived).toHaveLength(there);
    sender.resume();
    await vi.advanceTimersByTimeAsync(1000);
    expect(sender.snapshot()).toMatchObject({ phase: "done", filesDone: 20 });
    expect(new Set(memory.arrived).size).toBe(20);
  });

  it("stops for good", async () => {
    const memory = new Memory();
    const sender = new Sender(memory);
    sender.start(files(20));
    await vi.advanceTimersByTimeAsync(15);
    sender.stop();
    const there = memory.arrived.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sender.snapshot().phase).toBe("stopped");
    expect(memory.arrived).toHaveLength(there);
  });

  it("puts a refused file on a list, sends the others, and tries it again when asked to", async () => {
    const memory = new Memory();
    memory.fail = (path, nth) => (path === "f/3" && nth === 1 ? new SendFailure("file", problem) : null);
    const sender = new Sender(memory);
    sender.start(files(10));
    await vi.advanceTimersByTimeAsync(1000);
    expect(sender.snapshot()).toMatchObject({ phase: "done", filesDone: 9 });
    expect(sender.snapshot().unsent.map(({ path }) => path)).toEqual(["f/3"]);
    sender.retryUnsent();
    await vi.advanceTimersByTimeAsync(1000);
    expect(sender.snapshot()).toMatchObject({ phase: "done", filesDone: 10, unsent: [] });
  });

  it("does not wait forever for one file while others arrive", async () => {
    const memory = new Memory();
    memory.fail = (path) => (path === "f/0" ? new SendFailure("wait", problem) : null);
    const sender = new Sender(memory);
    sender.start(files(60));
    await vi.advanceTimersByTimeAsync(300_000);
    expect(sender.snapshot()).toMatchObject({ phase: "done", filesDone: 59 });
    expect(sender.snapshot().unsent.map(({ path }) => path)).toEqual(["f/0"]);
  });

  it("stops with what concerns all, and goes on from there", async () => {
    const memory = new Memory();
    const full = new ApiProblem({ kind: "X", title: "Full", detail: "no room", advice: "", status: 507, missing: [] });
    let room = false;
    memory.fail = (path) => (path === "f/5" && !room ? new SendFailure("all", full) : null);
    const sender = new Sender(memory);
    sender.start(files(10));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sender.snapshot()).toMatchObject({ phase: "failed", problem: full });
    room = true;
    sender.resume();
    await vi.advanceTimersByTimeAsync(1000);
    expect(sender.snapshot()).toMatchObject({ phase: "done", filesDone: 10 });
    expect(new Set(memory.arrived).size).toBe(10);
  });

  it("estimates the time left from what was done of late", async () => {
    const sender = new Sender(new Memory());
    sender.start(files(4000)); // four every 10 ms: 10 s
    await vi.advanceTimersByTimeAsync(5000);
    const { secondsLeft, speed } = sender.snapshot();
    expect(secondsLeft).toBeGreaterThan(4);
    expect(secondsLeft).toBeLessThan(6);
    expect(speed).toBeGreaterThan(300_000);
    expect(speed).toBeLessThan(500_000);
  });
});
