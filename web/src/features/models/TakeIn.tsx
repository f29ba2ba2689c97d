import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { address, sendForm, type ForeignModel, type ModelView } from "@/api";
import { Definitions, ProblemView, Warnings } from "@/ui";
import { SaidFields } from "./SaidFields";
import { hintsOf, KINDS, LAYOUTS, NOTHING_SAID, SCALINGS, unsaid, type SaidDraft } from "./says";
import css from "./models.module.css";

/** A form with a model file, and what a person says of it. */
function formOf(file: File, hints: Record<string, unknown>, name?: string): FormData {
  const form = new FormData();
  form.append("file", file, file.name);
  if (Object.keys(hints).length > 0) form.append("hints", JSON.stringify(hints));
  if (name) form.append("name", name);
  return form;
}

export function inspectFile(file: File, hints: Record<string, unknown> = {}): Promise<ForeignModel> {
  return sendForm<ForeignModel>("POST", address("model-files"), formOf(file, hints));
}

export function takeInFile(file: File, hints: Record<string, unknown> = {}, name?: string): Promise<ModelView> {
  return sendForm<ModelView>("POST", address("models"), formOf(file, hints, name));
}

interface TakeInProps {
  file: File;
  /** What the file says by itself. */
  first: ForeignModel;
  onClose: () => void;
  onTaken: (model: ModelView) => void;
}

/** A model that was made elsewhere: what it says about itself, what it leaves unsaid, what there is to think of. */
export function TakeIn({ file, first, onClose, onTaken }: TakeInProps) {
  const client = useQueryClient();
  const [found, setFound] = useState(first);
  const [asked, setAsked] = useState<readonly string[]>(first.missing);
  const [draft, setDraft] = useState<SaidDraft>(NOTHING_SAID);
  const [name, setName] = useState(file.name.replace(/\.(onnx|zip|ecgmodel)$/i, ""));
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  /** Warnings that were in sight when the button was pressed. */
  const [seen, setSeen] = useState<readonly string[]>(first.warnings);
  const take = useMutation({
    mutationFn: async () => {
      const hints = hintsOf(draft);
      const now = await inspectFile(file, hints);
      setFound(now);
      setAsked((before) => [...before, ...now.missing.filter((one) => !before.includes(one))]);
      setMarked(new Set(now.missing));
      // What the answers bring to light is read before the model is on the shelf.
      const news = now.warnings.some((warning) => !seen.includes(warning));
      setSeen(now.warnings);
      return now.missing.length > 0 || news ? null : takeInFile(file, hints, name.trim());
    },
    onSuccess: async (model) => {
      if (model === null) return;
      await client.invalidateQueries({ queryKey: ["models"] });
      onTaken(model);
    },
  });
  const change = (next: SaidDraft) => {
    setDraft(next);
    setMarked((now) => new Set([...now].filter((one) => unsaid(next, asked).has(one))));
  };
  const go = () => {
    const lacking = unsaid(draft, asked);
    setMarked(lacking);
    if (lacking.size === 0) take.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={`Take in ${file.name}`} size="xl">
      <form
        className={css["form"]}
        data-testid="take-in-form"
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <div>This model was made elsewhere. Its file says:</div>
        <Definitions rows={statements(first)} />
        <Warnings warnings={found.warnings} />
        <div>Say the rest as its makers state it: a guess gives answers that look right and are wrong.</div>
        <SaidFields found={found} asked={asked} draft={draft} onChange={change} marked={marked} />
        <TextInput label="Name on this page" value={name} onChange={(event) => setName(event.currentTarget.value)} data-testid="take-in-name" />
        {first.said.length > 0 && (
          <details>
            <summary>{`What was found and repaired in the file (${first.said.length})`}</summary>
            <ul className={css["steps"]}>
              {first.said.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          </details>
        )}
        {marked.size > 0 && (
          <div className={css["needed"]} role="alert" data-testid="take-in-needed">
            Something is still needed, see above.
          </div>
        )}
        {take.isError && <ProblemView compact error={take.error} />}
        {take.data === null && found.missing.length === 0 && !take.isPending && (
          <div role="status">Read the warning above first. To take the model in all the same, press the button again.</div>
        )}
        <div className={css["end"]}>
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button type="submit" loading={take.isPending} disabled={name.trim() === ""} data-testid="take-in-go">
            Take it in
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** What the file states, as names and values. */
export function statements(found: ForeignModel): { name: string; value: string }[] {
  const leads = found.n_leads === null ? "leads" : `${found.n_leads} ${found.n_leads === 1 ? "lead" : "leads"}`;
  const rows = [{ name: "It takes", value: `${leads}${found.n_samples === null ? "" : ` of ${found.n_samples} samples`}` }];
  const add = (name: string, value: string | null | undefined) => {
    if (value !== null && value !== undefined && value !== "") rows.push({ name, value });
  };
  add("Arranged", found.layout && found.n_leads !== 1 ? LAYOUTS[found.layout] : null);
  add("Leads", found.leads?.join(" "));
  add("Rate", found.rate === null ? null : `${found.rate} Hz`);
  add("Unit", found.unit === "uV" ? "µV" : found.unit);
  add("Scale", found.scaling === null ? null : SCALINGS[found.scaling]);
  add("Classes", found.class_names?.join(", ") ?? (found.n_outputs === null ? null : `${found.n_outputs}, without names`));
  add("It answers", found.kind === null ? null : KINDS[found.kind]);
  add("In the unit", found.value_unit);
  add("Fine-tuning", found.n_outputs === null ? null : found.trainable === "" ? "possible" : `not possible: ${found.trainable}`);
  return rows;
}
