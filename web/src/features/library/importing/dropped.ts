/** Files and folders that were dropped or chosen, each with its path below the dropped folder. */

export interface DroppedFile {
  /** With `/` between folders, beginning with the dropped folder's name. */
  path: string;
  file: File;
}

/** Read a drop to the last folder. Call it in the event itself: the browser forgets the entries afterwards. */
export async function filesFromDrop(data: DataTransfer): Promise<DroppedFile[]> {
  const entries: FileSystemEntry[] = [];
  const loose: File[] = [];
  for (const item of Array.from(data.items)) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = entry === null ? item.getAsFile() : null;
    if (entry !== null) entries.push(entry);
    else if (file !== null) loose.push(file);
  }
  const found: DroppedFile[] = loose.map((file) => ({ path: file.name, file }));
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: DroppedFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader answers at most some hundred entries a time; an empty answer ends the folder.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, found);
  }
}

/** Files of an `<input type="file">`, with folders where `webkitdirectory` gave them. */
export function filesFromInput(list: FileList | readonly File[]): DroppedFile[] {
  return Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));
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
