import { screen, within } from "@testing-library/react";
import { expect, it } from "vitest";
import type { SinglePrediction } from "@/api";
import { renderInApp } from "@/features/jobs/testing";
import { Answer } from "./OneAnswer";

const answer: SinglePrediction = {
  model: "m",
  simulated_model: true,
  kind: "multi-label",
  unit: "",
  seconds: 0.1,
  warnings: [],
  classes: [{ name: "NORM", title: "Normal", codes: {} }, { name: "LBBB", title: "Left bundle branch block", codes: {} }],
  thresholds: [0.5, 0.61],
  row: {
    item: 3,
    prediction: { file_name: "a.dat", values: [0.07, 0.93], logits: [], notes: ["2 s filled with zeros"], doubts: ["Recorded at 50 Hz."] },
    answer: ["LBBB"],
    truth: ["NORM"],
  },
}; // prettier-ignore

it("the answer stands first in words, then every class, then the doubts and what the label says", async () => {
  renderInApp(<Answer answer={answer} item={3} />);
  const panel = await screen.findByTestId("one-answer");
  expect(within(panel).getByTestId("answer").textContent).toBe("Left bundle branch block, 0.93, above its threshold 0.61");
  expect(within(panel).getAllByRole("listitem").map((li) => li.textContent)).toEqual([
    "Left bundle branch block0.93", "Normal0.07", "Recorded at 50 Hz.", "2 s filled with zeros",
  ]); // prettier-ignore
  expect(panel.textContent).toContain("NORM: something else");
  expect(within(panel).getByTestId("simulated-tag")).toBeTruthy();
});

it("no doubt noticed is not called certainty", async () => {
  renderInApp(<Answer answer={{ ...answer, row: { ...answer.row, prediction: { ...answer.row.prediction, doubts: [] } } }} item={3} />);
  expect((await screen.findByTestId("one-answer")).textContent).toContain("That is no proof of the answer.");
});
