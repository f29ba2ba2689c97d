/** Whether an entry of a registry can be used here; and the foot of such a table. */
import { ActionIcon } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { StateTag } from "@/ui";
import css from "./settings.module.css";

/** `reason`: why it cannot be used; empty when it can. */
export function Usable({ reason }: { reason: string }) {
  if (reason === "") return <StateTag plain state="good" word="usable" />;
  return (
    <>
      <StateTag plain state="doubt" word="not usable" />
      <div className="ein-quiet">{reason}</div>
    </>
  );
}

export function TableFoot({ words, onSave }: { words: string; onSave: () => void }) {
  return (
    <div className={css["foot"]}>
      <span>{words}</span>
      <ActionIcon onClick={onSave} aria-label="Save table as CSV">
        <IconDownload size={16} />
      </ActionIcon>
    </div>
  );
}
