import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { Warnings } from "./Warnings";

const some = (n: number) => Array.from({ length: n }, (_, i) => `Class ${i} has few ECGs.`);

it("warnings stand in words, and one too many is not folded away", () => {
  render(<Warnings warnings={some(5)} />);
  expect(screen.getAllByRole("listitem").map((line) => line.textContent)).toEqual(some(5).map((words) => `Warning: ${words}`));
  expect(screen.queryByRole("group")).toBeNull();
});

it("many warnings fold, and their number is said", () => {
  render(<Warnings warnings={some(9)} />);
  expect(screen.getByText("5 more warnings")).toBeTruthy();
  expect(screen.getByTestId("warnings").textContent).toContain("Class 8 has few ECGs.");
});
