/** What the server says about the beats of an ECG. */
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { address, api, fetchBytes, unwrap, type MeasuredRecord } from "@/api";

export const delineatorsQuery = queryOptions({
  queryKey: ["delineators"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/delineators", { signal })),
  staleTime: Infinity,
});

export function beatsQuery(item: number, method: string) {
  return queryOptions({
    queryKey: ["beats", item, method],
    queryFn: ({ signal }) => unwrap(api.GET("/api/records/{item}/beats", { params: { path: { item }, query: { method } }, signal })),
    // They change only by corrections, which put the new ones here.
    staleTime: Infinity,
    retry: false,
  });
}

/** Beats that a correction has changed; what is drawn from them is asked for anew. */
export function keepBeats(client: QueryClient, measured: MeasuredRecord): void {
  client.setQueryData(beatsQuery(measured.item, measured.method).queryKey, measured);
  void client.invalidateQueries({ predicate: ({ queryKey: [kind, item, method] }) => item === measured.item && (kind === "beats-view" || (kind === "beats" && method !== measured.method)) });
}

/** Samples beside their description: one cannot be read without the other. */
export interface Sampled<T> {
  readonly view: T;
  readonly samples: ArrayBuffer;
}

const samplesOf = (item: number, name: string, query: Record<string, string>, signal: AbortSignal) =>
  fetchBytes(`${address("records", item, "beats", name)}?${new URLSearchParams(query).toString()}`, signal);

const shared = { staleTime: 60_000, retry: false } as const;

export function overlayQuery(item: number, method: string, lead: string) {
  return queryOptions({
    ...shared,
    queryKey: ["beats-view", item, "overlay", method, lead],
    queryFn: async ({ signal }) => {
      const query = { method, lead };
      const view = await unwrap(api.GET("/api/records/{item}/beats/overlay", { params: { path: { item }, query }, signal }));
      return { view, samples: await samplesOf(item, "overlay.f32", query, signal) };
    },
  });
}

export type MedianSource = "own" | "rlign";

export function medianQuery(item: number, method: string, source: MedianSource) {
  return queryOptions({
    ...shared,
    queryKey: ["beats-view", item, "median", method, source],
    queryFn: async ({ signal }) => {
      const query = { method, source };
      const view = await unwrap(api.GET("/api/records/{item}/beats/median", { params: { path: { item }, query }, signal }));
      return { view, samples: await samplesOf(item, "median.f32", query, signal) };
    },
  });
}

export function alignedQuery(item: number, method: string) {
  return queryOptions({
    ...shared,
    queryKey: ["beats-view", item, "aligned", method],
    queryFn: async ({ signal }) => {
      const query = { method };
      const view = await unwrap(api.GET("/api/records/{item}/beats/aligned", { params: { path: { item }, query }, signal }));
      return { view, samples: await samplesOf(item, "aligned.f32", query, signal) };
    },
  });
}

export type Export = "measurements" | "fiducials" | "qrs-overlay" | "median-beat" | "median-fiducials" | "rlign-median" | "rlign-aligned";
export type FileFormat = "csv" | "json" | "npz" | "parquet";

/** Address of a file with one export of one ECG. */
export function exportAddress(item: number, what: Export, format: FileFormat, query: Record<string, string>): string {
  return `${address("records", item, "beats", "export", `${what}.${format}`)}?${new URLSearchParams(query).toString()}`;
}

/** Rows of little-endian float32 samples. */
export function rowsOf(samples: ArrayBuffer, perRow: number): Float32Array[] {
  const view = new DataView(samples);
  return Array.from({ length: Math.floor(samples.byteLength / 4 / Math.max(1, perRow)) }, (_, row) =>
    Float32Array.from({ length: perRow }, (_unused, i) => view.getFloat32((row * perRow + i) * 4, true)),
  );
}
