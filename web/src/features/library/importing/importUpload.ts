/** One import while its files are on their way: opens (or goes on with) an upload, sends, then starts the job that reads. */
import { api, ApiProblem, unwrap, type Job } from "@/api";
import type { DroppedFile } from "./dropped";
import type { ImportOptions } from "./options";
import { Sender, type Progress, type Transport } from "./sender";
import { tusTransport } from "./tus";
import { forget, giveUp, holdUpload, partsHere, remember, type Unfinished } from "./unfinished";

export interface UploadPlan {
  dataset: string;
  files: readonly DroppedFile[];
  options: ImportOptions;
  /** An earlier upload of these files, to go on with. */
  continues: Unfinished | null;
}

export interface Standing {
  progress: Progress;
  /** The import that reads the files, once they are all there. */
  job: string | null;
  /** Why the upload could not be opened or the import not be started. */
  error: unknown;
}

export class ImportUpload {
  readonly plan: UploadPlan;
  private readonly onJob: (job: Job) => void;
  private readonly listeners = new Set<() => void>();
  private readonly sender: Sender;
  private transport: Transport | null = null;
  private upload: string | null = null;
  private release = () => {};
  private complete = false;
  private importing = false;
  private shown: Standing;

  constructor(plan: UploadPlan, onJob: (job: Job) => void) {
    this.plan = plan;
    this.onJob = onJob;
    // The address is known only once the upload is open, and the sender begins after that.
    this.sender = new Sender({ send: (...args) => this.transport?.send(...args) ?? Promise.reject(new Error("not open")) });
    this.shown = { progress: this.sender.snapshot(), job: null, error: null };
    this.sender.subscribe(() => {
      this.show({ progress: this.sender.snapshot() });
      const { phase, unsent } = this.sender.snapshot();
      if (phase !== "done") this.complete = false;
      else if (unsent.length === 0 && !this.complete) {
        // The sender may say more than once that it is done; the import is started once.
        this.complete = true;
        void this.startImport();
      }
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): Standing => this.shown;

  /** True while leaving the page would stop it. */
  get underway(): boolean {
    const { job, progress } = this.shown;
    return job === null && progress.phase !== "stopped";
  }

  async begin(): Promise<void> {
    this.show({ error: null });
    try {
      const { continues } = this.plan;
      // What the server has may be more than when the page looked.
      const state =
        continues === null
          ? null
          : await unwrap(api.GET("/api/uploads/{upload}", { params: { path: { upload: continues.upload } } }));
      this.upload = state?.upload ?? (await unwrap(api.POST("/api/uploads")))["upload"] ?? "";
      this.release = holdUpload(this.upload);
      this.transport = tusTransport(this.upload);
      this.keep();
      this.sender.start(this.plan.files, state === null ? undefined : partsHere(state));
    } catch (error) {
      this.show({ error });
    }
  }

  pause = (): void => this.sender.pause();

  resume = (): void => this.sender.resume();

  retryUnsent = (): void => this.sender.retryUnsent();

  /** Begin again where it failed: at the opening, in the middle, or at the start of the import. */
  again = (): void => {
    const { phase } = this.sender.snapshot();
    if (phase === "ready") void this.begin();
    else if (phase === "done") void this.startImport();
    else this.sender.resume();
  };

  /** Stop for good; what had arrived is forgotten by the server. */
  cancel = async (): Promise<void> => {
    this.sender.stop();
    this.release();
    if (this.upload !== null) await giveUp(this.upload).catch((error: unknown) => this.show({ error }));
  };

  /** Import what arrived, without the files that could not be sent. */
  startImport = async (): Promise<void> => {
    if (this.importing || this.upload === null || this.shown.job !== null) return;
    this.importing = true;
    this.show({ error: null });
    try {
      await this.withdrawUnsent();
      const { dataset, options } = this.plan;
      const job = await unwrap(api.POST("/api/imports", { body: { keep_names: false, keep_identifiers: false, ...options, dataset, upload: this.upload, paths: [], refused: [] } }));
      forget(this.upload);
      this.release();
      this.show({ job: job.id });
      this.onJob(job);
    } catch (error) {
      this.show({ error });
    } finally {
      this.importing = false;
    }
  };

  /** Parts of files that could not be sent would keep the whole from being read. */
  private async withdrawUnsent(): Promise<void> {
    const unsent = new Set(this.sender.snapshot().unsent.map(({ path }) => path));
    if (unsent.size === 0 || this.upload === null) return;
    const state = await unwrap(api.GET("/api/uploads/{upload}", { params: { path: { upload: this.upload } } }));
    for (const { id, name } of state.files) {
      if (!unsent.has(name)) continue;
      const headers = { "Tus-Resumable": "1.0.0" };
      const address = `/api/uploads/${encodeURIComponent(this.upload)}/tus/${id}`;
      const response = await fetch(address, { method: "DELETE", headers });
      if (!response.ok && response.status !== 404)
        throw new ApiProblem({ kind: "HttpError", title: "A part could not be taken out", detail: name, advice: "Try again.", status: response.status, missing: [] });
    }
  }

  private keep(): void {
    if (this.upload === null) return;
    const { dataset, files, options } = this.plan;
    const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
    remember({ upload: this.upload, dataset, files: files.length, bytes, options, begun: new Date().toISOString() });
  }

  private show(part: Partial<Standing>): void {
    this.shown = { ...this.shown, ...part };
    for (const listener of this.listeners) listener();
  }
}
