/** Imports of this tab: the page-wide drop, and the drawer that stays while one works elsewhere. */
import { IconDownload } from "@tabler/icons-react";
import { useRouterState } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { ReadHints } from "@/api";
import { ImportContext, type Importing } from "./context";
import { filesFromDrop, filesFromInput, type DroppedFile } from "./dropped";
import { ImportDrawer } from "./ImportDrawer";
import css from "./importing.module.css";

export interface Prepared {
  files: DroppedFile[];
  dataset?: string;
}

/** One import that this tab started; the newest stands first in the drawer. */
export interface Started {
  key: number;
  title: string;
  dataset: string;
  /** Files still to be sent; null once there is a job. */
  upload: { files: DroppedFile[]; hints: ReadHints; layout: string | null; resolution: number | null } | null;
  job: string | null;
}

export function ImportProvider({ children }: { children: ReactNode }) {
  const [prepared, setPrepared] = useState<Prepared | null>(null);
  const [started, setStarted] = useState<Started[]>([]);
  const [opened, setOpened] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const wanted = useRef<string | undefined>(undefined);
  const next = useRef(1);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const inLibrary = path.startsWith("/library");
  const datasetHere = path.startsWith("/library/") ? decodeURIComponent(path.slice("/library/".length)) : undefined;

  const prepare = useCallback((found: DroppedFile[], dataset?: string) => {
    setPrepared({ files: found, dataset });
    setOpened(true);
  }, []);
  const start = useCallback((one: Omit<Started, "key">) => {
    const key = next.current++;
    setStarted((now) => [{ ...one, key }, ...now]);
    setPrepared(null);
    setOpened(true);
  }, []);
  const value = useMemo<Importing>(
    () => ({
      prepare,
      choose: (what, dataset) => {
        wanted.current = dataset;
        (what === "files" ? files : folder).current?.click();
      },
      count: started.length,
      reopen: () => setOpened(true),
      follow: (job, dataset, title) => start({ title, dataset, upload: null, job }),
    }),
    [prepare, start, started.length],
  );
  const drop = useCallback((found: DroppedFile[]) => prepare(found, datasetHere), [prepare, datasetHere]);
  const dragging = usePageDrop(inLibrary, drop);

  return (
    <ImportContext.Provider value={value}>
      {children}
      <input
        ref={files}
        type="file"
        multiple
        hidden
        data-testid="import-files-input"
        onChange={(event) => {
          if (event.currentTarget.files?.length) prepare(filesFromInput(event.currentTarget.files), wanted.current ?? datasetHere);
          event.currentTarget.value = "";
        }}
      />
      <input
        ref={folder}
        type="file"
        multiple
        hidden
        data-testid="import-folder-input"
        {...{ webkitdirectory: "" }}
        onChange={(event) => {
          if (event.currentTarget.files?.length) prepare(filesFromInput(event.currentTarget.files), wanted.current ?? datasetHere);
          event.currentTarget.value = "";
        }}
      />
      <ImportDrawer
        opened={opened}
        prepared={prepared}
        started={started}
        onClose={() => {
          setOpened(false);
          setPrepared(null);
        }}
        onStart={start}
        onDrop={(key) => setStarted((now) => now.filter((one) => one.key !== key))}
      />
      {dragging && (
        <div className={css["veil"]} aria-hidden>
          <div className={css["veilCard"]}>
            <IconDownload size={40} stroke={1.25} />
            <div className={css["veilTitle"]}>Drop ECG files or a folder here</div>
            <div className="ein-quiet">{datasetHere ? `They go into ${datasetHere}.` : "You choose the dataset next."}</div>
          </div>
        </div>
      )}
    </ImportContext.Provider>
  );
}

/** Files dropped anywhere on the page; answers whether something is being dragged over it. */
function usePageDrop(enabled: boolean, onFiles: (files: DroppedFile[]) => void): boolean {
  const [over, setOver] = useState(0);
  useEffect(() => {
    if (!enabled) return;
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => {
      if (holdsFiles(event)) setOver((depth) => depth + 1);
    };
    const leave = (event: DragEvent) => {
      if (holdsFiles(event)) setOver((depth) => Math.max(0, depth - 1));
    };
    const stay = (event: DragEvent) => {
      if (holdsFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      setOver(0);
      // A drop zone inside the page (labels, models) has taken it already.
      if (event.defaultPrevented || !event.dataTransfer || !holdsFiles(event)) return;
      event.preventDefault();
      void filesFromDrop(event.dataTransfer).then((found) => {
        if (found.length > 0) onFiles(found);
      });
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("dragover", stay);
    window.addEventListener("drop", drop);
    return () => {
      setOver(0);
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("dragover", stay);
      window.removeEventListener("drop", drop);
    };
  }, [enabled, onFiles]);
  return over > 0;
}
