import { Autocomplete, Button, Checkbox, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconFileImport } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, unwrap } from "@/api";
import { EmptyState, fmt, Hint, StateTag } from "@/ui";
import { useCurrentDataset, useDatasets } from "../current";
import { useImporting } from "./context";
import { commonFolder, isPtbxl, ptbxlRates, type DroppedFile } from "./dropped";
import { hintsOf, mistakes, NO_HINTS } from "./hints";
import { HintsFields } from "./HintsFields";
import { Fold, Names } from "./Fold";
import type { Prepared } from "./ImportProvider";
import { LayoutChoice } from "./LayoutChoice";
import { NOTHING_KEPT, Privacy } from "./Privacy";
import type { UploadPlan } from "./importUpload";
import { continued, partsHere, type Unfinished } from "./unfinished";
import css from "./importing.module.css";

// Beyond this the browser becomes the slow part, and the command line reads the folder where it lies.
const MANY_FILES = 5000;

interface PrepareImportProps {
  prepared: Prepared;
  onSend: (plan: UploadPlan) => void;
}

export function PrepareImport({ prepared, onSend }: PrepareImportProps) {
  const { files } = prepared;
  const { unfinished } = useImporting();
  const earlier = useMemo(() => continued(files, unfinished), [files, unfinished]);
  const [goOn, setGoOn] = useState(true);
  const datasets = useDatasets().data ?? [];
  const { choose } = useCurrentDataset();
  const layouts = useQuery({ queryKey: ["layouts"], queryFn: ({ signal }) => unwrap(api.GET("/api/layouts", { signal })), staleTime: Infinity });
  const rates = ptbxlRates(files);
  const [name, setName] = useState(prepared.dataset ?? commonFolder(files) ?? "");
  const [layout, setLayout] = useState<string | null>(isPtbxl(files) ? "ptbxl" : null);
  const [resolution, setResolution] = useState<number | null>(rates[0] ?? null);
  const [privacy, setPrivacy] = useState(NOTHING_KEPT);
  const [draft, setDraft] = useState(NO_HINTS);
  const [hintsOpen, setHintsOpen] = useState(false);
  const dataset = name.trim();
  const exists = datasets.some((one) => one.name === dataset);
  const wrong = Object.keys(mistakes(draft)).length > 0;
  const size = files.reduce((sum, { file }) => sum + file.size, 0);

  const continues = goOn ? earlier : null;

  const begin = () => {
    const into = continues?.dataset ?? dataset;
    choose(into);
    const choosable = layouts.data?.find((one) => one.name === layout)?.resolutions.length ?? 0;
    const options = continues?.options ?? { hints: hintsOf(draft), layout, resolution: choosable > 1 ? resolution : null, ...privacy };
    onSend({ dataset: into, files, options, continues });
  };

  if (files.length === 0)
    return (
      <div className={css["block"]} data-testid="import-nothing">
        <EmptyState title="There are no files to import in there" body="Drop ECG files, a folder that holds some, or a .zip or .tar.gz of them." />
        <Aside prepared={prepared} />
      </div>
    );

  return (
    <form
      className={css["block"]}
      data-testid="import-prepare"
      onSubmit={(event) => {
        event.preventDefault();
        if (continues !== null || (dataset !== "" && !wrong)) begin();
      }}
    >
      <div>
        <strong>{fmt.plural(files.length, "file")}</strong>, {fmt.bytes(size)}. They go to this installation of Einthoven and nowhere else.
      </div>
      <Aside prepared={prepared} />
      {earlier !== null && <Continue earlier={earlier} files={files} goOn={goOn} onGoOn={setGoOn} />}
      {continues === null && (
        <>
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
      <LayoutChoice layouts={layouts.data ?? []} chosen={layout} onChoose={setLayout} rates={rates} resolution={resolution} onResolution={setResolution} />
      {files.length > MANY_FILES && (
        <div className={css["note"]}>
          So many files are read faster from the command line, without copying them through the browser:
          <code className={css["code"]}>
            einthoven import FOLDER --dataset "{dataset || "NAME"}"{layout === null ? "" : ` --layout ${layout}`}
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
      <Privacy privacy={privacy} onPrivacy={setPrivacy} published={layout !== null} />
        </>
      )}
      <Button type="submit" leftSection={<IconFileImport size={16} />} disabled={continues === null && (dataset === "" || wrong)} data-testid="import-start">
        {continues === null ? `Import ${fmt.plural(files.length, "file")}` : `Go on with the import into ${continues.dataset}`}
      </Button>
    </form>
  );
}

function Continue({ earlier, files, goOn, onGoOn }: { earlier: Unfinished; files: readonly DroppedFile[]; goOn: boolean; onGoOn: (on: boolean) => void }) {
  const here = partsHere(earlier.state);
  const lacking = files.filter((file) => here(file) !== "whole").length;
  return (
    <div className={css["note"]} data-testid="import-continues">
      <Checkbox
        checked={goOn}
        onChange={(event) => onGoOn(event.currentTarget.checked)}
        label={`Go on with the upload into ${earlier.dataset} that was interrupted`}
        description={
          lacking === 0
            ? "All of these files have arrived; they only need to be read."
            : `${fmt.count(files.length - lacking)} of these ${fmt.plural(files.length, "file")} have arrived; only the other ${fmt.count(lacking)} are sent.`
        }
      />
      {goOn && files.length < earlier.files && (
        <div className="ein-lines">
          There were {fmt.count(earlier.files)} files when it began and there are {fmt.count(files.length)} now. Choose the same folder again to send all of them.
        </div>
      )}
    </div>
  );
}

/** What is not sent, and why. */
function Aside({ prepared }: { prepared: Prepared }) {
  const { leftAside, unreadable } = prepared;
  return (
    <>
      {leftAside.length > 0 && (
        <Fold title={`${fmt.plural(leftAside.length, "hidden or system file")} not sent`}>
          <Names names={leftAside} total={leftAside.length} />
        </Fold>
      )}
      {unreadable.length > 0 && (
        <div className={css["note"]} data-testid="import-unreadable">
          <StateTag plain state="bad" word={`${fmt.plural(unreadable.length, "file or folder", "files or folders")} cannot be read by the browser`} />
          <Names names={unreadable} total={unreadable.length} />
          <span className="ein-quiet">Look at their permissions, or whether they still exist, then drop them again.</span>
        </div>
      )}
    </>
  );
}
