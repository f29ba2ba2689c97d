import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type BenchmarkRequest, unwrap } from "@/api";

export function benchmarkQuery(id: string) {
  return queryOptions({
    queryKey: ["benchmark", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/benchmarks/{job}", { params: { path: { job: id } }, signal })),
  });
}

/** What a benchmark would do. */
export function benchmarkCheckQuery(request: BenchmarkRequest | null) {
  return queryOptions({
    queryKey: ["benchmark-check", request],
    queryFn: ({ signal }) => {
      if (request === null) throw new Error("Nothing is chosen to be checked.");
      return unwrap(api.POST("/api/benchmarks/check", { body: request, signal }));
    },
    enabled: request !== null,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
}
