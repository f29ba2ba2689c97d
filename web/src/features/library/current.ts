/** The dataset that the top bar names and new pages start from; remembered between visits. */
import { useLocalStorage } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
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
