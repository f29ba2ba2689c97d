/** The quarantine as values: what is shown, what belongs together, how long it stays. */
import type { RefusedFile } from "@/api";

export interface QuarantineFilter {
  search: string;
  dataset: string | null;
  /** A group's key; null all. */
  gap: string | null;
}

export interface Group {
  key: string;
  /** Hints that all files of the group lack; none where hints do not help. */
  missing: readonly string[];
  files: readonly RefusedFile[];
}

/** Files with the same gap can be mended together: they lack the same hints, or failed in the same way. */
export function gapOf(file: Pick<RefusedFile, "missing_hints" | "error">): string {
  return file.missing_hints.length > 0 ? `hints ${[...file.missing_hints].sort().join(" ")}` : `error ${file.error}`;
}

/** Groups by gap: those that hints mend first, then the largest. */
export function groupsOf(files: readonly RefusedFile[]): Group[] {
  const groups = new Map<string, RefusedFile[]>();
  for (const file of files) groups.set(gapOf(file), [...(groups.get(gapOf(file)) ?? []), file]);
  return [...groups]
    .map(([key, some]) => ({ key, missing: [...(some[0]?.missing_hints ?? [])].sort(), files: some }))
    .sort((a, b) => Number(b.missing.length > 0) - Number(a.missing.length > 0) || b.files.length - a.files.length);
}

const ERRORS: Readonly<Record<string, string>> = {
  FormatError: "Of no known format, or damaged",
  RecordError: "Not a possible ECG",
  MissingDependency: "Need a package that is not installed",
  LabelError: "Tables of labels that do not fit",
};

export function titleOf({ missing, key }: Pick<Group, "missing" | "key">): string {
  if (missing.length === 0) return ERRORS[key.replace("error ", "")] ?? "Could not be read";
  return `Do not say their ${missing.length === 1 ? "" : `${missing.slice(0, -1).join(", ")} and `}${missing.at(-1)}`;
}

export function shown(files: readonly RefusedFile[], { search, dataset, gap }: QuarantineFilter): RefusedFile[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return files.filter((file) => {
    const text = `${file.file_name} ${file.reason}`.toLowerCase();
    return (dataset === null || file.dataset === dataset) && (gap === null || gapOf(file) === gap) && words.every((word) => text.includes(word));
  });
}

const DAY_MS = 86_400_000;

/** Whole days until a file is deleted; 0 for today. */
export function daysLeft(created: string, days: number, now = Date.now()): number {
  return Math.max(0, Math.ceil((new Date(created).getTime() + days * DAY_MS - now) / DAY_MS));
}

export interface Batch {
  dataset: string;
  ids: number[];
}

/** What one request may carry, by dataset: an address has an end. */
export function batches(files: readonly RefusedFile[], most = 500): Batch[] {
  const found: Batch[] = [];
  for (const dataset of new Set(files.map((file) => file.dataset))) {
    const ids = files.filter((file) => file.dataset === dataset).map((file) => file.id);
    for (let at = 0; at < ids.length; at += most) found.push({ dataset, ids: ids.slice(at, at + most) });
  }
  return found;
}
