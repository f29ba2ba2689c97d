import { cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it } from "vitest";
import { aJob, renderInApp, serve } from "../jobs/testing";
import { NOTHING_YET } from "../jobs/history";
import { courseOf } from "./course";
import { Failed } from "./Ended";
import { epoch, run } from "./fixtures";

afterEach(cleanup);

const FULL = { error: "TrainingFailed", detail: "The disk is full.", advice: "Make room." };

function failed(resumable: boolean, epochs: number) {
  const job = aJob({ kind: "train", state: "failed", problem: FULL, resumable });
  const here = run({ job, epochs: Array.from({ length: epochs }, (_, n) => epoch(n + 1, 1)) });
  renderInApp(<Failed run={here} course={courseOf(here, NOTHING_YET)} />);
}

describe("a training that failed", () => {
  it("is resumed behind the epochs that it has", async () => {
    const asked = serve({ "POST /api/jobs/j1/retry": aJob({ kind: "train", state: "queued" }) });
    failed(true, 7);
    const button = await screen.findByRole("button", { name: "Resume" });
    expect(screen.getByText(/after the last epoch/)).toBeTruthy();
    expect(screen.getByText("The disk is full.")).toBeTruthy();
    await userEvent.click(button);
    expect(asked).toEqual(["POST /api/jobs/j1/retry"]);
  });

  it("begins again where nothing was kept to go on from", async () => {
    failed(true, 0);
    expect(await screen.findByTestId("retry")).toBeTruthy();
    expect(screen.queryByTestId("run-resume")).toBeNull();
    cleanup();
    failed(false, 7);
    expect(await screen.findByTestId("retry")).toBeTruthy();
    expect(screen.queryByTestId("run-resume")).toBeNull();
  });
});
