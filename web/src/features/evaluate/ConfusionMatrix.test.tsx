import { MantineProvider } from "@mantine/core";
import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { ConfusionMatrix } from "./ConfusionMatrix";
import { evaluation } from "./fixtures";

const show = (node: React.ReactNode) => render(<MantineProvider>{node}</MantineProvider>);

describe("the confusion matrix on the page", () => {
  it("has a row per true class and its numbers in the order of the classes", () => {
    show(<ConfusionMatrix evaluation={evaluation} />);
    const row = screen.getByRole("row", { name: /^LBBB/ });
    expect(within(row).getAllByRole("cell").map((cell) => cell.textContent)).toEqual(["310 %", "2790 %", "0", "30"]);
  });

  it("opens only mistakes, and says which", async () => {
    const pick = vi.fn();
    show(<ConfusionMatrix evaluation={evaluation} onPick={pick} />);
    expect(screen.getAllByRole("button")).toHaveLength(2);
    await userEvent.click(screen.getByRole("button", { name: /3 of 30 LBBB were called NORM \(10 %\)/ }));
    expect(pick).toHaveBeenCalledWith(expect.objectContaining({ truth: "LBBB", predicted: "NORM", n: 3 }));
  });

  it("says why there is none for several labels", () => {
    show(<ConfusionMatrix evaluation={{ ...evaluation, kind: "multi-label", confusion: null }} />);
    expect(screen.getByTestId("no-confusion").textContent).toContain("several of these classes at once");
  });
});
