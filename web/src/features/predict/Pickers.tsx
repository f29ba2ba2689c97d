import { Select } from "@mantine/core";
import type { Dataset, ModelView } from "@/api";
import { fmt } from "@/ui";
import { inGroups } from "@/features/models/tested";

interface ModelSelectProps {
  readonly models: readonly ModelView[];
  readonly value: string | null;
  readonly onChange: (name: string | null) => void;
}

export function ModelSelect({ models, value, onChange }: ModelSelectProps) {
  const chosen = models.find((model) => model.name === value);
  return (
    <Select
      label="Model"
      placeholder="Choose a model"
      data={inGroups(models, (model) => ({
        value: model.name,
        label: model.untrained === "" ? named(model.name, model.simulated) : `${model.name} (untrained: its answers mean nothing)`,
      }))}
      value={chosen?.name ?? null}
      title={chosen?.name}
      onChange={onChange}
      allowDeselect={false}
      searchable={models.length > 8}
      description={chosen === undefined ? undefined : describe(chosen)}
      inputWrapperOrder={["label", "input", "description", "error"]}
      data-testid="model-select"
    />
  );
}

/** A name that says "simulated" where the thing is, once. */
function named(name: string, simulated: boolean): string {
  return simulated && !/simulated/i.test(name) ? `${name} (simulated)` : name;
}

function describe(model: ModelView): string {
  const asks = model.kind === "regression" ? `${model.task}${model.unit === "" ? "" : ` in ${model.unit}`}` : model.classes.join(", ");
  const source = model.trained_on ?? model.data;
  const from = source === "" ? "" : `; learned from ${source}`;
  return `${asks}${from}`;
}

interface DatasetSelectProps {
  readonly label?: string;
  readonly datasets: readonly Dataset[];
  readonly value: string | null;
  readonly onChange: (name: string | null) => void;
}

export function DatasetSelect({ label = "Dataset", datasets, value, onChange }: DatasetSelectProps) {
  const chosen = datasets.find((dataset) => dataset.name === value);
  return (
    <Select
      label={label}
      placeholder="Choose a dataset"
      data={datasets
        .filter((dataset) => dataset.n_records > 0)
        .map((dataset) => ({ value: dataset.name, label: named(dataset.name, dataset.n_simulated > 0) }))}
      value={chosen?.name ?? null}
      title={chosen?.name}
      onChange={onChange}
      allowDeselect={false}
      searchable={datasets.length > 8}
      description={chosen === undefined ? undefined : fmt.plural(chosen.n_records, "ECG")}
      inputWrapperOrder={["label", "input", "description", "error"]}
      data-testid="dataset-select"
    />
  );
}
