import { createContext, useContext } from "react";
import type { Dropped } from "./dropped";
import type { Unfinished } from "./unfinished";

export interface Importing {
  /** Opens the drawer with files that wait for the word to begin. */
  prepare: (dropped: Dropped, dataset?: string) => void;
  /** Opens the browser's dialogue for files or for a folder. */
  choose: (what: "files" | "folder", dataset?: string) => void;
  /** Imports of this tab, also those that have ended and were not taken off the list. */
  count: number;
  /** Shows the drawer again. */
  reopen: () => void;
  /** Follows an import that was started elsewhere, such as a retry with hints. */
  follow: (job: string, dataset: string, title: string) => void;
  /** Uploads that broke off, in this browser, before the last reload. */
  unfinished: readonly Unfinished[];
  /** Forgets such an upload, here and on the server. */
  giveUp: (upload: string) => Promise<void>;
}

export const ImportContext = createContext<Importing>({
  prepare: () => {}, choose: () => {}, count: 0, reopen: () => {}, follow: () => {}, unfinished: [], giveUp: () => Promise.resolve(),
}); // prettier-ignore

export function useImporting(): Importing {
  return useContext(ImportContext);
}
