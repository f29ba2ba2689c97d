import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { Figures } from "./Figures";
import { evaluation } from "./fixtures";

function show(node: React.ReactNode) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, enabled: false } } });
  render(<MantineProvider><QueryClientProvider client={client}>{node}</QueryClientProvider></MantineProvider>); // prettier-ignore
}

it("a number that cannot be estimated says why instead of being 0 or 1", () => {
  show(<Figures evaluation={evaluation} unit="" />);
  expect(screen.getByTestId("figure-macro_f1").textContent).toContain("Cannot be estimated: AF has no ECG.");
  expect(screen.getByTestId("figure-macro_auroc").textContent).toContain("0.9996");
  expect(screen.getByTestId("figure-n").textContent).toContain("40");
});

it("a predicted quantity is judged in its unit", () => {
  const regression = { mae: 7.25, rmse: 9.5, r2: null, bias: -0.5 };
  show(<Figures evaluation={{ ...evaluation, kind: "regression", regression, reasons: { r2: "All values are equal." } }} unit="years" />);
  expect(screen.getByTestId("figure-mae").textContent).toMatch(/7\.25\s*years/);
  expect(screen.getByTestId("figure-bias").textContent).toMatch(/-0\.50\s*years/);
  expect(screen.getByTestId("figure-r2").textContent).toContain("Cannot be estimated: All values are equal.");
});
