import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JobEvent } from "@/api";
import { follow, type Source } from "./follow";


class FakeSource implements Source {
  onerror: ((event: Event) => void) | null = null;
  onopen: ((event: Event) => void) | null = null;
  readyState = 1;
  closed = false;
  private readonly listeners = new Map<string, (event: MessageEvent<string>) => void>();
  constructor(readonly url: string) {}
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void) {
    this.listeners.set(type, listener);
  }
  close() {
    this.closed = true;
    this.readyState = 2;
  }
  say(number: number, kind = "log") {
    const data = JSON.stringify({ number, time: "", kind, data: { text: `line ${number}` } });
    this.listeners.get("event")?.(new MessageEvent("event", { data }));
  }
  end() {
    this.listeners.get("end")?.(new MessageEvent("end", { data: "done" }));
  }
  fail(readyState: number) {
    this.readyState = readyState;
    this.onerror?.(new Event("error"));
  }
}

describe("following a job", () => {
  const sources: FakeSource[] = [];
  const heard: number[] = [];
  const ends: string[] = [];
  const connected: boolean[] = [];
  const start = (after: number) =>
    follow(
      "j 1",
      after,
      {
        onEvents: (events: readonly JobEvent[]) => heard.push(...events.map((e) => e.number)),
        onEnd: () => ends.push("end"),
        onConnection: (now) => connected.push(now),
      },
      (url) => {
        const source = new FakeSource(url);
        sources.push(source);
        return source;
      },
    );

  beforeEach(() => {
    vi.useFakeTimers();
    for (const list of [sources, heard, ends, connected]) list.length = 0;
  });
  afterEach(() => vi.useRealTimers());

  it("starts behind the number it is given and hands events on together", () => {
    start(7);
    expect(sources[0]?.url).toBe("/api/jobs/j%201/events?after=7");
    sources[0]?.say(7);
    sources[0]?.say(8);
    sources[0]?.say(9);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(heard).toEqual([8, 9]);
  });

  it("lets progress through, which has the number of the event before it", () => {
    start(7);
    sources[0]?.say(7, "progress");
    sources[0]?.say(7, "progress");
    sources[0]?.say(6, "progress");
    vi.advanceTimersByTime(50);
    expect(heard).toEqual([7, 7]);
  });

  it("opens a new stream behind the last event when the old one is closed for good", () => {
    start(0);
    sources[0]?.say(3);
    sources[0]?.fail(2);
    expect(connected).toEqual([false]);
    vi.advanceTimersByTime(1000);
    expect(sources[1]?.url).toBe("/api/jobs/j%201/events?after=3");
    sources[1]?.fail(2);
    vi.advanceTimersByTime(1999);
    expect(sources).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(sources).toHaveLength(3);
  });

  it("leaves a broken line to the browser, which reconnects by itself", () => {
    start(0);
    sources[0]?.fail(0);
    vi.advanceTimersByTime(60_000);
    expect(sources).toHaveLength(1);
  });

  it("hands on what it holds, ends and closes when the job does", () => {
    start(0);
    sources[0]?.say(1);
    sources[0]?.end();
    expect(heard).toEqual([1]);
    expect(ends).toEqual(["end"]);
    expect(sources[0]?.closed).toBe(true);
    sources[0]?.fail(2);
    vi.advanceTimersByTime(60_000);
    expect(sources).toHaveLength(1);
  });

  it("is silent once stopped", () => {
    const stop = start(0);
    sources[0]?.say(1);
    stop();
    vi.advanceTimersByTime(100);
    expect(heard).toEqual([]);
    expect(sources[0]?.closed).toBe(true);
  });
});
