import { describe, expect, it } from "vitest";
import type { JobEvent } from "@/api";
import { fold, NOTHING_YET, parseEvent } from "./history";

const event = (number: number, kind: string, data: Record<string, unknown>): JobEvent => ({ number, time: "", kind, data });
const epoch = (n: number, loss: number) => ({ epoch: n, train_loss: loss, validation_loss: loss, f1: 0.5, learning_rate: 0.01, seconds: 2 });

describe("the history of a job", () => {
  it("counts an epoch once that is told again, and none behind it", () => {
    const told = (n: number, at: number, loss: number) => event(n, "epoch", { epoch: at, train_loss: loss, validation_loss: loss });
    const heard = fold(NOTHING_YET, [told(1, 1, 0.9), told(2, 2, 0.8), told(3, 3, 0.7), told(4, 2, 0.75)]);
    expect(heard.epochs.map((e) => [e.epoch, e.train_loss])).toEqual([[1, 0.9], [2, 0.75]]); // prettier-ignore
  });

  it("adds up progress, epochs, log and failures", () => {
    const history = fold(NOTHING_YET, [
      event(1, "state", { state: "running" }),
      event(2, "log", { text: "Reading 3 ECGs" }),
      event(3, "progress", { done: 1, total: 3, message: "ECGs", seconds_left: 4 }),
      event(4, "failure", { file_name: "a.csv", error: "RecordError", reason: "flat" }),
      event(5, "epoch", epoch(1, 0.9)),
    ]);
    expect(history).toMatchObject({ last: 5, state: "running", done: 1, total: 3, message: "ECGs", secondsLeft: 4 });
    expect(history.log).toEqual(["Reading 3 ECGs"]);
    expect(history.epochs).toEqual([epoch(1, 0.9)]);
    expect(history.failures[0]).toMatchObject({ file_name: "a.csv", reason: "flat", missing_hints: [] });
  });

  it("takes progress for passing: it has the number of the event before it", () => {
    const history = fold(NOTHING_YET, [
      event(4, "log", { text: "a" }),
      event(4, "progress", { done: 1, total: 3, message: "files read", seconds_left: null }),
      event(4, "progress", { done: 2, total: 3, message: "files read", seconds_left: null }),
      event(3, "progress", { done: 0, total: 9, message: "older", seconds_left: null }),
    ]);
    expect(history).toMatchObject({ last: 4, done: 2, total: 3, message: "files read" });
  });

  it("is the same when the stream is heard twice, as after a lost connection", () => {
    const events = [event(1, "log", { text: "a" }), event(2, "epoch", epoch(1, 0.5)), event(3, "log", { text: "b" })];
    expect(fold(fold(NOTHING_YET, events), events)).toEqual(fold(NOTHING_YET, events));
  });

  it("does not take a broken epoch for one", () => {
    expect(fold(NOTHING_YET, [event(1, "epoch", { epoch: 1, train_loss: null })]).epochs).toEqual([]);
  });

  it("forgets an estimate of the time left that the next progress no longer gives", () => {
    const history = fold(NOTHING_YET, [
      event(1, "progress", { done: 1, total: 3, seconds_left: 4 }),
      event(2, "progress", { done: 2, total: 3, seconds_left: null }),
    ]);
    expect(history.secondsLeft).toBeNull();
  });
});

describe("parseEvent", () => {
  it("reads an event and refuses what is none", () => {
    expect(parseEvent('{"number":1,"time":"","kind":"log","data":{"text":"x"}}')).toEqual(event(1, "log", { text: "x" }));
    for (const bad of ["", "{", "null", "[]", '{"number":"1","kind":"log","data":{}}', '{"number":1,"kind":"log","data":null}'])
      expect(parseEvent(bad)).toBeNull();
  });
});
