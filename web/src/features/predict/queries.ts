import { queryOptions } from "@tanstack/react-query";
import { address, sendForm, type SinglePrediction } from "@/api";

/** What a model says about one ECG of the library; neither changes, so it is asked once. */
export function singlePredictionQuery(item: number, model: string) {
  return queryOptions({
    queryKey: ["single-prediction", item, model],
    queryFn: ({ signal }) => {
      const form = new FormData();
      form.set("model", model);
      return sendForm<SinglePrediction>("POST", address("records", item, "predict"), form, signal);
    },
    staleTime: Infinity,
  });
}
