/** The dataset that the top bar names and new pages start from; remembered between visits. */
import { useLocalStorage } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, unwrap } from "@/api";

export function useDatasets() {
  return useQuery({ queryKey: ["datasets"], queryFn: ({ signal }) => unwrap(api.GET("/api/datasets", { signal })) });
}

export interface CurrentDataset {
  /** Null while the list is unknown or empty. */
  name: string | null;
  choose: (name: string) => void;
}

/** The chosen dataset if it still exists, otherwise the first. */
export function useCurrentDataset(): CurrentDataset {
  const [stored, choose] = useLocalStorage<string>({ key: "einthoven-dataset", defaultValue: "", getInitialValueInEffect: false });
  const datasets = useDatasets().data;
  const known = datasets?.some((dataset) => dataset.name === stored) ? stored : (datasets?.[0]?.name ?? null);
  return { name: known, choose };
}

/** Makes the dataset of what was just opened the current one; null while that is not known. */
export function useOpenedDataset(dataset: string | null): void {
  const { choose } = useCurrentDataset();
  useEffect(() => {
    if (dataset !== null) choose(dataset);
    // Once for each that is opened: it must not take back what is chosen in the bar (or in another tab) afterwards.
  }, [dataset]);
}
