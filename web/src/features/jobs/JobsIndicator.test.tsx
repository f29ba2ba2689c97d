import { aJob, renderInApp, serve } from "./testing"; // first: it stands in for the server
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { JobsIndicator } from "./JobsIndicator";

describe("the jobs in the top bar", () => {
  beforeEach(() => sessionStorage.clear());

  it("says how far the running ones are, and cancels one", async () => {
    const asked = serve({ "GET /api/jobs": [aJob({})], "POST /api/jobs/j1/cancel": aJob({ cancel_requested: true }) });
    renderInApp(<JobsIndicator />);
    const button = await screen.findByTestId("jobs-indicator");
    await waitFor(() => expect(button.textContent).toBe("1 job · 40 %"));
    await userEvent.click(button);
    expect(screen.getByTestId("jobs-list").textContent).toContain("2 of 5 ECGs predicted40 % · about 3 min left");
    await userEvent.click(screen.getByRole("button", { name: "Cancel Predict demo" }));
    expect(asked).toContain("POST /api/jobs/j1/cancel");
  });

  it("keeps those that ended since the page was opened, with their reason, and no older ones", async () => {
    const later = new Date(Date.now() + 60_000).toISOString();
    const failed = aJob({ state: "failed", finished: later, problem: { error: "LabelError", detail: "One class only.", advice: "" } });
    serve({ "GET /api/jobs": [failed, aJob({ id: "old", title: "Old", state: "done", finished: "2020-01-01T00:00:00+00:00" })] });
    renderInApp(<JobsIndicator />);
    await userEvent.click(await screen.findByText("1 ended"));
    const list = screen.getByTestId("jobs-list");
    expect(list.textContent).toContain("Failed");
    expect(list.textContent).toContain("One class only.");
    expect(list.textContent).not.toContain("Old");
  });
});
