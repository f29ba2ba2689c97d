/** The measurements of all leads together as a block of a printed sheet. */
import type { MeasuredRecord, Measurement } from "@/api";
import type { SheetBlock } from "@/plot";
import { fmt } from "@/ui";
import { bundled, grouped, kindsWords, missingWords, valueWords } from "./words";

/** About as many characters of the block's type as a sheet is wide. */
const MOST_CHARACTERS = 205;

interface Asked {
  readonly data?: MeasuredRecord | undefined;
  readonly error: unknown;
}

/** What is known, or why nothing is: a sheet without numbers says so. */
export function blockOf({ data, error }: Asked, filtered: boolean): SheetBlock {
  if (data === undefined) {
    const why = error instanceof Error ? error.message : "they were not asked for yet. Print by the button of the page, or open the details first.";
    return { title: "No measurements", cells: [], lines: wrapped(why) };
  }
  if (data.r_peaks.length === 0) return { title: "No measurements", cells: [], lines: wrapped(data.reason) };
  const all = grouped(data.measurements).flatMap(({ single }) => single);
  const measured = all.filter(({ state }) => state === "measured");
  const usual = usualCount(measured);
  const by = data.corrections.length;
  const title = [
    `Measurements of all leads together, waves found by ${data.method}`, kindsWords(data.kinds), `over ${fmt.plural(usual, "beat")} unless stated`, "\u00b1 SD over the beats",
    ...(by > 0 ? [`${fmt.plural(by, "time")} corrected by hand`] : []), ...(filtered ? ["measured on the ECG as recorded, not on the filtered one shown"] : []),
  ].join(" \u00b7 "); // prettier-ignore
  return { title, cells: measured.map((one) => cellOf(one, usual)), lines: [...remarks(data), ...lacking(all)].flatMap(wrapped) };
}

const cellOf = (one: Measurement, usual: number): string => `${one.title} ${valueWords(one)}${one.beats.length === usual ? "" : ` (${fmt.plural(one.beats.length, "beat")})`}`;

/** The number of beats that most measurements were made on. */
function usualCount(all: readonly Measurement[]): number {
  const times = new Map<number, number>();
  for (const { beats } of all) times.set(beats.length, (times.get(beats.length) ?? 0) + 1);
  return [...times].sort(([a, m], [b, n]) => n - m || b - a)[0]?.[0] ?? 0;
}

/** "P duration, PR interval: absent: no P wave in any beat" */
function lacking(all: readonly Measurement[]): string[] {
  return bundled(all).filter(([first]) => first?.state !== "measured").map((bundle) => `${bundle.map(({ title }) => title).join(", ")}: ${missingWords(bundle[0]!)}`);
}

function remarks({ left_out = {}, notes = {} }: MeasuredRecord): string[] {
  const out = Object.entries(left_out).map(([lead, why]) => `${lead} (${why})`);
  const notesOf = Object.entries(notes).map(([channel, why]) => (channel === "global" ? why : `${channel}: ${why}`));
  return [...(out.length > 0 ? [`Leads left out: ${out.join(", ")}`] : []), ...notesOf];
}

/** A text as lines that a sheet is wide enough for: nothing of it is cut. */
export function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= MOST_CHARACTERS) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
