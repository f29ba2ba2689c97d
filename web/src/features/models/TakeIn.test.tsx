import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { renderInApp, serve } from "@/features/jobs/testing";
import { ModelCard } from "./ModelCard";
import { TakeIn } from "./TakeIn";
import { aModel, foreign } from "./testing";

const FILE = new File(["x"], "theirs.onnx");
const INSPECT = "POST /api/model-files";
const TAKE = "POST /api/models";

function open(first = foreign()) {
  const onTaken = vi.fn();
  renderInApp(<TakeIn file={FILE} first={first} onClose={() => {}} onTaken={onTaken} />);
  return onTaken;
}

const go = () => fireEvent.click(screen.getByTestId("take-in-go"));

async function say(id: string, value: string) {
  fireEvent.click(screen.getByTestId(id));
  fireEvent.click(await screen.findByRole("option", { name: value }));
}

async function sayAll() {
  fireEvent.click(screen.getByTestId("said-leads-usual"));
  fireEvent.change(screen.getByTestId("said-rate"), { target: { value: "100" } });
  await say("said-kind", "yes or no for each class");
  await say("said-band", "none");
}

it("asks for what the file leaves unsaid, and takes the usual order only when told to", async () => {
  const asked = serve({});
  open();
  const fields = within(await screen.findByTestId("said-fields"));
  expect(fields.queryByTestId("said-unit")).toBeNull();
  expect((fields.getByTestId("said-leads") as HTMLInputElement).value).toBe("");
  go();
  expect((await screen.findByTestId("take-in-needed")).textContent).toContain("still needed");
  expect(fields.getAllByText("needed")).toHaveLength(4);
  expect(asked).toEqual([]);
  fireEvent.click(fields.getByTestId("said-leads-usual"));
  expect((fields.getByTestId("said-leads") as HTMLInputElement).value).toBe("I II III");
  expect(fields.getAllByText("needed")).toHaveLength(3);
});

it("takes it in when nothing lacks and nothing new is to be read", async () => {
  const asked = serve({ [INSPECT]: foreign({ missing: [] }), [TAKE]: aModel() });
  const onTaken = open();
  await screen.findByTestId("said-fields");
  await sayAll();
  go();
  await waitFor(() => expect(onTaken).toHaveBeenCalled());
  expect(asked.slice(0, 2)).toEqual([INSPECT, TAKE]);
});

it("shows a warning that the answers bring to light before the model is on the shelf", async () => {
  const asked = serve({ [INSPECT]: foreign({ missing: [], warnings: ["It was probably trained as single-label."] }), [TAKE]: aModel() });
  const onTaken = open();
  await screen.findByTestId("said-fields");
  await sayAll();
  go();
  expect((await screen.findByTestId("warnings")).textContent).toContain("probably trained as single-label");
  expect(onTaken).not.toHaveBeenCalled();
  expect(asked).toEqual([INSPECT]);
  go();
  await waitFor(() => expect(onTaken).toHaveBeenCalled());
});

it("asks for what turns out to lack only after the first answers", async () => {
  serve({ [INSPECT]: foreign({ missing: ["class_names"], class_names: null }) });
  const onTaken = open(foreign({ n_samples: null, n_outputs: null, missing: ["samples", "leads", "rate", "kind"] }));
  await screen.findByTestId("said-fields");
  fireEvent.change(screen.getByTestId("said-samples"), { target: { value: "1000" } });
  await sayAll();
  go();
  expect(await screen.findByTestId("said-class_names")).toBeTruthy();
  expect(onTaken).not.toHaveBeenCalled();
});

it("a model that has learned nothing is marked, and offered for training only", async () => {
  serve({});
  renderInApp(<ModelCard model={aModel({ untrained: "It has learned nothing yet.", warnings: ["A starting point."] })} />);
  const card = within(await screen.findByTestId("model-card"));
  expect(card.getByText("taken in from elsewhere")).toBeTruthy();
  expect(card.getByTestId("model-untrained").textContent).toBe("untrained: a starting point, not for prediction");
  expect(card.queryByTestId("model-use")).toBeNull();
  expect(card.getByTestId("model-fine-tune")).toBeTruthy();
  expect(card.getByTestId("warnings").textContent).toContain("A starting point.");
});

it("a model whose file states no scores and no question shows no half sentence", async () => {
  serve({});
  renderInApp(<ModelCard model={aModel({ task: "", architecture: null, can_continue: true })} />);
  const card = await screen.findByTestId("model-card");
  expect(card.textContent).toContain("answers with one class");
  expect(card.textContent).not.toContain(": answers");
  expect(card.textContent).not.toContain("on its validation part");
  expect(card.textContent).toContain("network from elsewhere");
});
