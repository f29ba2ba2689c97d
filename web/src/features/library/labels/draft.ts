/** The labels form as values. */
import type { LabelOutcome, TablePreview } from "@/api";

export interface LabelsDraft {
  fileColumn: string | null;
  labelColumn: string | null;
  codeColumn: string | null;
  kind: LabelOutcome["kind"];
  task: string;
  unit: string;
}

/** What the server proposes for a table; the task is named after the file. */
export function draftOf(table: TablePreview): LabelsDraft {
  const stem = table.name.replace(/\.[^.]*$/, "").trim();
  const dull = /^(labels?|table|file_?names?)$/i.test(stem);
  return {
    fileColumn: table.file_column,
    labelColumn: table.label_column,
    codeColumn: table.code_column,
    kind: "single-label",
    task: dull || stem === "" ? "label" : stem,
    unit: "",
  };
}

/** What must be filled in before the labels can be imported, in words; null when nothing. */
export function whatIsMissing(draft: LabelsDraft): string | null {
  if (draft.fileColumn === null) return "Say which column holds the file names.";
  if (draft.labelColumn === null) return "Say which column holds the labels.";
  if (draft.fileColumn === draft.labelColumn) return "File name and label cannot be the same column.";
  if (draft.task.trim() === "") return "Give the task a name.";
  return null;
}

export function labelForm(table: File, draft: LabelsDraft): FormData {
  const form = new FormData();
  form.append("table", table, table.name);
  form.append("task", draft.task.trim());
  form.append("kind", draft.kind);
  if (draft.fileColumn !== null) form.append("file_column", draft.fileColumn);
  if (draft.labelColumn !== null) form.append("label_column", draft.labelColumn);
  if (draft.codeColumn !== null && draft.kind !== "regression") form.append("code_column", draft.codeColumn);
  if (draft.unit.trim() !== "" && draft.kind === "regression") form.append("unit", draft.unit.trim());
  return form;
}
