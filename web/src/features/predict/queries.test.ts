import { QueryClient } from "@tanstack/react-query";
import { afterEach, expect, it, vi } from "vitest";
import { singlePredictionQuery } from "./queries";

afterEach(() => vi.unstubAllGlobals());

it("asks with a form, which is what the server takes", async () => {
  const sent = vi.fn((_address: string, _init: RequestInit) => Promise.resolve(Response.json({ model: "m" })));
  vi.stubGlobal("fetch", sent);
  expect(await new QueryClient().fetchQuery(singlePredictionQuery(7, "m"))).toEqual({ model: "m" });
  const [address, init] = sent.mock.calls[0]!;
  expect([address, init.method]).toEqual(["/api/records/7/predict", "POST"]);
  expect(init.body).toBeInstanceOf(FormData);
  expect((init.body as FormData).get("model")).toBe("m");
});
