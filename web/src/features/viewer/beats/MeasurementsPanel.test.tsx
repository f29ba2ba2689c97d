import { cleanup, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { renderInApp, serve } from "@/features/jobs/testing";
import { CorrectionsPanel } from "./CorrectionsPanel";
import { MeasurementsPanel } from "./MeasurementsPanel";
import { RECORD } from "./fixtures";
import { LitBeats } from "./lit";

const OWN = { name: "einthoven", title: "Einthoven", summary: "A small network. And more.", available: true, reason: "", extensions: [] };
const LACKING = { name: "neurokit-dwt", title: "NeuroKit2 dwt", summary: "Wavelets.", available: false, reason: "needs neurokit2: pip install 'einthoven[beats]'", extensions: [] };
const ANSWERS = { "GET /api/delineators": [OWN, LACKING], "GET /api/records/7/beats": RECORD };

function show(changes: Record<string, unknown> = {}, lit = new LitBeats(), onCorrect: (() => void) | null = null) {
  serve({ ...ANSWERS, ...changes });
  renderInApp(<MeasurementsPanel item={7} settings={{ method: "einthoven", marks: "off" }} onMethod={() => {}} lit={lit} onCorrect={onCorrect} />);
  return lit;
}

describe("measurements", () => {
  it("offer to correct the marks they come from, but not while that is being done", async () => {
    const onCorrect = vi.fn();
    show({}, new LitBeats(), onCorrect);
    await userEvent.click(await screen.findByTestId("measurements-correct"));
    expect(onCorrect).toHaveBeenCalledOnce();
    cleanup();
    show();
    await screen.findByTestId("measure-pr");
    expect(screen.queryByTestId("measurements-correct")).toBeNull();
  });
  it("stand with unit, spread and number of beats; what lacks says why", async () => {
    show();
    expect((await screen.findByTestId("measure-pr")).textContent).toBe("PR interval160 ms ± 42 beats");
    expect(screen.getByTestId("measure-p_duration").dataset["state"]).toBe("absent");
    expect(screen.getByTestId("measurements").textContent).toContain("P durationabsent: no P wave in any beat");
    const table = within(screen.getByTestId("group-ST level")).getByRole("table", { hidden: true });
    expect([...table.querySelectorAll("td")].map((cell) => cell.textContent)).toEqual(["0.00 ±0.01", "not measurable"]);
    expect(table.querySelector('[aria-label="ST level at J, lead II: not measurable: II is flat"]')).not.toBeNull();
  });
  it("light up their beats while they have the pointer or the focus", async () => {
    const lit = show();
    const line = await screen.findByTestId("measure-pr");
    line.focus();
    expect(lit.get()).toEqual({ beats: [0, 1], lead: null });
    line.blur();
    expect(lit.get()).toBeNull();
    await userEvent.hover(line);
    expect(lit.get()?.beats).toEqual([0, 1]);
  });
  it("a method that cannot be used says how to install it", async () => {
    show();
    await screen.findByTestId("measure-pr");
    await userEvent.click(screen.getByLabelText("Waves found by", { selector: "input" }));
    expect(await screen.findByText(/pip install 'einthoven\[beats\]'/)).toBeTruthy();
  });
  it("an ECG without beats says what stands in the way, and no numbers", async () => {
    show({ "GET /api/records/7/beats": { ...RECORD, r_peaks: [], obstacle: "flat", reason: "Every lead is flat." } });
    expect((await screen.findByTestId("no-beats")).textContent).toContain("Every lead is flat.");
    expect(screen.queryByTestId("measure-pr")).toBeNull();
  });
  it("the files are the server's", async () => {
    show();
    await userEvent.click(await screen.findByTestId("measurements-save"));
    expect((await screen.findByTestId("measurements-csv")).getAttribute("href")).toBe("/api/records/7/beats/export/measurements.csv?method=einthoven");
  });
});

it("corrections say who and when, and can be taken back", async () => {
  const asked = serve({ "DELETE /api/records/7/beats/corrections/5": { ...RECORD, corrections: [], corrected: [] } });
  renderInApp(<CorrectionsPanel record={RECORD} />);
  const list = await screen.findByTestId("corrections");
  expect(list.textContent).toMatch(/T end, beat 3, all leads together: 3\.360 s Ada, 22 Nov 2026/);
  await userEvent.click(within(list).getByRole("button", { name: /^Take back: T end, beat 3/ }));
  expect(asked).toEqual(["DELETE /api/records/7/beats/corrections/5"]);
});
