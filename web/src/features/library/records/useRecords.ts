/** Records and their thumbnails, fetched in blocks as they come into sight. */
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { api, unwrap, type Item, type Thumbnail } from "@/api";
import type { RecordQuery } from "./filter";

const BLOCK = 200;
const THUMBNAILS = 50;

/** The blocks of `size` rows that rows `first` to `last` lie in. */
export function blocksOf(first: number, last: number, size: number): number[] {
  const from = Math.floor(Math.max(0, first) / size);
  const to = Math.floor(Math.max(first, last) / size);
  return Array.from({ length: to - from + 1 }, (_, step) => from + step);
}

export function useRecords(dataset: string, query: RecordQuery) {
  const [range, setRange] = useState({ first: 0, last: 0 });
  const onRange = useCallback((first: number, last: number) => setRange({ first, last }), []);
  const page = (block: number, signal: AbortSignal) =>
    unwrap(
      api.GET("/api/datasets/{dataset}/records", {
        params: { path: { dataset }, query: { ...query, offset: block * BLOCK, limit: BLOCK } },
        signal,
      }),
    );
  const head = useQuery({
    queryKey: ["records", dataset, query, 0],
    queryFn: ({ signal }) => page(0, signal),
    placeholderData: keepPreviousData,
  });
  const total = head.data?.total ?? 0;
  const blocks = blocksOf(range.first, Math.min(range.last, total - 1), BLOCK).filter((block) => block > 0);
  const others = useQueries({
    queries: blocks.map((block) => ({
      queryKey: ["records", dataset, query, block],
      queryFn: ({ signal }: { signal: AbortSignal }) => page(block, signal),
    })),
    combine: (results) => results.map((result) => result.data?.rows),
  });
  const rows = useMemo(() => {
    const all = new Array<Item | undefined>(total).fill(undefined);
    const put = (block: number, some: readonly Item[] | undefined) =>
      some?.forEach((item, index) => {
        if (block * BLOCK + index < total) all[block * BLOCK + index] = item;
      });
    put(0, head.data?.rows);
    others.forEach((some, index) => put(blocks[index] ?? 0, some));
    return all;
    // `blocks` is made anew each time; its content is in `others`' order.
  }, [total, head.data, others, blocks.join()]);
  return { head, total, rows, range, onRange };
}

/** Thumbnails of the rows in sight, by record. */
export function useThumbnails(rows: readonly (Item | undefined)[], range: { first: number; last: number }): ReadonlyMap<number, Thumbnail> {
  const blocks = blocksOf(range.first, Math.min(range.last, rows.length - 1), THUMBNAILS)
    .map((block) => rows.slice(block * THUMBNAILS, (block + 1) * THUMBNAILS).flatMap((item) => (item ? [item.id] : [])))
    .filter((ids) => ids.length > 0);
  return useQueries({
    queries: blocks.map((items) => ({
      queryKey: ["thumbnails", items],
      staleTime: Infinity,
      queryFn: ({ signal }: { signal: AbortSignal }) => unwrap(api.GET("/api/thumbnails", { params: { query: { items } }, signal })),
    })),
    combine: (results) => new Map(results.flatMap((result) => result.data ?? []).map((one) => [one.item, one])),
  });
}
