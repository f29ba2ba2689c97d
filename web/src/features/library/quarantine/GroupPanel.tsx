/** Files with the same gap: each with its reason, and what can be done with one or with all of them. */
import { ActionIcon, Button, Checkbox, Tooltip } from "@mantine/core";
import { IconDownload, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { address, type RefusedFile } from "@/api";
import { Facts, fmt, Panel } from "@/ui";
import { daysLeft, titleOf, type Group } from "./groups";
import type { Doing } from "./QuarantinePage";
import css from "./quarantine.module.css";

const AT_ONCE = 50;

interface GroupPanelProps {
  group: Group;
  days: number | null;
  chosen: ReadonlySet<number>;
  onChoose: (ids: readonly number[], on: boolean) => void;
  onDo: (doing: Doing) => void;
}

export function GroupPanel({ group, days, chosen, onChoose, onDo }: GroupPanelProps) {
  const { files, missing } = group;
  const [most, setMost] = useState(AT_ONCE);
  const n = files.filter((file) => chosen.has(file.id)).length;
  const kept = files.filter((file) => file.kept);
  return (
    <Panel
      testId="quarantine-group"
      flush
      title={
        <span className={css["groupTitle"]}>
          <Checkbox
            size="xs" aria-label={`Choose all: ${titleOf(group)}`} checked={n === files.length} indeterminate={n > 0 && n < files.length}
            onChange={(event) => onChoose(files.map((file) => file.id), event.currentTarget.checked)} data-testid="quarantine-choose-group"
          />
          {titleOf(group)} <span className="ein-quiet">{fmt.plural(files.length, "file")}</span>
        </span>
      }
      actions={
        kept.length > 0 && (
          <Button
            size="xs" variant={missing.length > 0 ? "filled" : "default"} leftSection={<IconRefresh size={14} />} onClick={() => onDo({ what: "retry", files: kept })}
            data-testid="quarantine-retry-group"
          >
            {missing.length > 0 ? `Give hints to all ${fmt.count(kept.length)}` : `Try all ${fmt.count(kept.length)} again`}
          </Button>
        )
      }
    >
      <ul className={css["files"]}>
        {files.slice(0, most).map((file) => (
          <One key={file.id} file={file} days={days} chosen={chosen.has(file.id)} onChoose={onChoose} onDo={onDo} />
        ))}
      </ul>
      {files.length > most && (
        <div className={css["more"]}>
          <Button size="xs" variant="subtle" onClick={() => setMost(most + 10 * AT_ONCE)}>
            Show more: {fmt.count(files.length - most)} files are left
          </Button>
        </div>
      )}
    </Panel>
  );
}

interface OneProps {
  file: RefusedFile;
  days: number | null;
  chosen: boolean;
  onChoose: GroupPanelProps["onChoose"];
  onDo: GroupPanelProps["onDo"];
}

function One({ file, days, chosen, onChoose, onDo }: OneProps) {
  const left = days === null ? null : daysLeft(file.created, days);
  return (
    <li className={css["file"]} data-testid="quarantine-file">
      <Checkbox size="xs" mt={2} checked={chosen} onChange={(event) => onChoose([file.id], event.currentTarget.checked)} aria-label={`Choose ${file.file_name}`} />
      <div className={css["words"]}>
        <strong className={css["name"]}>{file.file_name}</strong>
        <span className={css["facts"]}>
          <Facts
            items={[
              `for ${file.dataset}`,
              fmt.bytes(file.size),
              fmt.when(file.created),
              left !== null && (left === 0 ? "deleted today" : `deleted in ${fmt.plural(left, "day")}`),
              !file.kept && "too large to be kept: import it again",
            ]}
          />
        </span>
        <div>{file.reason}</div>
        {file.advice && <div className="ein-quiet">{file.advice}</div>}
      </div>
      <div className={css["buttons"]}>
        {file.kept && (
          <>
            <Tooltip label="Download, unchanged">
              <ActionIcon component="a" href={address("refused", file.id, "file")} download aria-label={`Download ${file.file_name}`} data-testid="quarantine-download">
                <IconDownload size={16} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label="Read it again, with hints">
              <ActionIcon onClick={() => onDo({ what: "retry", files: [file] })} aria-label={`Read ${file.file_name} again`} data-testid="quarantine-retry">
                <IconRefresh size={16} />
              </ActionIcon>
            </Tooltip>
          </>
        )}
        <Tooltip label="Delete">
          <ActionIcon onClick={() => onDo({ what: "delete", files: [file] })} aria-label={`Delete ${file.file_name}`} data-testid="quarantine-delete">
            <IconTrash size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
    </li>
  );
}
