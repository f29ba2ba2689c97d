import { fireEvent, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderInApp, serve } from "@/features/jobs/testing";
import { ModelCard } from "./ModelCard";
import { aModel } from "./testing";

const TEST = { part: "test", data: "PTB-XL", folds: [9], n: 182, n_patients: 170, numbers: { macro_auroc: 0.905 }, intervals: { macro_auroc: { low: 0.87, high: 0.94 } }, how: "", warnings: [] }; // prettier-ignore

async function menuOf(zoo: boolean) {
  serve({});
  renderInApp(<ModelCard model={aModel({ zoo, name: zoo ? "zoo/net" : "mine", imported: false, data: "PTB-XL", tested: zoo ? [TEST] : [] })} />);
  fireEvent.click(await screen.findByTestId("model-menu"));
  return screen.findByTestId("model-read-card");
}

it("a model that comes with the program shows its test, and can be neither renamed nor deleted", async () => {
  await menuOf(true);
  expect(screen.getByText("comes with Einthoven")).toBeTruthy();
  expect(screen.getByText("95 %: 0.87 to 0.94")).toBeTruthy();
  expect(screen.getByText("Tested on 182 ECGs of 170 patients kept aside.")).toBeTruthy();
  expect(screen.queryByTestId("model-rename")).toBeNull();
  expect(screen.queryByTestId("model-delete")).toBeNull();
  expect(screen.getByTestId("model-download-capsule").getAttribute("href")).toBe("/api/models/zoo%2Fnet/export?form=capsule");
});

it("a model of one's own can be renamed and deleted", async () => {
  await menuOf(false);
  expect(screen.getByTestId("model-rename")).toBeTruthy();
  expect(screen.getByTestId("model-delete")).toBeTruthy();
});
