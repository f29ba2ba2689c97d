import { Autocomplete, Button, Checkbox, SegmentedControl, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconFileImport } from "@tabler/icons-react";
import { useState } from "react";
import { fmt, Hint } from "@/ui";
import { useCurrentDataset, useDatasets } from "../current";
import { commonFolder, isPtbxl, ptbxlRates } from "./dropped";
import { hintsOf, mistakes, NO_HINTS } from "./hints";
import { HintsFields } from "./HintsFields";
import type { Prepared, Started } from "./ImportProvider";
import css from "./importing.module.css";

// Beyond this the browser becomes the slow part, and the command line reads the folder where it lies.
const MANY_FILES = 5000;

interface PrepareImportProps {
  prepared: Prepared;
  onStart: (one: Omit<Started, "key">) => void;
}

export function PrepareImport({ prepared, onStart }: PrepareImportProps) {
  const { files } = prepared;
  const datasets = useDatasets().data ?? [];
  const { choose } = useCurrentDataset();
  const ptbxl = isPtbxl(files);
  const rates = ptbxlRates(files);
  const [name, setName] = useState(prepared.dataset ?? commonFolder(files) ?? "");
  const [layout, setLayout] = useState(ptbxl);
  const [resolution, setResolution] = useState<100 | 500>(rates[0] ?? 100);
  const [draft, setDraft] = useState(NO_HINTS);
  const [hintsOpen, setHintsOpen] = useState(false);
  const dataset = name.trim();
  const exists = datasets.some((one) => one.name === dataset);
  const wrong = Object.keys(mistakes(draft)).length > 0;
  const size = files.reduce((sum, { file }) => sum + file.size, 0);

  const begin = () => {
    choose(dataset);
    onStart({
      title: fmt.plural(files.length, "file"),
      dataset,
      job: null,
      upload: { files, hints: hintsOf(draft), layout: layout ? "ptbxl" : null, resolution: layout && rates.length > 1 ? resolution : null },
    });
  };

  return (
    <form
      className={css["block"]}
      data-testid="import-prepare"
      onSubmit={(event) => {
        event.preventDefault();
        if (dataset !== "" && !wrong) begin();
      }}
    >
      <div>
        <strong>{fmt.plural(files.length, "file")}</strong>, {fmt.bytes(size)}. They stay on this machine.
      </div>
      <Autocomplete
        label="Into which dataset?"
        description={dataset === "" ? "Choose one, or type a name for a new one." : exists ? "Added to what is there; files it already holds are noticed." : "A new dataset of this name is made."}
        placeholder="for example: clinic 2026"
        data={datasets.map((one) => one.name)}
        value={name}
        onChange={setName}
        required
        data-autofocus
        data-testid="import-dataset"
      />
      {ptbxl && (
        <div className={css["note"]}>
          <Checkbox
            checked={layout}
            onChange={(event) => setLayout(event.currentTarget.checked)}
            label="This is a PTB-XL folder: take its labels, patients and folds"
            data-testid="import-ptbxl"
          />
          {layout && rates.length > 1 && (
            <div className={css["line"]}>
              Signals at
              <SegmentedControl
                size="xs"
                data={rates.map((rate) => ({ value: String(rate), label: `${rate} Hz` }))}
                value={String(resolution)}
                onChange={(value) => setResolution(value === "500" ? 500 : 100)}
              />
            </div>
          )}
        </div>
      )}
      {files.length > MANY_FILES && (
        <div className={css["note"]}>
          So many files are read faster from the command line, without copying them through the browser:
          <code className={css["code"]}>
            einthoven import FOLDER --dataset "{dataset || "NAME"}"{layout ? " --layout ptbxl" : ""}
          </code>
        </div>
      )}
      <div>
        <UnstyledButton className={css["fold"]} onClick={() => setHintsOpen(!hintsOpen)} aria-expanded={hintsOpen} data-testid="import-hints-toggle">
          {hintsOpen ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
          What the files do not say
          <Hint text="Only for files that do not state their unit, rate or leads, such as plain number tables. What a file states is always used." />
        </UnstyledButton>
        {hintsOpen && <HintsFields draft={draft} onChange={setDraft} />}
      </div>
      <Button type="submit" leftSection={<IconFileImport size={16} />} disabled={dataset === "" || wrong} data-testid="import-start">
        Import {fmt.plural(files.length, "file")}
      </Button>
    </form>
  );
}
