/** One file by tus 1.0.0: small ones in one request, larger ones created first so that a part can be gone on from. */
import { Upload, type DetailedError } from "tus-js-client";
import { ApiProblem, problemFrom, unreachable } from "@/api";
import { SendFailure, type Transport } from "./sender";

// A creation that breaks off begins anew, since its address is not known yet: only what is quickly sent again goes with it.
const WITH_CREATION = 4_000_000;

/** The way to one upload of the server. */
export function tusTransport(upload: string): Transport {
  const endpoint = `/api/uploads/${encodeURIComponent(upload)}/tus`;
  return {
    send: ({ path, file }, part, onBytes, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal.aborted) {
          reject(new DOMException("Stopped", "AbortError"));
          return;
        }
        const sending = new Upload(file, {
          endpoint,
          uploadUrl: part.location,
          uploadDataDuringCreation: file.size <= WITH_CREATION,
          metadata: { filename: path, modified: String(file.lastModified) },
          // The sender knows better than each of its files when to try again, and the server knows what is there.
          retryDelays: null,
          storeFingerprintForResuming: false,
          onUploadUrlAvailable: () => {
            part.location = sending.url;
          },
          onProgress: onBytes,
          onSuccess: () => resolve(),
          onError: (error) => void failureOf(error, file, part.location !== null).then(reject),
        });
        signal.addEventListener("abort", () => {
          void sending.abort();
          reject(new DOMException("Stopped", "AbortError"));
        });
        sending.start();
      }),
  };
}

const OF_ALL = new Set([401, 403, 404, 410, 507]);

async function failureOf(error: Error | DetailedError, file: File, begun: boolean): Promise<SendFailure> {
  const response = "originalResponse" in error ? error.originalResponse : null;
  const status = response?.getStatus() ?? 0;
  if (status === 0) {
    // A file that was moved or changed looks like a broken connection.
    try {
      await file.slice(0, 1).arrayBuffer();
    } catch {
      return new SendFailure("file", unreadable());
    }
    return new SendFailure("wait", unreachable());
  }
  const problem = problemFrom(status, parsed(response?.getBody() ?? ""));
  if (OF_ALL.has(status)) return new SendFailure("all", problem);
  // 409 on a part: other bytes of it have arrived since; the next try asks how many.
  if (status >= 500 || status === 423 || status === 429 || (status === 409 && begun)) return new SendFailure("wait", problem);
  return new SendFailure("file", problem);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function unreadable(): ApiProblem {
  return new ApiProblem({
    kind: "Unreadable", title: "The file cannot be read", status: 0, missing: [],
    detail: "The browser can no longer read this file: it was moved, changed or deleted, or may not be read.",
    advice: "Drop the files again.",
  }); // prettier-ignore
}
