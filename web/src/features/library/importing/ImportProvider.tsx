/** Imports of this tab: the page-wide drop, and the drawer that stays while one works elsewhere. */
import { IconDownload } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouterState } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState, type ChangeEvent, type ReactNode } from "react";
import { refreshAfterJob } from "@/features/jobs";
import { fmt } from "@/ui";
import { ImportContext, type Importing } from "./context";
import { filesFromDrop, filesFromInput, type Dropped } from "./dropped";
import { ImportDrawer } from "./ImportDrawer";
import { ImportUpload, type UploadPlan } from "./importUpload";
import { findUnfinished, giveUp } from "./unfinished";
import css from "./importing.module.css";

export interface Prepared extends Dropped {
  key: number;
  dataset?: string;
}

/** One import that this tab started; the newest stands first in the drawer. */
export interface Started {
  key: number;
  title: string;
  dataset: string;
  /** The files on their way; null where there is only a job. */
  upload: ImportUpload | null;
  job: string | null;
}

const UNFINISHED = ["unfinished-uploads"];

export function ImportProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
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
  const unfinished = useQuery({ queryKey: UNFINISHED, queryFn: ({ signal }) => findUnfinished(signal), staleTime: Infinity, retry: false });

  const prepare = useCallback((dropped: Dropped, dataset?: string) => {
    setPrepared({ ...dropped, dataset, key: next.current++ });
    setOpened(true);
  }, []);
  const list = useCallback((one: Omit<Started, "key">) => {
    const key = next.current++;
    setStarted((now) => [{ ...one, key }, ...now]);
    setPrepared(null);
    setOpened(true);
  }, []);
  const follow = useCallback((job: string, dataset: string, title: string) => list({ title, dataset, upload: null, job }), [list]);
  const send = useCallback(
    (plan: UploadPlan) => {
      // The dataset is made by the first file; its page and the switch should know of it as soon as the job is there.
      const upload = new ImportUpload(plan, () => void refreshAfterJob(client));
      list({ title: fmt.plural(plan.files.length, "file"), dataset: plan.dataset, upload, job: null });
      void upload.begin().then(() => client.invalidateQueries({ queryKey: UNFINISHED }));
    },
    [list, client],
  );
  useWarningBeforeLeaving(started);
  const value = useMemo<Importing>(
    () => ({
      prepare,
      choose: (what, dataset) => {
        wanted.current = dataset;
        (what === "files" ? files : folder).current?.click();
      },
      count: started.length,
      reopen: () => setOpened(true),
      follow,
      unfinished: unfinished.data ?? [],
      giveUp: async (upload) => {
        await giveUp(upload);
        await client.invalidateQueries({ queryKey: UNFINISHED });
      },
    }),
    [prepare, follow, started.length, unfinished.data, client],
  );
  const drop = useCallback((found: Dropped) => prepare(found, datasetHere), [prepare, datasetHere]);
  const { dragging, looking } = usePageDrop(inLibrary, drop);
  const chosen = (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    if (input.files?.length) prepare(filesFromInput(input.files), wanted.current ?? datasetHere);
    input.value = "";
  };

  return (
    <ImportContext.Provider value={value}>
      {children}
      <input ref={files} type="file" multiple hidden data-testid="import-files-input" onChange={chosen} />
      <input ref={folder} type="file" multiple hidden data-testid="import-folder-input" {...{ webkitdirectory: "" }} onChange={chosen} />
      <ImportDrawer
        opened={opened}
        prepared={prepared}
        started={started}
        onClose={() => {
          setOpened(false);
          setPrepared(null);
        }}
        onSend={send}
        onFollow={follow}
        onDrop={(key) => setStarted((now) => now.filter((one) => one.key !== key))}
      />
      {(dragging || looking !== null) && (
        <div className={css["veil"]} aria-hidden={dragging} role={dragging ? undefined : "status"}>
          <div className={css["veilCard"]}>
            <IconDownload size={40} stroke={1.25} aria-hidden />
            {looking === null ? (
              <>
                <div className={css["veilTitle"]}>Drop ECG files, folders or archives here</div>
                <div className="ein-quiet">{datasetHere ? `They go into ${datasetHere}.` : "You choose the dataset next."}</div>
              </>
            ) : (
              <>
                <div className={css["veilTitle"]}>Looking into the folder</div>
                <div className="ein-quiet">{fmt.plural(looking, "file")} so far</div>
              </>
            )}
          </div>
        </div>
      )}
    </ImportContext.Provider>
  );
}

/** The browser asks before a page is left whose files are still on their way. */
function useWarningBeforeLeaving(started: readonly Started[]): void {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      if (started.some(({ upload }) => upload?.underway)) event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [started]);
}

/** Files dropped anywhere on the page: whether something is being dragged over it, and how far a folder was looked into. */
function usePageDrop(enabled: boolean, onFiles: (dropped: Dropped) => void): { dragging: boolean; looking: number | null } {
  const [over, setOver] = useState(0);
  const [looking, setLooking] = useState<number | null>(null);
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
      void filesFromDrop(event.dataTransfer, setLooking).then((found) => {
        setLooking(null);
        onFiles(found);
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
  return { dragging: over > 0, looking };
}
