import { IconCircle, IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, unwrap, type Dataset } from "@/api";
import { LinkButton, Panel } from "@/ui";
import css from "./library.module.css";

/** The way from files to a judged model, with what is done and what comes next. Gone once a model exists. */
export function FirstSteps({ datasets }: { datasets: readonly Dataset[] }) {
  const models = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => unwrap(api.GET("/api/models", { signal })) });
  if (models.data === undefined || models.data.some((model) => !model.zoo)) return null;
  const first = datasets.find((d) => d.n_records > 0);
  const labelled = datasets.find((d) => d.tasks.length > 0);
  const steps: { done: boolean; title: string; body: string; action: ReactNode }[] = [
    {
      done: first !== undefined,
      title: "1. Bring ECGs",
      body: "Drop files or a folder on this page.",
      action: null,
    },
    {
      done: labelled !== undefined,
      title: "2. Bring labels",
      body: "A table with a file name and a label per line makes a task that a model can learn.",
      action: first && (
        <LinkButton size="xs" to="/library/$dataset" params={{ dataset: first.name }}>
          Open {first.name}
        </LinkButton>
      ),
    },
    {
      done: false,
      title: "3. Train a model",
      body: "Choose the task and a name; the rest has sensible settings.",
      action: labelled && (
        <LinkButton size="xs" to="/train" search={{ dataset: labelled.name }}>
          Train on {labelled.name}
        </LinkButton>
      ),
    },
    { done: false, title: "4. See how good it is", body: "Then predict new ECGs, and share the model as ONNX.", action: null },
  ];
  const next = steps.findIndex((step) => !step.done);
  return (
    <Panel title="From files to a model">
      <ol className={css["steps"]}>
        {steps.map((step, index) => (
          <li key={step.title} className={css["step"]} data-next={index === next}>
            {step.done ? (
              <IconCircleCheck size={20} color="var(--ein-good)" aria-label="done" />
            ) : (
              <IconCircle size={20} color="var(--ein-quiet)" aria-label={index === next ? "next" : "later"} />
            )}
            <div>
              <strong>{step.title}</strong>
              <div className="ein-quiet">{step.body}</div>
              {index === next && step.action && <div className={css["stepAction"]}>{step.action}</div>}
            </div>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
