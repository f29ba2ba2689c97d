/** Ctrl K: pages, datasets, models and the ECGs of the current dataset. */
import { Modal, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconBox, IconDatabase, IconHeartRateMonitor, IconSearch, type Icon } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type KeyboardEvent } from "react";
import { api, unwrap } from "@/api";
import { useCurrentDataset, useDatasets } from "@/features/library/current";
import { fmt } from "@/ui";
import { MEASURE, PAGES, SETTINGS } from "./pages";
import css from "./Shell.module.css";

interface Hit {
  id: string;
  group: string;
  name: string;
  note: string;
  icon: Icon;
  go: () => void;
}

export function SearchBox({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [settled] = useDebouncedValue(text.trim(), 150);
  const [at, setAt] = useState(0);
  const navigate = useNavigate();
  const current = useCurrentDataset();
  const datasets = useDatasets().data ?? [];
  const models = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => unwrap(api.GET("/api/models", { signal })) }).data ?? [];
  const records = useQuery({
    queryKey: ["records", current.name, { search: settled, limit: 8 }],
    enabled: settled !== "" && current.name !== null,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/datasets/{dataset}/records", {
          params: { path: { dataset: current.name ?? "" }, query: { search: settled, limit: 8 } },
          signal,
        }),
      ),
  });

  const wanted = text.trim().toLowerCase();
  const fits = (...words: string[]) => words.some((word) => word.toLowerCase().includes(wanted));
  const hits: Hit[] = [
    ...[...PAGES, MEASURE, SETTINGS]
      .filter((page) => fits(page.word, page.what))
      .map((page) => ({
        id: `page ${page.to}`, group: "Pages", name: page.word, note: page.what, icon: page.icon,
        go: () => void navigate({ to: page.to }),
      })), // prettier-ignore
    ...datasets
      .filter((dataset) => fits(dataset.name))
      .slice(0, 8)
      .map((dataset) => ({
        id: `dataset ${dataset.name}`, group: "Datasets", name: dataset.name, note: fmt.plural(dataset.n_records, "ECG"), icon: IconDatabase,
        go: () => {
          current.choose(dataset.name);
          void navigate({ to: "/library/$dataset", params: { dataset: dataset.name } });
        },
      })), // prettier-ignore
    ...models
      .filter((model) => fits(model.name, model.task))
      .slice(0, 8)
      .map((model) => ({
        id: `model ${model.name}`, group: "Models", name: model.name, note: model.task, icon: IconBox,
        go: () => void navigate({ to: "/models", search: { model: model.name } }),
      })), // prettier-ignore
    ...(wanted === "" ? [] : (records.data?.rows ?? [])).map((item) => ({
      id: `record ${item.id}`, group: `ECGs in ${item.dataset}`, name: item.file_name, note: item.subject ?? "", icon: IconHeartRateMonitor,
      go: () => void navigate({ to: "/viewer/$item", params: { item: String(item.id) } }),
    })), // prettier-ignore
  ];
  const chosen = Math.min(at, Math.max(0, hits.length - 1));

  const press = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((chosen + step + hits.length) % Math.max(1, hits.length));
    } else if (event.key === "Enter") {
      hits[chosen]?.go();
      onClose();
    }
  };

  return (
    <Modal opened onClose={onClose} withCloseButton={false} centered={false} yOffset={80} size={560} padding="sm" attributes={{ content: { "aria-label": "Search" } }}>
      <TextInput
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
        placeholder="A page, dataset, model or ECG"
        leftSection={<IconSearch size={16} aria-hidden />}
        aria-label="Search"
        role="combobox"
        aria-expanded
        aria-controls="search-results"
        aria-activedescendant={hits[chosen] ? `hit-${chosen}` : undefined}
        data-autofocus
        data-testid="search-input"
      />
      <ul id="search-results" role="listbox" className={css["results"]} aria-label="Results">
        {hits.map((hit, index) => (
          <li key={hit.id} role="presentation">
            {hits[index - 1]?.group !== hit.group && <div className={css["group"]}>{hit.group}</div>}
            <div
              id={`hit-${index}`}
              role="option"
              aria-selected={index === chosen}
              className={css["result"]}
              onMouseMove={() => setAt(index)}
              onClick={() => {
                hit.go();
                onClose();
              }}
            >
              <hit.icon size={16} aria-hidden />
              <span className={css["resultName"]}>{hit.name}</span>
              <span className={css["resultNote"]}>{hit.note}</span>
            </div>
          </li>
        ))}
        {hits.length === 0 && (
          <li className={css["group"]}>
            Nothing has “{text}” in its name{current.name ? `; ECGs are searched in ${current.name}` : ""}.
          </li>
        )}
      </ul>
    </Modal>
  );
}
