import { describe, expect, it } from "vitest";
import { draftOf, labelForm, whatIsMissing } from "./draft";

const table = { name: "bundle branch.csv", columns: ["ecg", "dx"], rows: [], n_rows: 0, file_column: "ecg", label_column: "dx", code_column: null };

describe("the labels form", () => {
  it("starts from what the server proposes, with the file's name for the task", () => {
    expect(draftOf(table)).toMatchObject({ fileColumn: "ecg", labelColumn: "dx", kind: "single-label", task: "bundle branch" });
    expect(draftOf({ ...table, name: "labels.csv" }).task).toBe("label");
  });

  it("says what is missing", () => {
    const draft = draftOf(table);
    expect(whatIsMissing(draft)).toBeNull();
    expect(whatIsMissing({ ...draft, fileColumn: null })).toMatch(/file names/);
    expect(whatIsMissing({ ...draft, labelColumn: "ecg" })).toMatch(/same column/);
    expect(whatIsMissing({ ...draft, task: " " })).toMatch(/name/);
  });

  it("sends the unit only for numbers and the code only for classes", () => {
    const file = new File([""], "t.csv");
    const draft = { ...draftOf(table), codeColumn: "dx", unit: "years" };
    const classes = labelForm(file, draft);
    expect(classes.get("code_column")).toBe("dx");
    expect(classes.has("unit")).toBe(false);
    const numbers = labelForm(file, { ...draft, kind: "regression" });
    expect(numbers.get("unit")).toBe("years");
    expect(numbers.has("code_column")).toBe(false);
  });
});
