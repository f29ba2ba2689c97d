/** Correcting by hand: what is held, where it is moved to, what is sent to the server and what was done before. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, unwrap, type MeasuredRecord, type Preferences } from "@/api";
import type { Correcting, MarkPlace } from "./marks";
import { correctionAt } from "./marks";
import { beatsQuery, keepBeats } from "./queries";
import { GLOBAL, PARTS, type Wave, markIndex, markWords } from "./words";

/** A time to be set; null: it is not there. */
export interface Change {
  readonly place: MarkPlace;
  readonly time: number | null;
}

/** What takes a step back: the time that was set before, or the number of the correction that goes. */
interface Back {
  readonly place: MarkPlace;
  readonly before: { readonly time: number | null; readonly who: string } | null;
}

interface Step {
  readonly what: string;
  readonly back: readonly Back[];
}

/** Keys come in bursts: what they move is sent when they rest, or when another mark is taken. */
const REST_MS = 700;
/** Where a wave is put that a person adds: onset, peak and end, s from R (a usual beat at rest). */
const USUAL_S: Readonly<Record<Wave, readonly [number, number, number]>> = { P: [-0.2, -0.15, -0.1], QRS: [-0.05, 0, 0.05], T: [0.18, 0.28, 0.36] };

export const preferencesQuery = {
  queryKey: ["preferences"],
  queryFn: ({ signal }: { signal: AbortSignal }) => unwrap(api.GET("/api/preferences", { signal })),
};

export interface CorrectingState {
  readonly held: Correcting;
  readonly hold: (place: Partial<MarkPlace>) => void;
  /** Move the held mark to a moment, without sending it: the pointer tells when it lets go. */
  readonly drag: (time: number) => void;
  /** The same by a key: sent when the keys rest. */
  readonly nudge: (time: number) => void;
  /** Send what was moved. */
  readonly settle: () => void;
  readonly letGo: () => void;
  readonly change: (what: string, changes: readonly Change[]) => void;
  readonly addWave: (wave: Wave) => void;
  readonly removeWave: (wave: Wave) => void;
  readonly undo: () => void;
  readonly canUndo: string | null;
  readonly busy: boolean;
  readonly error: unknown;
  /** Somebody must say who they are before the first correction is kept. */
  readonly askWho: boolean;
  readonly answerWho: (who: string | null) => void;
  /** The name under which corrections are kept; empty: none is known yet. */
  readonly who: string;
  /** Keep the corrections from here on under another name; those that are made keep theirs. */
  readonly rename: (who: string) => void;
}

