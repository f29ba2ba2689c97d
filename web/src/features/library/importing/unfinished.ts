/** Uploads that were begun and not yet handed over, kept in this browser so that they can be gone on with after a reload. */
import { api, unwrap, type UploadState } from "@/api";
import type { DroppedFile } from "./dropped";
import type { ImportOptions } from "./options";
import type { Part } from "./sender";

export interface Remembered {
  upload: string;
  dataset: string;
  /** How many files were to be sent, and their bytes. */
  files: number;
  bytes: number;
  options: ImportOptions;
  begun: string;
}

export interface Unfinished extends Remembered {
  state: UploadState;
}

const KEY = "einthoven-uploads";

function isRemembered(value: unknown): value is Remembered {
  const one = value as Partial<Record<keyof Remembered, unknown>> | null;
  return (
    typeof one === "object" && one !== null && typeof one.upload === "string" && typeof one.dataset === "string" &&
    typeof one.files === "number" && typeof one.bytes === "number" && typeof one.begun === "string" && typeof one.options === "object" && one.options !== null
  ); // prettier-ignore
}

export function remembered(storage: Storage = localStorage): Remembered[] {
  try {
    const stored: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isRemembered) : [];
  } catch {
    return [];
  }
}

export function remember(one: Remembered, storage: Storage = localStorage): void {
  storage.setItem(KEY, JSON.stringify([...remembered(storage).filter(({ upload }) => upload !== one.upload), one]));
}

export function forget(upload: string, storage: Storage = localStorage): void {
  storage.setItem(KEY, JSON.stringify(remembered(storage).filter((one) => one.upload !== upload)));
}

/** What this browser began and no tab is sending, with how far the server has it. Those it has forgotten are forgotten here too. */
export async function findUnfinished(signal?: AbortSignal): Promise<Unfinished[]> {
  const found: Unfinished[] = [];
  const busy = await locksHeld();
  for (const one of remembered()) {
    if (busy.has(lockName(one.upload))) continue;
    const { data, response } = await api.GET("/api/uploads/{upload}", { params: { path: { upload: one.upload } }, signal });
    if (data !== undefined) found.push({ ...one, state: data });
    else if (response.status === 404) forget(one.upload);
  }
  return found;
}

export async function giveUp(upload: string): Promise<void> {
  await unwrap(api.DELETE("/api/uploads/{upload}", { params: { path: { upload } } })).catch((error: unknown) => {
    if ((error as { status?: number }).status !== 404) throw error;
  });
  forget(upload);
}

/** How much of each file the server has: the same file is one of equal path, size and time of change. */
export function partsHere(state: UploadState): (file: DroppedFile) => Part | "whole" | null {
  const known = new Map(state.files.map((file) => [file.name, file]));
  return ({ path, file }) => {
    const one = known.get(path);
    if (one === undefined || one.size !== file.size || one.modified !== file.lastModified) return null;
    if (one.offset === one.size) return "whole";
    return { location: `/api/uploads/${encodeURIComponent(state.upload)}/tus/${one.id}`, offset: one.offset };
  };
}

/** The unfinished upload that these files go on with: one that holds at least one of them. */
export function continued(files: readonly DroppedFile[], all: readonly Unfinished[]): Unfinished | null {
  return all.find((one) => files.some((file) => partsHere(one.state)(file) !== null)) ?? null;
}

export const wholeFiles = (state: UploadState): number => state.files.filter((file) => file.offset === file.size).length;

function lockName(upload: string): string {
  return `einthoven-upload-${upload}`;
}

async function locksHeld(): Promise<Set<string>> {
  const held = (await navigator.locks?.query())?.held ?? [];
  return new Set(held.flatMap(({ name }) => (name === undefined ? [] : [name])));
}

/** While this tab sends, other tabs do not call the upload interrupted. Answers what ends it. */
export function holdUpload(upload: string): () => void {
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  void navigator.locks?.request(lockName(upload), () => until);
  return release;
}
