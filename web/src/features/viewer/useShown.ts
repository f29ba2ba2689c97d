/** One record with its samples, and its neighbours fetched ahead so that an arrow key shows them at once. */
import { type QueryClient, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { type RecordDetail, address, api, fetchBytes, unwrap } from "@/api";
import { type PlotSignal, readSignal } from "@/plot";
import { type Filter, type FilterId, filterOf } from "./settings";

/** What belongs together on the page: a trace never stands under the name or the filter of another. */
export interface Shown {
  readonly record: RecordDetail;
  readonly signal: PlotSignal;
  readonly filter: Filter;
  /** Why the chosen filter could not be applied, so that the trace is shown as recorded; null where it was. */
  readonly refusedFilter: Error | null;
}

const KEEP_MS = 10 * 60_000;

export function recordQuery(item: number) {
  return queryOptions({
    queryKey: ["record", item],
    // openapi-fetch widens the pair `source.band` to number[].
    queryFn: ({ signal }) => unwrap(api.GET("/api/records/{item}", { params: { path: { item } }, signal })) as Promise<RecordDetail>,
  });
}

export function signalQuery(item: number, filter: FilterId) {
  const { band } = filterOf(filter);
  const query = band === null ? "" : `?low=${band[0]}&high=${band[1]}`;
  return queryOptions({
    queryKey: ["signal", item, filter],
    queryFn: ({ signal }) => fetchBytes(address("records", item, "signal") + query, signal),
    // The samples of a record never change.
    staleTime: Infinity,
    gcTime: KEEP_MS,
  });
}

function prefetch(client: QueryClient, item: number | null | undefined, filter: FilterId): void {
  if (item === null || item === undefined) return;
  void client.prefetchQuery({ ...recordQuery(item), staleTime: 60_000 });
  void client.prefetchQuery(signalQuery(item, filter));
}

export interface ShownState {
  /** The newest that is complete; while another one loads, the one before. */
  readonly shown: Shown | null;
  readonly loading: boolean;
  readonly error: unknown;
  readonly retry: () => void;
}

export function useShown(item: number, filter: FilterId): ShownState {
  const client = useQueryClient();
  const record = useQuery(recordQuery(item));
  const filtered = useQuery(signalQuery(item, filter));
  // A filter may not fit a record (rate, gaps): then it is shown as recorded, and the page says so.
  const refusedFilter = filter !== "recorded" ? filtered.error : null;
  const plain = useQuery({ ...signalQuery(item, "recorded"), enabled: refusedFilter !== null });
  const bytes = refusedFilter === null ? filtered : plain;
  const now = useMemo<Shown | null>(() => {
    if (record.data === undefined || bytes.data === undefined) return null;
    const { leads, rate, amplitude } = record.data;
    return { record: record.data, signal: readSignal(bytes.data, leads, rate, amplitude), filter: filterOf(refusedFilter === null ? filter : "recorded"), refusedFilter };
  }, [record.data, bytes.data, filter, refusedFilter]);
  const [last, setLast] = useState<Shown | null>(null);
  if (now !== null && now !== last) setLast(now);

  const { previous, next } = record.data ?? {};
  useEffect(() => {
    if (now === null) return;
    prefetch(client, next, filter);
    prefetch(client, previous, filter);
  }, [client, now, next, previous, filter]);

  const error = now === null ? (record.error ?? bytes.error) : null;
  return {
    shown: now ?? (error === null ? last : null),
    loading: now === null && error === null,
    error,
    retry: () => {
      if (record.isError) void record.refetch();
      if (bytes.isError) void bytes.refetch();
    },
  };
}
