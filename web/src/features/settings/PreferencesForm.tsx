import { Button, NumberInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap, type Preferences } from "@/api";
import { fmt, ProblemView } from "@/ui";
import css from "./settings.module.css";

/** What models trained from now on see; models that exist keep their own. */
export function PreferencesForm({ stored, cores }: { stored: Preferences; cores: number | null }) {
  const client = useQueryClient();
  const [rate, setRate] = useState<number | string>(stored.target_rate ?? "");
  const [duration, setDuration] = useState<number | string>(stored.duration ?? "");
  const [days, setDays] = useState<number | string>(stored.quarantine_days ?? "");
  const [threads, setThreads] = useState<number | string>(stored.threads ?? "");
  const save = useMutation({
    mutationFn: (wanted: Preferences) => unwrap(api.PUT("/api/preferences", { body: wanted })),
    onSuccess: (now, wanted) => {
      client.setQueryData(["preferences"], now);
      if (wanted !== stored)
        notifications.show({
          message: (
            <span className={css["saved"]}>
              Settings saved.
              <Button size="compact-xs" variant="subtle" onClick={() => save.mutate(stored)}>
                Undo
              </Button>
            </span>
          ),
        });
    },
  });
  const wanted: Preferences | null =
    typeof rate === "number" && typeof duration === "number" && typeof days === "number"
      ? { target_rate: rate, duration, quarantine_days: days, threads: typeof threads === "number" ? threads : null }
      : null;
  const same =
    wanted !== null && wanted.target_rate === stored.target_rate && wanted.duration === stored.duration &&
    wanted.quarantine_days === stored.quarantine_days && wanted.threads === (stored.threads ?? null); // prettier-ignore
  return (
    <form
      className={css["stack"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== null && !same) save.mutate(wanted);
      }}
    >
      <div className={css["fields"]}>
        <NumberInput
          label="Target rate, Hz"
          description="Every ECG is resampled to it before a model sees it. 100 is usual for classification."
          min={1}
          value={rate}
          onChange={setRate}
          data-testid="pref-rate"
        />
        <NumberInput
          label="Window length, s"
          description="Longer ECGs are cropped to it, shorter ones expanded, and the added part is marked."
          min={0.1}
          value={duration}
          onChange={setDuration}
          data-testid="pref-duration"
        />
        <NumberInput
          label="Threads for computing"
          description={cores === null ? "Empty: as many as there are processor cores." : `Empty: as many as fit the ${fmt.count(cores)} cores here.`}
          min={1}
          max={cores ?? undefined}
          placeholder="automatic"
          value={threads}
          onChange={setThreads}
          data-testid="pref-threads"
        />
        <NumberInput
          label="Days in quarantine"
          description="Files that cannot be read are kept unchanged so long, then deleted: they may name patients."
          min={1}
          max={3650}
          allowDecimal={false}
          value={days}
          onChange={setDays}
          data-testid="pref-quarantine-days"
        />
      </div>
      <div className="ein-quiet">Models that exist keep the rate and window they were trained with.</div>
      {save.isError && <ProblemView compact error={save.error} />}
      <div>
        <Button type="submit" loading={save.isPending} disabled={wanted === null || same} data-testid="pref-save">
          Save
        </Button>
      </div>
    </form>
  );
}
