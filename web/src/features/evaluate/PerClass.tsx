import { useMemo } from "react";
import type { ClassResult, Evaluation } from "@/api";
import { ClassMark, classColours, type DataColumn, DataTable, Explain, fmt } from "@/ui";
import { useExplanations } from "./Figures";
import { shareInWords } from "./matrix";

const SHARES = [
  { key: "precision", title: "Precision", width: 72 },
  { key: "recall", title: "Recall", width: 56 },
  { key: "f1", title: "F1", width: 48 },
  { key: "auroc", title: "AUROC", width: 60 },
] as const;

/** How each class did, with its numbers of records: a share of few says little. */
export function PerClass({ evaluation, csvName }: { evaluation: Evaluation; csvName: string }) {
  const explanations = useExplanations();
  const columns = useMemo<DataColumn<ClassResult>[]>(() => {
    const colours = classColours(evaluation.per_class.map((entry) => entry.name));
    return [
      {
        id: "class",
        title: "Class",
        grow: 0.7,
        pinned: true,
        cell: (row) => <ClassMark name={row.name} title={row.name} colour={colours.get(row.name) ?? "gray"} />,
        value: (row) => row.name,
      },
      { id: "n", title: "n", width: 40, align: "right", explain: "ECGs that have the class.", cell: (row) => fmt.count(row.n), value: (row) => row.n },
      {
        id: "n_predicted",
        title: "Predicted",
        width: 72,
        align: "right",
        explain: "ECGs for which the model said so.",
        cell: (row) => fmt.count(row.n_predicted),
        value: (row) => row.n_predicted,
      },
      ...SHARES.map(({ key, title, width }): DataColumn<ClassResult> => ({
        id: key,
        title,
        width,
        align: "right",
        explain: explanations[key],
        cell: (row) => {
          const value = row[key];
          if (value !== null) return shareInWords(value);
          return <Explain text={`Cannot be estimated: ${row.reasons?.[key] ?? "the data do not allow it."}`}>–</Explain>;
        },
        value: (row) => row[key],
      })),
    ];
  }, [evaluation, explanations]);
  return (
    <DataTable label="Results per class" columns={columns} rows={evaluation.per_class} rowKey={(row) => row.name} csvName={csvName} testId="per-class" />
  );
}
