import { ActionIcon, Kbd, Select, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconDatabase, IconKeyboard, IconMoon, IconSearch, IconSun } from "@tabler/icons-react";
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { JobsIndicator } from "@/features/jobs";
import { useCurrentDataset, useDatasets } from "@/features/library/current";
import { fmt, ResearchNotice, useShowKeys } from "@/ui";
import { SearchBox } from "./SearchBox";
import css from "./Shell.module.css";

function Brand() {
  return (
    <Link to="/library" className={css["brand"]} aria-label="Einthoven, to the library">
      <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden>
        <rect width="32" height="32" rx="7" fill="#3f4bb0" />
        <path d="M3 18h6l2-3 2 3h2l2-12 3 20 2-8h7" fill="none" stroke="#fff" strokeWidth="2" strokeLinejoin="round" strokeLinecap="round" />
      </svg>
      <span className={css["word"]}>Einthoven</span>
    </Link>
  );
}

function DatasetSwitch() {
  const datasets = useDatasets().data ?? [];
  const { name, choose } = useCurrentDataset();
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  if (datasets.length === 0) return null;
  return (
    <Select
      className={css["dataset"]}
      size="xs"
      aria-label="Dataset"
      data-testid="dataset-switch"
      leftSection={<IconDatabase size={16} aria-hidden />}
      data={datasets.map((dataset) => ({ value: dataset.name, label: dataset.name }))}
      renderOption={({ option }) => (
        <span>
          {option.label}
          <span className="ein-quiet">
            {" "}
            {fmt.plural(datasets.find((dataset) => dataset.name === option.value)?.n_records ?? 0, "ECG")}
          </span>
        </span>
      )}
      value={name}
      title={name ?? undefined}
      allowDeselect={false}
      searchable={datasets.length > 8}
      onChange={(chosen) => {
        if (chosen === null) return;
        choose(chosen);
        if (path.startsWith("/library")) void navigate({ to: "/library/$dataset", params: { dataset: chosen } });
        // The ECG on show is of another dataset now: the viewer goes to the first of this one.
        if (path.startsWith("/viewer")) void navigate({ to: "/viewer" });
      }}
    />
  );
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <Tooltip label={`Change to ${other} colours`}>
      <ActionIcon aria-label={`Change to ${other} colours`} onClick={() => setColorScheme(other)} data-testid="scheme-switch">
        {scheme === "dark" ? <IconSun size={18} /> : <IconMoon size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}

export function TopBar() {
  const [searching, setSearching] = useState(false);
  const showKeys = useShowKeys();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setSearching(true);
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
  return (
    <header className={css["bar"]}>
      <Brand />
      <DatasetSwitch />
      <button type="button" className={css["search"]} onClick={() => setSearching(true)} data-testid="search-open">
        <IconSearch size={16} aria-hidden />
        <span className={css["searchWord"]}>Search</span>
        <Kbd size="xs">Ctrl K</Kbd>
      </button>
      <div className={css["right"]}>
        <JobsIndicator />
        <span className={css["noticeSlot"]}>
          <ResearchNotice compact />
        </span>
        <Tooltip label="Keys of this page (?)">
          <ActionIcon aria-label="Keys of this page" onClick={showKeys}>
            <IconKeyboard size={18} />
          </ActionIcon>
        </Tooltip>
        <SchemeSwitch />
      </div>
      {searching && <SearchBox onClose={() => setSearching(false)} />}
    </header>
  );
}
