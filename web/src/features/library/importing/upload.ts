/** Files on their way to the server: in batches, in order, each with its path. */
import { address, api, sendForm, unwrap } from "@/api";
import type { DroppedFile } from "./dropped";

// Small enough that progress moves and a retry is cheap, large enough that a thousand files are few requests.
const BATCH_FILES = 100;
const BATCH_BYTES = 24_000_000;

/** Divide files into batches of at most 100 files or about 24 MB; a larger file goes alone. */
export function batches<T extends { file: { size: number } }>(
  files: readonly T[],
  { most = BATCH_FILES, bytes = BATCH_BYTES }: { most?: number; bytes?: number } = {},
): T[][] {
  const all: T[][] = [];
  let batch: T[] = [];
  let size = 0;
  for (const item of files) {
    if (batch.length > 0 && (batch.length >= most || size + item.file.size > bytes)) {
      all.push(batch);
      batch = [];
      size = 0;
    }
    batch.push(item);
    size += item.file.size;
  }
  if (batch.length > 0) all.push(batch);
  return all;
}

interface UploadOptions {
  files: readonly DroppedFile[];
  onProgress?: (filesDone: number, bytesDone: number) => void;
  signal?: AbortSignal;
}

/** Send files; answers the upload's id, which an import or a prediction then names. */
export async function uploadFiles({ files, onProgress, signal }: UploadOptions): Promise<string> {
  const opened: Record<string, string> = await unwrap(api.POST("/api/uploads", { signal }));
  const id = opened["upload"] ?? "";
  let done = 0;
  let bytes = 0;
  for (const batch of batches(files)) {
    const form = new FormData();
    for (const { path, file } of batch) form.append("files", file, path);
    await sendForm("POST", address("uploads", id, "files"), form, signal);
    done += batch.length;
    bytes += batch.reduce((sum, { file }) => sum + file.size, 0);
    onProgress?.(done, bytes);
  }
  return id;
}
