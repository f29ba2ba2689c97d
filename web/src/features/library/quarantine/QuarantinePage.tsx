/** Files that could not be read: why, what to do, and the three things one can do with them. */
import { ActionIcon, Button, Select, TextInput } from "@mantine/core";
import { IconChevronLeft, IconCircleCheck, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { api, unwrap, type RefusedFile } from "@/api";
import { EmptyState, fmt, LinkButton, Page, Panel, Query } from "@/ui";
import { groupsOf, shown, titleOf, type QuarantineFilter } from "./groups";
import { DeleteDialog, RetryDialog } from "./Dialogs";
import { GroupPanel } from "./GroupPanel";
import css from "./quarantine.module.css";

const route = getRouteApi("/quarantine");

export interface Doing {
  what: "retry" | "delete";
  files: readonly RefusedFile[];
}

export function QuarantinePage() {
  const refused = useQuery({ queryKey: ["refused"], queryFn: ({ signal }) => unwrap(api.GET("/api/refused", { signal })) });
  const preferences = useQuery({ queryKey: ["preferences"], queryFn: ({ signal }) => unwrap(api.GET("/api/preferences", { signal })) });
  const days = preferences.data?.quarantine_days ?? null;
  return (
    <Page
      title="Quarantine"
      before={
        <ActionIcon component={Link} to="/library" aria-label="To the library">
          <IconChevronLeft size={20} />
        </ActionIcon>
      }
      facts="Files that could not be read, each with its reason."
    >
      <Query query={refused}>{(files) => (files.length === 0 ? <Nothing /> : <Refused files={files} days={days} />)}</Query>
    </Page>
  );
}

function Nothing() {
  return (
    <Panel>
      <EmptyState
        icon={<IconCircleCheck size={48} stroke={1.25} />}
        title="Every file was read"
        body="A file that cannot be read comes here with its reason, and waits for a hint."
        action={<LinkButton to="/library">To the library</LinkButton>}
      />
    </Panel>
  );
}

function Refused({ files, days }: { files: readonly RefusedFile[]; days: number | null }) {
  const { dataset = null } = route.useSearch();
  const navigate = useNavigate();
  const [part, setPart] = useState<Pick<QuarantineFilter, "search" | "gap">>({ search: "", gap: null });
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [doing, setDoing] = useState<Doing | null>(null);
  const seen = useMemo(() => shown(files, { ...part, dataset }), [files, part, dataset]);
  const groups = useMemo(() => groupsOf(seen), [seen]);
  const gaps = useMemo(() => groupsOf(files), [files]);
  const selected = seen.filter((file) => chosen.has(file.id));
  const choose = (ids: readonly number[], on: boolean) => {
    const now = new Set(chosen);
    for (const id of ids) if (on) now.add(id);
    else now.delete(id);
    setChosen(now);
  };
  return (
    <>
      <Panel>
        <p className={`ein-lines ${css["statement"]}`} data-testid="quarantine-statement">
          These are the bytes as they came, unchanged, so that they can be tried again. <strong>They may name patients.</strong>{" "}
          {days !== null && (
            <>
              Each file is deleted {fmt.plural(days, "day")} after it came (<Link to="/settings">settings</Link>).
            </>
          )}
        </p>
      </Panel>
      <div className={css["filters"]}>
        <TextInput
          size="xs" w={240} placeholder="File name or reason" aria-label="Search the quarantine" leftSection={<IconSearch size={14} aria-hidden />}
          value={part.search} onChange={(event) => setPart({ ...part, search: event.currentTarget.value })} data-testid="quarantine-search"
        />
        <Select
          size="xs" w={200} placeholder="every dataset" aria-label="Dataset" clearable data={[...new Set(files.map((file) => file.dataset))]}
          value={dataset} onChange={(value) => void navigate({ to: "/quarantine", search: value === null ? {} : { dataset: value }, replace: true })}
        />
        <Select
          size="xs" w={264} placeholder="every reason" aria-label="Reason" clearable data={gaps.map((group) => ({ value: group.key, label: titleOf(group) }))}
          value={part.gap} onChange={(gap) => setPart({ ...part, gap })} data-testid="quarantine-gap"
        />
        <span className={css["counted"]} data-testid="quarantine-count">
          {seen.length === files.length ? fmt.plural(files.length, "file") : `${fmt.count(seen.length)} of ${fmt.plural(files.length, "file")}`}
        </span>
        <div className={css["actions"]}>
          {selected.length > 0 && (
            <>
              <Button size="xs" disabled={selected.every((file) => !file.kept)} onClick={() => setDoing({ what: "retry", files: selected })} data-testid="quarantine-retry-selected">
                Read {fmt.count(selected.length)} again
              </Button>
              <Button size="xs" variant="default" onClick={() => setDoing({ what: "delete", files: selected })} data-testid="quarantine-delete-selected">
                Delete {fmt.count(selected.length)}
              </Button>
            </>
          )}
          {seen.length > 0 && selected.length === 0 && (
            <Button size="xs" variant="default" onClick={() => setDoing({ what: "delete", files: seen })} data-testid="quarantine-delete-all">
              Delete all {fmt.count(seen.length)}
            </Button>
          )}
        </div>
      </div>
      {groups.length === 0 && (
        <Panel>
          <EmptyState
            title="No file fits this filter"
            body="Take something out of the filter to see more."
            action={
              <Button
                variant="default"
                onClick={() => {
                  setPart({ search: "", gap: null });
                  void navigate({ to: "/quarantine", search: {}, replace: true });
                }}
              >
                Show all files
              </Button>
            }
          />
        </Panel>
      )}
      {groups.map((group) => (
        <GroupPanel key={group.key} group={group} days={days} chosen={chosen} onChoose={choose} onDo={setDoing} />
      ))}
      {doing?.what === "retry" && <RetryDialog files={doing.files} onClose={() => setDoing(null)} />}
      {doing?.what === "delete" && <DeleteDialog files={doing.files} all={doing.files.length === files.length} onClose={() => setDoing(null)} />}
    </>
  );
}
