/** Files that could not be read, each with its reason, and the form that may help them. */
import { Button, Checkbox } from "@mantine/core";
import { IconHelpCircle } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap, type Failure, type RefusedFile } from "@/api";
import { fmt, ProblemView } from "@/ui";
import { hintsOf, isEmpty, missingOf, mistakes, NO_HINTS } from "./hints";
import { HintsFields } from "./HintsFields";
import type { Follow } from "./ImportDrawer";
import css from "./importing.module.css";

interface RefusedListProps {
  dataset: string;
  files: readonly RefusedFile[];
  /** Shown when the list of kept files is not there. */
  failures?: readonly Failure[];
  onFollow: Follow;
  /** Most rows before "and n more". */
  most?: number;
}

type Row = Pick<RefusedFile, "file_name" | "reason" | "kept"> & { id: number | null; advice?: string };

export function RefusedList({ dataset, files, failures = [], onFollow, most = 100 }: RefusedListProps) {
  const client = useQueryClient();
  const [hinting, setHinting] = useState(false);
  const [draft, setDraft] = useState(NO_HINTS);
  const [left, setLeft] = useState<ReadonlySet<number>>(new Set());
  const chosen = files.filter((file) => file.kept && !left.has(file.id));
  const missing = missingOf(files);
  const retry = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/imports", { body: { dataset, refused: chosen.map((file) => file.id), hints: hintsOf(draft), paths: [], keep_names: chosen.every((file) => file.stored_name === file.file_name), keep_identifiers: false } })),
    onSuccess: (job) => {
      setHinting(false);
      void client.invalidateQueries({ queryKey: ["refused", dataset] });
      onFollow(job.id, dataset, `${fmt.plural(chosen.length, "file")} again`);
    },
  });
  const forget = useMutation({
    mutationFn: (ids: number[]) =>
      unwrap(api.DELETE("/api/datasets/{dataset}/refused", { params: { path: { dataset }, query: { ids } } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["refused", dataset] });
      void client.invalidateQueries({ queryKey: ["dataset", dataset] });
      void client.invalidateQueries({ queryKey: ["datasets"] });
    },
  });
  const rows: readonly Row[] = files.length > 0 ? files : failures.map((failure) => ({ ...failure, id: null, kept: false }));
  const toggle = (id: number) => {
    const now = new Set(left);
    if (!now.delete(id)) now.add(id);
    setLeft(now);
  };
  return (
    <div className={css["refused"]} data-testid="refused-list">
      <ul className={css["refusals"]}>
        {rows.slice(0, most).map((file, index) => (
          <li key={file.id ?? `failure ${index}`} className={css["refusal"]}>
            {hinting && file.id !== null && file.kept && (
              <Checkbox size="xs" mt={2} checked={!left.has(file.id)} onChange={() => toggle(file.id ?? 0)} aria-label={`Try ${file.file_name} again`} />
            )}
            <div>
              <strong className={css["fileName"]}>{file.file_name}</strong>
              <div>{file.reason}</div>
              {file.advice && <div className="ein-quiet">{file.advice}</div>}
            </div>
          </li>
        ))}
        {rows.length > most && <li className="ein-quiet">and {fmt.count(rows.length - most)} more</li>}
      </ul>
      {retry.isError && <ProblemView compact error={retry.error} />}
      {forget.isError && <ProblemView compact error={forget.error} />}
      {hinting ? (
        <>
          <HintsFields draft={draft} onChange={setDraft} missing={missing} />
          <div className={css["line"]}>
            <Button
              size="xs"
              onClick={() => retry.mutate()}
              loading={retry.isPending}
              disabled={chosen.length === 0 || isEmpty(draft) || Object.keys(mistakes(draft)).length > 0}
              data-testid="hints-retry"
            >
              Read {fmt.plural(chosen.length, "file")} again
            </Button>
            <Button size="xs" variant="default" onClick={() => setHinting(false)}>
              Back
            </Button>
          </div>
        </>
      ) : (
        files.length > 0 && (
          <div className={css["line"]}>
            {files.some((file) => file.kept) && (
              <Button size="xs" leftSection={<IconHelpCircle size={14} />} onClick={() => setHinting(true)} data-testid="give-hints">
                Give hints
              </Button>
            )}
            <Button size="xs" variant="default" loading={forget.isPending} onClick={() => forget.mutate(files.map((file) => file.id))}>
              Take off the list
            </Button>
          </div>
        )
      )}
    </div>
  );
}
