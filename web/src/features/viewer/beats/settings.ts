/** How this browser's user likes to see beats, kept from ECG to ECG. */
import { useLocalStorage } from "@mantine/hooks";

export const VIEWS = [
  { id: "paper", title: "ECG", explanation: "The recording on paper (1)" },
  { id: "beats", title: "Beats", explanation: "All beats of one lead laid over each other at R (2)" },
  { id: "median", title: "Median beat", explanation: "One representative beat of every lead (3)" },
  { id: "aligned", title: "Aligned", explanation: "The ECG with its beats at even distances, by Rlign (4)" },
] as const;
export type ViewId = (typeof VIEWS)[number]["id"];

/** `global`: of all leads together; `leads`: each lead's own as well. */
export type Marks = "off" | "global" | "leads";
export const MARKS: readonly { value: Marks; title: string; short: string; explanation: string }[] = [
  { value: "off", title: "No marks", short: "No marks", explanation: "The recording alone" },
  { value: "global", title: "All leads together", short: "Marks", explanation: "R, and where P, QRS and T begin, peak and end over all leads" },
  { value: "leads", title: "And each lead", short: "Marks in leads", explanation: "Also the marks of every lead on its own trace" },
];

export const OWN_METHOD = "einthoven";

export interface BeatSettings {
  readonly method: string;
  readonly marks: Marks;
}

const USUAL: BeatSettings = { method: OWN_METHOD, marks: "off" };

export function viewOf(text: string | undefined): ViewId {
  return VIEWS.find(({ id }) => id === text)?.id ?? "paper";
}

/** Settings out of storage; what is not understood falls back to the usual. */
export function parseBeatSettings(text: string | null | undefined): BeatSettings {
  try {
    const stored: unknown = JSON.parse(text ?? "{}");
    const { method, marks } = (typeof stored === "object" && stored !== null ? stored : {}) as Partial<Record<keyof BeatSettings, unknown>>;
    return {
      method: typeof method === "string" && method !== "" ? method : USUAL.method,
      marks: MARKS.find(({ value }) => value === marks)?.value ?? USUAL.marks,
    };
  } catch {
    return USUAL;
  }
}

export function nextMarks(marks: Marks): Marks {
  return MARKS[(MARKS.findIndex(({ value }) => value === marks) + 1) % MARKS.length]!.value;
}

export function useBeatSettings() {
  return useLocalStorage<BeatSettings>({
    key: "einthoven-beats", defaultValue: USUAL, getInitialValueInEffect: false, serialize: JSON.stringify, deserialize: parseBeatSettings,
  });
}
