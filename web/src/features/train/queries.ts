import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type TrainRequest, unwrap } from "@/api";

export const datasetsQuery = queryOptions({
  queryKey: ["datasets"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/datasets", { signal })),
});

export function datasetQuery(name: string) {
  return queryOptions({
    queryKey: ["dataset", name],
    queryFn: ({ signal }) => unwrap(api.GET("/api/datasets/{dataset}", { params: { path: { dataset: name } }, signal })),
    enabled: name !== "",
  });
}

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/models", { signal })),
});

export const architecturesQuery = queryOptions({
  queryKey: ["architectures"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/architectures", { signal })),
  staleTime: Infinity,
});

export const trainOptionsQuery = queryOptions({
  queryKey: ["train-options"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/train-options", { signal })),
  staleTime: Infinity,
});

export const aboutQuery = queryOptions({
  queryKey: ["about"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/about", { signal })),
});

export const runsQuery = queryOptions({
  queryKey: ["runs"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/runs", { signal })),
});

/** What a training would do. The name plays no part in it, so typing one does not ask again. */
export function checkQuery(request: TrainRequest | null) {
  const asked = request === null ? null : { ...request, name: null };
  return queryOptions({
    queryKey: ["train-check", asked],
    queryFn: ({ signal }) => {
      if (asked === null) throw new Error("Nothing is chosen to be checked.");
      return unwrap(api.POST("/api/train/check", { body: asked, signal }));
    },
    enabled: asked !== null,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
}
