/** Reading refused files again, with hints; and deleting them. */
import { Button, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap, type RefusedFile } from "@/api";
import { fmt, ProblemView } from "@/ui";
import { useImporting } from "../importing/context";
import { hintsOf, isEmpty, missingOf, mistakes, NO_HINTS } from "../importing/hints";
import { HintsFields } from "../importing/HintsFields";
import { batches } from "./groups";
import css from "./quarantine.module.css";

interface DialogProps {
  files: readonly RefusedFile[];
  onClose: () => void;
}

const CHANGED = ["refused", "dataset", "datasets"];

function useRefresh(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ predicate: ({ queryKey }) => CHANGED.includes(String(queryKey[0])) });
}

export function RetryDialog({ files, onClose }: DialogProps) {
  const importing = useImporting();
  const refresh = useRefresh();
  const [draft, setDraft] = useState(NO_HINTS);
  const kept = files.filter((file) => file.kept);
  const missing = missingOf(kept);
  const lost = files.length - kept.length;
  const retry = useMutation({
    mutationFn: async () => {
      for (const { dataset, ids } of batches(kept, Infinity)) {
        const mine = kept.filter((file) => file.dataset === dataset);
        const keep_names = mine.every((file) => file.stored_name === file.file_name);
        const job = await unwrap(api.POST("/api/imports", { body: { dataset, refused: ids, hints: hintsOf(draft), paths: [], keep_names, keep_identifiers: false } }));
        importing.follow(job.id, dataset, `${fmt.plural(ids.length, "file")} again`);
      }
    },
    onSuccess: async () => {
      await refresh();
      onClose();
    },
  });
  const wrong = Object.keys(mistakes(draft)).length > 0;
  return (
    <Modal opened onClose={onClose} title={`Read ${kept.length === 1 ? (kept[0]?.file_name ?? "") : fmt.plural(kept.length, "file")} again`} size="lg">
      <form
        className={css["stack"]}
        onSubmit={(event) => {
          event.preventDefault();
          retry.mutate();
        }}
      >
        <div className="ein-lines">
          {missing.size > 0
            ? "Say what the files do not. It is used only where a file is silent, and stands in the passport of each ECG as assumed."
            : "These files lack no hint that we know of. Try again after an update, or say what they are."}
        </div>
        {lost > 0 && <div className="ein-quiet">{fmt.plural(lost, "file was", "files were")} too large to be kept; import {lost === 1 ? "it" : "them"} again.</div>}
        <HintsFields draft={draft} onChange={setDraft} missing={missing} />
        {retry.isError && <ProblemView compact error={retry.error} />}
        <div className={css["end"]}>
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button type="submit" loading={retry.isPending} disabled={wrong || kept.length === 0 || (missing.size > 0 && isEmpty(draft))} data-testid="quarantine-retry-go">
            Read {fmt.plural(kept.length, "file")} again
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** `all`: nothing else is in quarantine. */
export function DeleteDialog({ files, all, onClose }: DialogProps & { all: boolean }) {
  const refresh = useRefresh();
  const remove = useMutation({
    mutationFn: async () => {
      if (all) {
        await unwrap(api.DELETE("/api/refused"));
        return;
      }
      for (const { dataset, ids } of batches(files))
        await unwrap(api.DELETE("/api/datasets/{dataset}/refused", { params: { path: { dataset }, query: { ids } } }));
    },
    onSuccess: async () => {
      await refresh();
      onClose();
    },
  });
  const what = files.length === 1 ? (files[0]?.file_name ?? "") : fmt.plural(files.length, "file");
  return (
    <Modal opened onClose={onClose} title={`Delete ${what}?`}>
      <div className={css["stack"]}>
        <div>The copies kept here are deleted for good. The files on your disk stay as they are.</div>
        {remove.isError && <ProblemView compact error={remove.error} />}
        <div className={css["end"]}>
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep
          </Button>
          <Button color="bad" loading={remove.isPending} onClick={() => remove.mutate()} data-testid="quarantine-delete-go">
            Delete
          </Button>
        </div>
      </div>
    </Modal>
  );
}
