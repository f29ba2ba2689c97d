import { cleanup, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import type { Evaluation, TrainOutcome } from "@/api";
import { renderInApp } from "../jobs/testing";
import { BesideIt, rowsOf } from "./BesideIt";
import { Thresholds } from "./Thresholds";

afterEach(cleanup);

function evaluation(changes: Partial<Evaluation>): Evaluation {
  return {
    kind: "multi-label", n: 30, accuracy: 0.5, macro_f1: 0.61, weighted_f1: 0.6, macro_auroc: 0.8, per_class: [], confusion: null,
    roc: {}, regression: null, reasons: {}, warnings: [], ...changes,
  }; // prettier-ignore
}

function outcome(changes: Partial<TrainOutcome>): TrainOutcome {
  return {
    model: "net", best_epoch: 2, stopped: "finished", maximum_rate: 0.01, seconds: 9, parity_logits: 0, parity_probabilities: 0,
    validation: evaluation({}), refused: [], thresholds: [], beside: null, unit: "",
    split: { seed: 0, folds: null, n_train: 90, n_validation: 30, n_subjects_train: 90, n_subjects_validation: 30, train_counts: {}, validation_counts: {}, left_out: {} },
    ...changes,
  }; // prettier-ignore
}

describe("a ridge model beside the network", () => {
  it("is shown in the same numbers, with what may be chance in words", async () => {
    const beside = { model: "net-ridge", validation: evaluation({ macro_auroc: 0.83 }), words: "That may be chance.", seconds: 3 };
    renderInApp(<BesideIt outcome={outcome({ beside })} beside={beside} chosen />);
    expect((await screen.findByTestId("beside-words")).textContent).toBe("That may be chance.");
    expect(screen.getByText("net-ridge")).toBeTruthy();
    const rows = rowsOf(outcome({}), beside.validation);
    expect(rows.find((row) => row.name === "Macro AUROC")).toMatchObject({ network: "0.80", ridge: "0.83" });
  });

  it("says a regression's errors in its unit", () => {
    const values = (mae: number) => evaluation({ kind: "regression", regression: { mae, rmse: 12, r2: 0.4, bias: 1 } });
    const rows = rowsOf(outcome({ validation: values(9), unit: "years" }), values(8));
    expect(rows[0]).toMatchObject({ network: "9.00 years", ridge: "8.00 years" });
  });

  it("says why there is none, without an empty table", async () => {
    const beside = { model: null, validation: null, words: "No ridge model could be fitted beside it: no room.", seconds: 0 };
    renderInApp(<BesideIt outcome={outcome({ beside })} beside={beside} chosen />);
    expect(await screen.findByText(/no room/)).toBeTruthy();
    expect(screen.queryByRole("link")).toBeNull();
  });
});

describe("thresholds", () => {
  it("are said to flatter, unless none was chosen", async () => {
    const chosen = { name: "AF", threshold: 0.372, n: 20, f1: 0.71, f1_at_half: 0.6, reason: "" };
    const kept = { name: "CD", threshold: 0.5, n: 3, f1: 0.2, f1_at_half: 0.2, reason: "only 3 validation ECGs have it" };
    renderInApp(<Thresholds thresholds={[chosen, kept]} />);
    expect(await screen.findByText(/The same ECGs chose it/)).toBeTruthy();
    cleanup();
    renderInApp(<Thresholds thresholds={[kept]} />);
    expect(await screen.findByTestId("thresholds")).toBeTruthy();
    expect(screen.queryByText(/The same ECGs chose it/)).toBeNull();
  });
});
