import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useQuery } from "@tanstack/react-query";
import { createRef } from "react";
import { expect, it } from "vitest";
import { renderInApp, serve } from "@/features/jobs/testing";
import type { PaperHandle } from "../EcgPaper";
import { CorrectingOnPaper } from "./MarksOnPaper";
import { RECORD } from "./fixtures";
import { LitBeats } from "./lit";
import { beatsQuery } from "./queries";

const PUT = "PUT /api/records/7/beats/corrections";
const moved = { ...RECORD, corrected: [...RECORD.corrected, { channel: "global", beat: 0, fiducial: "p_on" }], corrections: [...RECORD.corrections, { id: 9, channel: "global", r_peak: 1, fiducial: "p_on", time: 0.788, who: "Ada", made: "2026-11-23T01:00:00+00:00" }] }; // prettier-ignore

function Page() {
  const beats = useQuery(beatsQuery(7, "einthoven"));
  if (beats.data === undefined) return null;
  return <CorrectingOnPaper paper={createRef<PaperHandle>()} record={beats.data} marks="global" lit={new LitBeats()} rate={500} onLead={() => {}} onDone={() => {}} />;
}

function show(who: string | null) {
  const asked = serve({
    "GET /api/records/7/beats": RECORD, "GET /api/preferences": { target_rate: 100, duration: 10, threads: null, quarantine_days: 30, who }, [PUT]: moved,
    "DELETE /api/records/7/beats/corrections/9": RECORD,
  }); // prettier-ignore
  renderInApp(<Page />);
  return asked;
}

const slider = (name: string) => screen.findByTestId(`mark-${name}`);

it("arrow keys move a mark by a sample, with Shift by five, and it is sent once when they rest", async () => {
  const asked = show("Ada");
  const mark = await slider("p_on");
  await waitFor(() => expect(asked).toContain("GET /api/preferences"));
  act(() => mark.focus());
  await userEvent.keyboard("{ArrowLeft}{Shift>}{ArrowLeft}{/Shift}");
  expect(Number(mark.getAttribute("aria-valuenow"))).toBeCloseTo(0.8 - 6 / 500, 9);
  expect(asked).not.toContain(PUT);
  await waitFor(() => expect(asked.filter((one) => one === PUT)).toHaveLength(1), { timeout: 3000 });
  await waitFor(async () => expect((await slider("p_on")).dataset["corrected"]).toBe("true"));
});

it("asks once who corrects, and without an answer nothing is kept", async () => {
  const asked = show(null);
  act(() => screen.queryByTestId("x")?.focus());
  const mark = await slider("p_on");
  act(() => mark.focus());
  await userEvent.keyboard("{ArrowLeft}{Enter}");
  await userEvent.click(await screen.findByText("Do not correct"));
  expect(asked).not.toContain(PUT);
  expect(Number((await slider("p_on")).getAttribute("aria-valuenow"))).toBe(0.8);
});

it("the bar shows under which name corrections are kept, and changes it", async () => {
  const asked = show("Ada");
  const name = await screen.findByTestId("correct-who");
  await waitFor(() => expect(name.textContent).toBe("As Ada"));
  serve({ "PUT /api/preferences": { target_rate: 100, duration: 10, threads: null, quarantine_days: 30, who: "Grace" } });
  await userEvent.click(name);
  const field = await screen.findByTestId<HTMLInputElement>("who-name");
  expect(field.value).toBe("Ada");
  await userEvent.clear(field);
  await userEvent.type(field, "Grace");
  await userEvent.click(screen.getByTestId("who-save"));
  await waitFor(() => expect(screen.getByTestId("correct-who").textContent).toBe("As Grace"));
  expect(asked).not.toContain(PUT);
});

it("a wave is taken away mark by mark, and undo takes each back", async () => {
  const asked = show("Ada");
  await slider("p_on");
  await waitFor(() => expect(asked).toContain("GET /api/preferences"));
  await act(() => new Promise((resolve) => setTimeout(resolve, 50)));
  await userEvent.click(screen.getByTestId("correct-remove-P"));
  await waitFor(() => expect(asked.filter((one) => one === PUT)).toHaveLength(3));
  const undo = await screen.findByTestId("correct-undo");
  await waitFor(() => expect(undo.getAttribute("aria-disabled")).toBe("false"));
  await userEvent.click(undo);
  await waitFor(() => expect(asked).toContain("DELETE /api/records/7/beats/corrections/9"));
});

it("a beat without P offers to add one, a refusal stands below in the server's words", async () => {
  const asked = show("Ada");
  await slider("p_on");
  serve({ "GET /api/records/7/beats": RECORD });
  await userEvent.click(screen.getByTestId("correct-next"));
  expect(screen.getByTestId("correct-beat").textContent).toContain("beat 2 at 2.00 s, ectopic");
  const wave = within(screen.getByRole("group", { name: "P wave" }));
  expect(wave.getByText("not there")).toBeTruthy();
  await act(() => new Promise((resolve) => setTimeout(resolve, 50)));
  await userEvent.click(wave.getByTestId("correct-add-P"));
  expect(await screen.findByTestId("correct-problem")).toBeTruthy();
  expect(asked).toContain("GET /api/preferences");
});
