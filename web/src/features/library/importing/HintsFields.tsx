import { Button, Select, SimpleGrid, TextInput } from "@mantine/core";
import { Hint } from "@/ui";
import { HINT_WORDS, mistakes, STANDARD_ORDER, STORED_TYPES, type HintName, type HintsDraft } from "./hints";

interface HintsFieldsProps {
  draft: HintsDraft;
  onChange: (draft: HintsDraft) => void;
  /** Hints the files ask for; they are marked. */
  missing?: ReadonlySet<string>;
}

const UNITS = [
  { value: "mV", label: "mV, millivolt" },
  { value: "uV", label: "µV, microvolt" },
  { value: "V", label: "V, volt" },
  { value: "counts", label: "counts of the recorder" },
  { value: "relative", label: "relative, not in volts" },
];

const ORIENTATIONS = [
  { value: "leads-first", label: "one row per lead" },
  { value: "samples-first", label: "one column per lead" },
];

/** The things a file may leave unsaid, each explained. */
export function HintsFields({ draft, onChange, missing }: HintsFieldsProps) {
  const wrong = mistakes(draft);
  const label = (name: HintName) => (
    <span style={{ display: "inline-flex", gap: 4, alignItems: "center" }}>
      {HINT_WORDS[name].title}
      {missing?.has(name) && <span style={{ color: "var(--ein-bad)" }}>needed</span>}
      <Hint text={HINT_WORDS[name].explanation} />
    </span>
  );
  return (
    <SimpleGrid cols={2} spacing="md" verticalSpacing="sm" data-testid="hints-fields">
      <Select
        label={label("unit")}
        placeholder="as the file says"
        data={UNITS}
        value={draft.unit || null}
        clearable
        onChange={(unit) => onChange({ ...draft, unit: (unit ?? "") as HintsDraft["unit"] })}
        data-testid="hint-unit"
      />
      <TextInput
        label={label("rate")}
        placeholder="as the file says"
        inputMode="decimal"
        value={draft.rate}
        error={wrong.rate}
        onChange={(event) => onChange({ ...draft, rate: event.currentTarget.value })}
        data-testid="hint-rate"
      />
      {draft.unit === "counts" && (
        <>
          <TextInput
            label={label("gain")}
            inputMode="decimal"
            value={draft.gain}
            error={wrong.gain}
            onChange={(event) => onChange({ ...draft, gain: event.currentTarget.value })}
            data-testid="hint-gain"
          />
          <TextInput
            label={label("baseline")}
            placeholder="often 0"
            inputMode="decimal"
            value={draft.baseline}
            error={wrong.baseline}
            onChange={(event) => onChange({ ...draft, baseline: event.currentTarget.value })}
            data-testid="hint-baseline"
          />
        </>
      )}
      <div style={{ gridColumn: "1 / -1" }}>
        <TextInput
          label={label("leads")}
          placeholder="as the file says"
          value={draft.leads}
          onChange={(event) => onChange({ ...draft, leads: event.currentTarget.value })}
          rightSectionWidth={116}
          rightSection={
            <Button size="compact-xs" variant="subtle" onClick={() => onChange({ ...draft, leads: STANDARD_ORDER })}>
              Standard 12
            </Button>
          }
          data-testid="hint-leads"
        />
      </div>
      <Select
        label={label("orientation")}
        placeholder="as the file says"
        data={ORIENTATIONS}
        value={draft.orientation || null}
        clearable
        onChange={(value) => onChange({ ...draft, orientation: (value ?? "") as HintsDraft["orientation"] })}
        data-testid="hint-orientation"
      />
      <Select
        label={label("stored")}
        placeholder="as the file says"
        data={[...STORED_TYPES]}
        value={draft.stored || null}
        clearable
        onChange={(value) => onChange({ ...draft, stored: (value ?? "") as HintsDraft["stored"] })}
        data-testid="hint-stored"
      />
    </SimpleGrid>
  );
}
