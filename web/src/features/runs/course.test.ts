import { describe, expect, it } from "vitest";
import { NOTHING_YET } from "../jobs/history";
import { courseOf, headline, mostEpochs } from "./course";
import { epoch, run } from "./fixtures";

describe("the course of a training", () => {
  it("says where it stands in one line", () => {
    const here = run({ epochs: [epoch(1, 0.9, 0.5), epoch(2, 0.4, 0.81), epoch(3, 0.6, 0.85)], config: { epochs: 50 }, seconds_left: 170 });
    const history = { ...NOTHING_YET, done: 3.1, total: 50, message: "epochs" };
    expect(headline(courseOf(here, history), mostEpochs(here))).toBe(
      "epoch 4 of at most 50 · best so far macro F1 0.81 (epoch 2) · about 3 min left",
    );
  });

  it("names the latest epoch where the weights at the end are the model", () => {
    const here = run({ epochs: [epoch(1, 0.4, 0.6), epoch(2, 0.9, 0.7)], config: { epochs: 50, keep: "last" } });
    const course = courseOf(here, NOTHING_YET);
    expect([course.best?.epoch, course.chosen]).toEqual([2, false]);
    expect(headline(course, 50)).toBe("epoch 2 of at most 50 · macro F1 0.70 (epoch 2)");
  });

  it("names the loss where there is no F1", () => {
    const here = run({ epochs: [epoch(1, 0.9, null)] });
    expect(headline(courseOf(here, NOTHING_YET), null)).toBe("epoch 1 · best so far validation loss 0.900 (epoch 1)");
  });

  it("joins what was stored with what was heard since, each epoch once", () => {
    const course = courseOf(run({ epochs: [epoch(1, 0.9), epoch(2, 0.8)] }), { ...NOTHING_YET, epochs: [epoch(3, 0.7), epoch(2, 0.8)] });
    expect(course.epochs.map((e) => e.epoch)).toEqual([1, 2, 3]);
  });

  it("says what is being prepared before the first epoch", () => {
    const course = courseOf(run({}), { ...NOTHING_YET, done: 20, total: 80, message: "Reading ECGs", secondsLeft: 30 });
    expect(headline(course, 50)).toBe("Reading ECGs");
    expect(course.share).toBe(0.25);
  });

  it("says how far the epoch is that is being learned", () => {
    const course = courseOf(run({ epochs: [epoch(1, 0.9)] }), { ...NOTHING_YET, done: 1.25, total: 50, message: "epochs" });
    expect(course.current).toEqual({ epoch: 2, share: 0.25 });
    expect(headline(course, 50)).toBe("epoch 2 of at most 50 · best so far macro F1 0.50 (epoch 1)");
  });

  it("counts the epochs of each of several models", () => {
    const here = run({ epochs: [epoch(1, 0.9)], config: { epochs: 50, members: 3 } });
    const course = courseOf(here, { ...NOTHING_YET, done: 51.5, total: 150, message: "epochs" });
    expect(headline(course, mostEpochs(here))).toBe("model 2 of 3 · epoch 2 of at most 50 · best so far macro F1 0.50 (epoch 1)");
    expect(course.share).toBeCloseTo(0.343, 3);
  });

  it("does not invent a share of nothing", () => {
    expect(courseOf(run({}), NOTHING_YET).share).toBeNull();
  });
});
