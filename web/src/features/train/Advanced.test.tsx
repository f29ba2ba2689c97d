import { useState } from "react";
import { MantineProvider } from "@mantine/core";
import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { TrainOption } from "@/api";
import { Advanced } from "./Advanced";
import { changedNames, type Draft, type Sheet } from "./draft";

function option(name: string, title: string, changes: Partial<TrainOption>): TrainOption {
  return {
    name, title, explanation: `What ${name} does.`, group: "How it learns", common: false, kind: "number", optional: false, choices: [],
    minimum: null, maximum: null, ...changes,
  }; // prettier-ignore
}

const SHEET: Sheet = {
  recipe: "paper",
  options: [
    option("epochs", "Epochs at most", { common: true, kind: "whole", minimum: 1, maximum: 100 }),
    option("gain", "Random gain", { group: "What the model sees" }),
    option("class_weights", "Class weights", { kind: "yes-no" }),
  ],
  usual: { epochs: 50, gain: 0, class_weights: true },
};

function Form() {
  const [typed, setTyped] = useState<Draft["typed"]>({});
  return (
    <MantineProvider env="test">
      <Advanced sheet={SHEET} typed={typed} onChange={setTyped} />
      <output>{changedNames(SHEET, typed).join(" ")}</output>
    </MantineProvider>
  );
}

describe("the settings of a training", () => {
  it("stand as the recipe has them, and a changed one goes back", async () => {
    const user = userEvent.setup();
    render(<Form />);
    const epochs = screen.getByLabelText<HTMLInputElement>("Epochs at most");
    expect(epochs.value).toBe("50");
    expect(epochs.getAttribute("aria-description")).toBe("What epochs does.");
    await user.clear(epochs);
    expect(screen.getByText("A number is needed here.")).toBeTruthy();
    await user.type(epochs, "20");
    expect(screen.getByRole("status").textContent).toBe("epochs");
    await user.click(screen.getByRole("button", { name: "Epochs at most: as the recipe has it" }));
    expect(epochs.value).toBe("50");
    expect(screen.getByRole("status").textContent).toBe("");
  });

  it("are all there on demand, in groups, and are found by their words", async () => {
    const user = userEvent.setup();
    render(<Form />);
    await user.click(screen.getByTestId("all-settings-toggle"));
    const seen = await screen.findByRole("region", { name: "What the model sees" });
    expect(within(seen).getByText("What gain does.")).toBeTruthy();
    await user.click(screen.getByLabelText("Class weights"));
    expect(screen.getByRole("status").textContent).toBe("class_weights");
    expect(screen.getByTestId("all-settings-toggle").textContent).toContain("1 changed");
    await user.type(screen.getByLabelText("Find a setting"), "weights");
    expect(screen.queryByLabelText("Random gain")).toBeNull();
    await user.clear(screen.getByLabelText("Find a setting"));
    await user.type(screen.getByLabelText("Find a setting"), "nothing");
    expect(screen.getByText("No setting has these words.")).toBeTruthy();
  });
});
