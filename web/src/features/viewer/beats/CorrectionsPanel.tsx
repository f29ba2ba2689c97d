/** What a person set on this ECG: which mark, where to, who and when; each can be taken back. */
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap, type MeasuredRecord } from "@/api";
import { fmt, ProblemView } from "@/ui";
import { keepBeats } from "./queries";
import { channelWords, markWords } from "./words";
import css from "./beats.module.css";

export function CorrectionsPanel({ record }: { record: MeasuredRecord }) {
  const client = useQueryClient();
  const { item, method, corrections, fiducials, r_peaks } = record;
  const take = useMutation({
    mutationFn: (correction: number | null) =>
      unwrap(
        correction === null
          ? api.DELETE("/api/records/{item}/beats/corrections", { params: { path: { item }, query: { method } } })
          : api.DELETE("/api/records/{item}/beats/corrections/{correction}", { params: { path: { item, correction }, query: { method } } }),
      ),
    onSuccess: (measured) => keepBeats(client, measured),
  });
  if (corrections.length === 0) return null;
  const beatOf = (r_peak: number) => r_peaks.reduce((best, r, i) => (Math.abs(r - r_peak) < Math.abs((r_peaks[best] ?? Infinity) - r_peak) ? i : best), 0);
  return (
    <section data-testid="corrections">
      <h3 className={css["small"]}>Corrected by hand</h3>
      <ul className={css["corrections"]}>
        {corrections.map((one) => (
          <li key={one.id} className={css["correction"]}>
            <span>
              <span className={css["byHand"]} aria-hidden>◆ </span>
              {markWords(fiducials.indexOf(one.fiducial))}, beat {beatOf(one.r_peak) + 1}, {channelWords(one.channel)}:{" "}
              {one.time === null ? "not there" : `${fmt.fixed(one.time, 3)} s`}
              <span className={css["quietLine"]}> {one.who === "" ? "" : `${one.who}, `}{fmt.when(one.made)}</span>
            </span>
            <Tooltip label="Take this correction back">
              <ActionIcon size={28} aria-label={`Take back: ${markWords(fiducials.indexOf(one.fiducial))}, beat ${beatOf(one.r_peak) + 1}`} onClick={() => take.mutate(one.id)} disabled={take.isPending}>
                <IconArrowBackUp size={16} />
              </ActionIcon>
            </Tooltip>
          </li>
        ))}
      </ul>
      {corrections.length > 1 && (
        <Button size="compact-xs" variant="default" onClick={() => take.mutate(null)} loading={take.isPending} data-testid="corrections-clear">
          Take all back
        </Button>
      )}
      {take.isError && <ProblemView error={take.error} compact />}
    </section>
  ); // prettier-ignore
}
