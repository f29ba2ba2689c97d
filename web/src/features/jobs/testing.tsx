import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import type { Job } from "@/api";

/** Renders a part of a page inside the providers of the application, with a router that knows no other page. */
export function renderInApp(node: ReactNode) {
  const root = createRootRoute();
  const here = createRoute({ getParentRoute: () => root, path: "/", component: () => node });
  const router = createRouter({ routeTree: root.addChildren([here]), history: createMemoryHistory() });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return render(
    <MantineProvider env="test">
      <QueryClientProvider client={client}>
        {/* The application's own router is registered as the type of all; this one stands in for it. */}
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </MantineProvider>,
  );
}

let answers: Readonly<Record<string, unknown>> = {};
let asked: string[] = [];

// jsdom has no page to scroll.
window.scrollTo = () => {};

// The client takes `fetch` when it is loaded: a test imports this file before what it tests.
globalThis.fetch = (input, init) => {
  // Pages send forms to addresses without a host.
  const request = new Request(typeof input === "string" ? new URL(input, window.location.origin) : input, init);
  const name = `${request.method} ${new URL(request.url).pathname}`;
  asked.push(name);
  const known = name in answers;
  const body = known ? answers[name] : { title: "Not found", detail: name };
  const headers = { "content-type": "application/json" };
  return Promise.resolve(new Response(JSON.stringify(body), { status: known ? 200 : 404, headers }));
};

/** Answers requests by `"GET /api/jobs"`; what is not listed is 404. Returns what is asked from now on, in order. */
export function serve(with_: Readonly<Record<string, unknown>>): readonly string[] {
  answers = with_;
  asked = [];
  return asked;
}

/** A job for tests. */
export function aJob(changes: Partial<Job>): Job {
  return {
    id: "j1",
    kind: "predict",
    title: "Predict demo",
    state: "running",
    created: "2026-11-22T10:00:00+00:00",
    started: "2026-11-22T10:00:01+00:00",
    finished: null,
    progress: { done: 2, total: 5, message: "ECGs predicted", seconds_left: 170 },
    cancel_requested: false,
    headline: "",
    resumable: false,
    problem: null,
    files: [],
    request: { model: "m", dataset: "demo" },
    ...changes,
  };
}
