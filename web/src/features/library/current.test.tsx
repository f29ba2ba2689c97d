import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { beforeEach, expect, it } from "vitest";
import { useCurrentDataset, useOpenedDataset } from "./current";

function inApp({ children }: { children: ReactNode }) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, enabled: false } } });
  client.setQueryData(["datasets"], [{ name: "a" }, { name: "b" }]);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}

function both({ opened }: { opened: string | null }) {
  useOpenedDataset(opened);
  return useCurrentDataset();
}

beforeEach(() => localStorage.clear());

it("what is opened makes its dataset the current one, once it is known which that is", () => {
  const { result, rerender } = renderHook(both, { wrapper: inApp, initialProps: { opened: null as string | null } });
  expect(result.current.name).toBe("a");
  rerender({ opened: "b" });
  expect(result.current.name).toBe("b");
});

it("what is chosen afterwards is not taken back", () => {
  const { result, rerender } = renderHook(both, { wrapper: inApp, initialProps: { opened: "b" } });
  act(() => result.current.choose("a"));
  rerender({ opened: "b" });
  expect(result.current.name).toBe("a");
});
