/** Addresses and the pages behind them. Each feature is its own file of the bundle, loaded when first visited. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { PageFailed, PageMissing } from "./PageFailed";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: PageMissing });

/** The named search parameters as strings; others are dropped from the address. */
function keep<K extends string>(...names: K[]) {
  return (search: Record<string, unknown>): { [N in K]?: string } => {
    const kept: { [N in K]?: string } = {};
    for (const name of names) {
      const value = search[name];
      if (typeof value === "string" && value !== "") kept[name] = value;
      else if (typeof value === "number") kept[name] = String(value);
    }
    return kept;
  };
}

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/library" });
  },
});
const library = createRoute({
  getParentRoute: () => root,
  path: "/library",
  component: lazyRouteComponent(() => import("@/features/library"), "LibraryPage"),
});
const dataset = createRoute({
  getParentRoute: () => root,
  path: "/library/$dataset",
  component: lazyRouteComponent(() => import("@/features/library"), "DatasetPage"),
});
const quarantine = createRoute({
  getParentRoute: () => root,
  path: "/quarantine",
  validateSearch: keep("dataset"),
  component: lazyRouteComponent(() => import("@/features/library"), "QuarantinePage"),
});
const viewerHome = createRoute({
  getParentRoute: () => root,
  path: "/viewer",
  component: lazyRouteComponent(() => import("@/features/library"), "ChooseRecordPage"),
});
const viewer = createRoute({
  getParentRoute: () => root,
  path: "/viewer/$item",
  validateSearch: keep("model", "view"),
  component: lazyRouteComponent(() => import("@/features/viewer"), "ViewerPage"),
});
const train = createRoute({
  getParentRoute: () => root,
  path: "/train",
  validateSearch: keep("dataset", "task", "model", "architecture", "recipe", "folds"),
  component: lazyRouteComponent(() => import("@/features/train"), "TrainPage"),
});
const benchmark = createRoute({
  getParentRoute: () => root,
  path: "/train/benchmark",
  validateSearch: keep("dataset", "task", "job"),
  component: lazyRouteComponent(() => import("@/features/benchmark"), "BenchmarkPage"),
});
const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$run",
  component: lazyRouteComponent(() => import("@/features/runs"), "RunPage"),
});
const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  validateSearch: keep("model"),
  component: lazyRouteComponent(() => import("@/features/models"), "ModelsPage"),
});
const predict = createRoute({
  getParentRoute: () => root,
  path: "/predict",
  validateSearch: keep("model", "dataset", "item", "job"),
  component: lazyRouteComponent(() => import("@/features/predict"), "PredictPage"),
});
const measure = createRoute({
  getParentRoute: () => root,
  path: "/measure",
  validateSearch: keep("dataset", "job"),
  component: lazyRouteComponent(() => import("@/features/measure"), "MeasurePage"),
});
const evaluate = createRoute({
  getParentRoute: () => root,
  path: "/evaluate",
  validateSearch: keep("model", "dataset", "task", "job"),
  component: lazyRouteComponent(() => import("@/features/evaluate"), "EvaluatePage"),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/features/settings"), "SettingsPage"),
});

const formats = createRoute({
  getParentRoute: () => root,
  path: "/formats",
  component: lazyRouteComponent(() => import("@/features/settings"), "FormatsPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home, library, dataset, quarantine, viewerHome, viewer, train, benchmark, run, models, predict, measure, evaluate, settings, formats,
  ]),
  defaultErrorComponent: PageFailed,
  defaultPendingMs: 150,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
