import { beforeEach, expect, it, vi } from "vitest";
import type { DroppedFile } from "./dropped";
import { ImportUpload } from "./importUpload";
import { remembered } from "./unfinished";

const sent: string[] = [];
vi.mock("./tus", () => ({
  tusTransport: () => ({
    send: async ({ path }: DroppedFile, _part: unknown, onBytes: (n: number) => void) => {
      await Promise.resolve();
      onBytes(1);
      sent.push(path);
    },
  }),
}));

const asked: { method: string; path: string; body: string }[] = [];
let answers: Record<string, () => Response> = {};
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

// The client takes `fetch` when it is loaded, which is before anything in this file but what is hoisted.
vi.hoisted(() => {
  globalThis.fetch = (...args) => (globalThis as unknown as { answer: typeof fetch }).answer(...args);
});
vi.stubGlobal("answer", async (input: Request) => {
  const path = new URL(input.url).pathname;
  asked.push({ method: input.method, path, body: await input.clone().text() });
  return answers[`${input.method} ${path}`]?.() ?? json({ title: "Not found" }, 404);
});

beforeEach(() => {
  sent.length = asked.length = 0;
  localStorage.clear();
  answers = { "POST /api/uploads": () => json({ upload: "abc" }, 201), "POST /api/imports": () => json({ id: "job1" }, 202) };
});

const plan = { dataset: "clinic", files: [{ path: "a", file: new File(["x"], "a") }], options: { layout: null }, continues: null };
const imports = () => asked.filter(({ path }) => path === "/api/imports");

it("opens one upload, sends, and starts one import however often it hears that all is sent", async () => {
  const upload = new ImportUpload(plan, () => {});
  await upload.begin();
  await vi.waitFor(() => expect(upload.snapshot().job).toBe("job1"));
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(imports()).toHaveLength(1);
  expect(JSON.parse(imports()[0]?.body ?? "")).toMatchObject({ dataset: "clinic", upload: "abc", layout: null, keep_names: false, keep_identifiers: false });
  expect(sent).toEqual(["a"]);
  expect(remembered()).toEqual([]);
  expect(upload.underway).toBe(false);
});

it("keeps what was sent when the import cannot be started, and starts it when asked again", async () => {
  answers["POST /api/imports"] = () => json({ title: "No", detail: "not now" }, 503);
  const upload = new ImportUpload(plan, () => {});
  await upload.begin();
  await vi.waitFor(() => expect(upload.snapshot().error).not.toBeNull());
  expect(remembered().map((one) => one.upload)).toEqual(["abc"]);
  answers["POST /api/imports"] = () => json({ id: "job2" }, 202);
  upload.again();
  await vi.waitFor(() => expect(upload.snapshot().job).toBe("job2"));
  expect(sent).toEqual(["a"]);
});

it("says why an upload cannot be opened, and opens it when asked again", async () => {
  answers["POST /api/uploads"] = () => json({ title: "No", detail: "not now" }, 500);
  const upload = new ImportUpload(plan, () => {});
  await upload.begin();
  expect(upload.snapshot().error).not.toBeNull();
  answers["POST /api/uploads"] = () => json({ upload: "abc" }, 201);
  upload.again();
  await vi.waitFor(() => expect(upload.snapshot().job).toBe("job1"));
});
