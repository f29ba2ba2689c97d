/** Tables as CSV (RFC 4180) and files handed to the browser. */

export type CsvCell = string | number | boolean | null | undefined;

// A cell that starts like a formula would be run by spreadsheet programs; numbers stay numbers.
const FORMULA = /^[=+\-@\t\r]/;

function field(cell: CsvCell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "number") return Number.isFinite(cell) ? String(cell) : "";
  const text = String(cell);
  const safe = FORMULA.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toCsv(header: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return [header, ...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
}

/** Offer `blob` to be saved as `name`. */
export function saveBlob(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Offer a text file; CSV gets a byte-order mark, so that spreadsheet programs read it as UTF-8. */
export function saveText(name: string, text: string): void {
  const csv = name.endsWith(".csv");
  saveBlob(name, new Blob([csv ? "\ufeff" + text : text], { type: csv ? "text/csv;charset=utf-8" : "text/plain;charset=utf-8" }));
}
