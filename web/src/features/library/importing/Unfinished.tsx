/** Uploads that broke off before the page was loaded anew: what is there, and how to go on. */
import { Button } from "@mantine/core";
import { IconFiles, IconFolder, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { fmt, ProblemView, StateTag } from "@/ui";
import { useImporting } from "./context";
import { wholeFiles, type Unfinished } from "./unfinished";
import css from "./importing.module.css";

/** Nothing where there is none; `dataset` shows only those into one dataset. */
export function UnfinishedUploads({ dataset }: { dataset?: string }) {
  const { unfinished } = useImporting();
  return unfinished
    .filter((one) => dataset === undefined || one.dataset === dataset)
    .map((one) => <OneUnfinished key={one.upload} one={one} />);
}

function OneUnfinished({ one }: { one: Unfinished }) {
  const importing = useImporting();
  const forget = useMutation({ mutationFn: () => importing.giveUp(one.upload) });
  return (
    <section className={css["unfinished"]} aria-label={`Interrupted upload into ${one.dataset}`} data-testid="unfinished-upload">
      <StateTag plain state="doubt" word={`An upload into ${one.dataset} was interrupted`} />
      <div className="ein-lines">
        {fmt.count(wholeFiles(one.state))} of {fmt.plural(one.files, "file")} ({fmt.bytes(one.bytes)}) arrived before it broke off; they are kept until{" "}
        {fmt.when(one.state.expires)}. A browser may not read your files again by itself: drop the same files or folder here, or choose them, and
        only what lacks is sent.
      </div>
      {forget.isError && <ProblemView compact error={forget.error} />}
      <div className={css["line"]}>
        <Button size="xs" leftSection={<IconFolder size={14} />} onClick={() => importing.choose("folder", one.dataset)}>
          Choose the folder again
        </Button>
        <Button size="xs" variant="default" leftSection={<IconFiles size={14} />} onClick={() => importing.choose("files", one.dataset)}>
          Choose the files again
        </Button>
        <Button size="xs" variant="default" leftSection={<IconTrash size={14} />} loading={forget.isPending} onClick={() => forget.mutate()} data-testid="unfinished-forget">
          Delete what arrived
        </Button>
      </div>
    </section>
  );
}