export function useCorrecting(record: MeasuredRecord): CorrectingState {
  const client = useQueryClient();
  const { item, method } = record;
  const preferences = useQuery(preferencesQuery);
  const [held, setHeld] = useState<Correcting>(() => ({ channel: GLOBAL, beat: fullest(record), mark: markIndex("QRS", "on"), draft: null }));
  const [steps, setSteps] = useState<readonly Step[]>([]);
  const [waiting, setWaiting] = useState<{ what: string; changes: readonly Change[] } | null>(null);
  // What the latest key or pointer says counts, also before the page is drawn anew.
  const now = useRef(held);
  const rest = useRef<number | undefined>(undefined);
  const sending = useRef(false);
  const put = useCallback((next: Correcting) => {
    now.current = next;
    setHeld(next);
  }, []);

  const send = useMutation({
    mutationFn: async ({ what, changes, who }: { what: string; changes: readonly Change[]; who: string }) => {
      let measured = record;
      const back: Back[] = [];
      try {
        for (const { place, time } of changes) {
          const before = correctionAt(measured, place);
          measured = await unwrap(
            api.PUT("/api/records/{item}/beats/corrections", {
              params: { path: { item }, query: { method } },
              body: { channel: place.channel, r_peak: measured.r_peaks[place.beat] ?? 0, fiducial: record.fiducials[place.mark] ?? "", time, who },
            }),
          );
          back.push({ place, before: before === null ? null : { time: before.time, who: before.who } });
        }
      } finally {
        // Of several, those before the one that was refused are kept: they can be taken back.
        keepBeats(client, measured);
        if (back.length > 0) {
          setSteps((all) => [...all, { what, back }]);
          if (preferences.data !== undefined && (preferences.data.who ?? "") === "") client.setQueryData(preferencesQuery.queryKey, { ...preferences.data, who });
        }
      }
    },
    onSettled: () => {
      sending.current = false;
    },
  });
  const stepBack = useMutation({
    mutationFn: async ({ back }: Step) => {
      let measured = client.getQueryData<MeasuredRecord>(["beats", item, method]) ?? record;
      for (const { place, before } of [...back].reverse()) {
        const set = correctionAt(measured, place);
        if (before !== null)
          measured = await unwrap(
            api.PUT("/api/records/{item}/beats/corrections", {
              params: { path: { item }, query: { method } },
              body: { channel: place.channel, r_peak: measured.r_peaks[place.beat] ?? 0, fiducial: record.fiducials[place.mark] ?? "", time: before.time, who: before.who },
            }),
          );
        else if (set !== null)
          measured = await unwrap(
            api.DELETE("/api/records/{item}/beats/corrections/{correction}", { params: { path: { item, correction: set.id }, query: { method } } }),
          );
        keepBeats(client, measured);
      }
    },
    onSuccess: () => setSteps((all) => all.slice(0, -1)),
  });
  const naming = useMutation({
    mutationFn: async (name: string) => {
      const kept = preferences.data ?? (await client.fetchQuery(preferencesQuery));
      // What the server leaves out it has a default for.
      return unwrap(api.PUT("/api/preferences", { body: { ...kept, who: name } as Preferences }));
    },
    onSuccess: (kept) => client.setQueryData(preferencesQuery.queryKey, kept),
  });
  const who = preferences.data?.who ?? null;
  const change = (what: string, changes: readonly Change[]) => {
    if (changes.length === 0) return;
    if (who === null || who === "") setWaiting({ what, changes });
    else start({ what, changes, who });
  };
  const start = (wanted: { what: string; changes: readonly Change[]; who: string }) => {
    sending.current = true;
    // The marks stand where they were put at once; the server's answer brings what follows from it, or the old place.
    client.setQueryData(beatsQuery(item, method).queryKey, withTimes(record, wanted.changes));
    put({ ...now.current, draft: null });
    send.mutate(wanted);
  };
  const timeAt = (channel: string, beat: number, mark: number) => record.times[record.channels.indexOf(channel)]?.[beat]?.[mark] ?? null;

  const settle = () => {
    window.clearTimeout(rest.current);
    const { draft, channel, beat, mark } = now.current;
    if (draft === null || waiting !== null) return;
    if (sending.current) {
      rest.current = window.setTimeout(() => latestSettle.current(), REST_MS);
      return;
    }
    if (timeAt(channel, beat, mark) === draft) put({ ...now.current, draft: null });
    else change(`Move ${markWords(mark)}`, [{ place: { channel, beat, mark }, time: draft }]);
  };
  const latestSettle = useRef(settle);
  useEffect(() => {
    latestSettle.current = settle;
  });
  useEffect(() => () => window.clearTimeout(rest.current), []);

  const move = (time: number) => {
    if (send.isError) send.reset();
    put({ ...now.current, draft: Math.min(Math.max(0, time), record.duration) });
  };

  return {
    held,
    hold: (place) => {
      settle();
      if (send.isError) send.reset();
      put({ channel: place.channel ?? now.current.channel, beat: place.beat ?? now.current.beat, mark: place.mark ?? now.current.mark, draft: null });
    },
    drag: move,
    nudge: (time) => {
      move(time);
      window.clearTimeout(rest.current);
      rest.current = window.setTimeout(() => latestSettle.current(), REST_MS);
    },
    settle,
    letGo: () => {
      window.clearTimeout(rest.current);
      put({ ...now.current, draft: null });
    },
    change,
    removeWave: (wave) => {
      const { channel, beat } = now.current;
      const there = PARTS.map((part) => markIndex(wave, part)).filter((mark) => timeAt(channel, beat, mark) !== null);
      change(`Take ${wave} away`, there.map((mark) => ({ place: { channel, beat, mark }, time: null })));
    },
    addWave: (wave) => {
      const { channel, beat } = now.current;
      const r = record.r_peaks[beat] ?? 0;
      const changes = PARTS.flatMap((part, i): Change[] => {
        const mark = markIndex(wave, part);
        if (timeAt(channel, beat, mark) !== null) return [];
        // Where another beat has it, as far from R as there.
        const others = record.r_peaks.flatMap((other, k) => {
          const time = timeAt(channel, k, mark) ?? timeAt(GLOBAL, k, mark);
          return time === null ? [] : [time - other];
        });
        const away = others.length > 0 ? others.sort((a, b) => a - b)[others.length >> 1]! : USUAL_S[wave][i]!;
        return [{ place: { channel, beat, mark }, time: Math.min(Math.max(0, r + away), record.duration) }];
      });
      change(`Add ${wave}`, changes);
    },
    undo: () => {
      const last = steps.at(-1);
      if (last !== undefined && !stepBack.isPending) stepBack.mutate(last);
    },
    canUndo: steps.at(-1)?.what ?? null,
    busy: send.isPending || stepBack.isPending || naming.isPending,
    error: send.error ?? stepBack.error ?? naming.error,
    askWho: waiting !== null,
    answerWho: (answer) => {
      if (waiting !== null && answer !== null) start({ ...waiting, who: answer });
      else put({ ...now.current, draft: null });
      setWaiting(null);
    },
    who: who ?? "",
    rename: (name) => naming.mutate(name),
  };
}

/** The record with some times as a person put them, until the server has answered. */
export function withTimes(record: MeasuredRecord, changes: readonly Change[]): MeasuredRecord {
  const times = record.times.map((channel) => channel.map((beat) => [...beat]));
  for (const { place, time } of changes) {
    const beat = times[record.channels.indexOf(place.channel)]?.[place.beat];
    if (beat !== undefined) beat[place.mark] = time;
  }
  return { ...record, times };
}

/** The first of the beats of which most is known: the one to begin with. */
function fullest(record: MeasuredRecord): number {
  const known = (record.times[0] ?? []).map((beat) => beat.filter((time) => time !== null).length);
  return Math.max(0, known.indexOf(Math.max(...known)));
}
