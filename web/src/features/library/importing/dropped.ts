/** Files and folders that were dropped or chosen, each with its path below the dropped folder. */

export interface DroppedFile {
  /** With `/` between folders, beginning with the dropped folder's name. */
  path: string;
  file: File;
}

export interface Dropped {
  files: DroppedFile[];
  /** Paths that the browser may not read. */
  unreadable: string[];
  /** Hidden files and what systems leave in folders: not ECGs, and not sent. */
  leftAside: string[];
}

/**
 * Read a drop to the last folder. Call it in the event itself: the browser forgets the entries afterwards.
 *
 * `onCount` hears from time to time how many files were found so far.
 */
export async function filesFromDrop(data: DataTransfer, onCount: (found: number) => void = () => {}): Promise<Dropped> {
  const entries: FileSystemEntry[] = [];
  const found: Dropped = { files: [], unreadable: [], leftAside: [] };
  for (const item of Array.from(data.items)) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = entry === null ? item.getAsFile() : null;
    if (entry !== null) entries.push(entry);
    else if (file !== null) add(found, { path: file.name, file });
  }
  for (const entry of entries) await walk(entry, found, onCount);
  return found;
}

async function walk(entry: FileSystemEntry, found: Dropped, onCount: (found: number) => void): Promise<void> {
  const path = entry.fullPath.replace(/^\//, "");
  try {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      add(found, { path, file });
      if (found.files.length % 100 === 0) onCount(found.files.length);
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    // A reader answers at most some hundred entries a time; an empty answer ends the folder.
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const inner of some) await walk(inner, found, onCount);
    }
  } catch {
    found.unreadable.push(path);
  }
}

function add(found: Dropped, one: DroppedFile): void {
  if (isOfSystem(one.path)) found.leftAside.push(one.path);
  else found.files.push(one);
}

/** Files of an `<input type="file">`, with folders where `webkitdirectory` gave them. */
export function filesFromInput(list: FileList | readonly File[]): Dropped {
  const found: Dropped = { files: [], unreadable: [], leftAside: [] };
  for (const file of Array.from(list)) add(found, { path: file.webkitRelativePath || file.name, file });
  return found;
}

const OF_SYSTEMS = new Set(["thumbs.db", "desktop.ini", "__macosx"]);

/** Hidden files and folders (`.DS_Store`, `.git`) and what Windows and macOS leave behind. */
export function isOfSystem(path: string): boolean {
  return path.split("/").some((part) => part.startsWith(".") || OF_SYSTEMS.has(part.toLowerCase()));
}

/** True when the files are the official PTB-XL folder, which brings its own labels, patients and folds. */
export function isPtbxl(files: readonly DroppedFile[]): boolean {
  return files.some(({ path }) => path === "ptbxl_database.csv" || path.endsWith("/ptbxl_database.csv"));
}

/** The rates for which a PTB-XL folder holds signals. */
export function ptbxlRates(files: readonly DroppedFile[]): (100 | 500)[] {
  const has = (folder: string) => files.some(({ path }) => `/${path}`.includes(`/${folder}/`));
  return [...(has("records100") ? [100 as const] : []), ...(has("records500") ? [500 as const] : [])];
}

/** The name of the one folder that was dropped, as a proposal for the dataset's name. */
export function commonFolder(files: readonly DroppedFile[]): string | null {
  const folders = new Set(files.map(({ path }) => (path.includes("/") ? (path.split("/")[0] ?? "") : "")));
  const [only] = folders;
  return folders.size === 1 && only ? only : null;
}
