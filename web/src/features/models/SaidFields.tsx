import { Button, Select, TextInput } from "@mantine/core";
import type { ForeignModel } from "@/api";
import { Hint } from "@/ui";
import { KINDS, LAYOUTS, lengths, offered, SCALINGS, UNITS, unitMatters, USUAL_BAND, type SaidDraft, type SaidName } from "./says";
import css from "./models.module.css";

interface SaidFieldsProps {
  found: ForeignModel;
  /** What the server asks for; the filter is always asked. */
  asked: readonly string[];
  draft: SaidDraft;
  onChange: (draft: SaidDraft) => void;
  /** Fields to mark as still empty. */
  marked: ReadonlySet<string>;
}

const TITLES: Record<SaidName, string> = {
  layout: "Arrangement",
  samples: "Samples",
  output: "Which output is the answer",
  leads: "Leads, in their order",
  rate: "Rate, Hz",
  scaling: "How each ECG was brought to a scale",
  unit: "Unit",
  band: "Filter",
  class_names: "Classes, in their order",
  kind: "What it answers",
  value_unit: "Unit of its answer",
  task: "Name of the question (may stay empty)",
};

function words(name: SaidName, found: ForeignModel): string {
  const n = found.n_outputs === null ? "" : `${found.n_outputs} `;
  switch (name) {
    case "layout":
      return "Whether each row of its input is a lead, or each row is a moment with one number per lead.";
    case "samples":
      return "How many samples of each lead it takes, such as 1000 or 5000.";
    case "output":
      return "The output with one number for each class.";
    case "leads":
      return "Names with blanks between them. A wrong order gives wrong answers that look right: take the usual one only if its makers say so.";
    case "rate":
      return lengths(found.n_samples);
    case "scaling":
      return "What its makers did to the signal last; the same is done to your ECGs.";
    case "unit":
      return "In which its makers gave it the signal. An R wave is about 1 in mV and about 1000 in µV.";
    case "band":
      return "The band-pass that its ECGs went through; the same is done to your ECGs.";
    case "class_names":
      return `Names of its ${n}answers, with commas between them.`;
    case "kind":
      return "One class means the most probable one wins; yes or no means several classes can be present at once.";
    case "value_unit":
      return "In which its number is, such as ms or years; none for a number without a unit.";
    case "task":
      return "Such as superclass: its answers are then compared with labels of that name.";
  }
}

/** The things that the file of a model may leave unsaid, each explained; the usual answer is offered, never taken by itself. */
export function SaidFields({ found, asked, draft, onChange, marked }: SaidFieldsProps) {
  const set = (part: Partial<SaidDraft>) => onChange({ ...draft, ...part });
  const label = (name: SaidName) => (
    <span className={css["label"]}>
      {TITLES[name]}
      {marked.has(name) && <span className={css["needed"]}>needed</span>}
      <Hint text={words(name, found)} />
    </span>
  );
  const choice = (name: "layout" | "output" | "scaling" | "unit" | "kind", choices: Record<string, string>) => {
    const usual = offered(found, name);
    return (
      <Select
        key={name}
        label={label(name)}
        placeholder="Choose"
        data={Object.entries(choices).map(([value, title]) => ({ value, label: value === usual ? `${title} (usual)` : title }))}
        value={draft[name] || null}
        onChange={(value) => set({ [name]: value ?? "" })}
        data-testid={`said-${name}`}
      />
    );
  };
  const text = (name: "samples" | "rate" | "class_names" | "value_unit" | "task", placeholder: string) => (
    <TextInput
      key={name}
      label={label(name)}
      placeholder={placeholder}
      inputMode={name === "samples" || name === "rate" ? "decimal" : undefined}
      value={draft[name]}
      onChange={(event) => set({ [name]: event.currentTarget.value })}
      data-testid={`said-${name}`}
    />
  );
  const usualLeads = offered(found, "leads");
  return (
    <div className={css["said"]} data-testid="said-fields">
      {asked.includes("leads") && (
        <TextInput
          className={css["wide"]}
          label={label("leads")}
          placeholder={usualLeads === "" ? "I II III ..." : `usually ${usualLeads}`}
          value={draft.leads}
          onChange={(event) => set({ leads: event.currentTarget.value })}
          rightSectionWidth={usualLeads === "" ? undefined : 148}
          rightSection={
            usualLeads !== "" && (
              <Button size="compact-xs" variant="subtle" onClick={() => set({ leads: usualLeads })} data-testid="said-leads-usual">
                Take the usual order
              </Button>
            )
          }
          data-testid="said-leads"
        />
      )}
      {asked.includes("layout") && choice("layout", LAYOUTS)}
      {asked.includes("samples") && text("samples", "1000")}
      {asked.includes("output") && choice("output", Object.fromEntries(found.outputs.map((name) => [name, name])))}
      {asked.includes("rate") && text("rate", "Hz")}
      {asked.includes("scaling") && choice("scaling", SCALINGS)}
      {asked.includes("unit") && unitMatters(draft) && choice("unit", UNITS)}
      <Select
        label={label("band")}
        placeholder="Choose"
        data={[
          { value: "usual", label: `${USUAL_BAND[0]} to ${USUAL_BAND[1]} Hz` },
          { value: "none", label: "none" },
          { value: "other", label: "another" },
        ]}
        value={draft.band || null}
        onChange={(value) => set({ band: (value ?? "") as SaidDraft["band"] })}
        data-testid="said-band"
      />
      {draft.band === "other" && (
        <div className={css["pair"]}>
          <TextInput label="From, Hz" inputMode="decimal" value={draft.low} onChange={(event) => set({ low: event.currentTarget.value })} data-testid="said-low" />
          <TextInput label="To, Hz" inputMode="decimal" value={draft.high} onChange={(event) => set({ high: event.currentTarget.value })} data-testid="said-high" />
        </div>
      )}
      {asked.includes("class_names") && text("class_names", "NORM, MI, STTC")}
      {asked.includes("kind") && choice("kind", KINDS)}
      {asked.includes("value_unit") && draft.kind === "regression" && text("value_unit", "ms")}
      {text("task", "superclass")}
    </div>
  ); // prettier-ignore
}
