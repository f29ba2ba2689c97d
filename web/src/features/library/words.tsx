/** Facts of datasets in words. */
import { Popover, UnstyledButton } from "@mantine/core";
import type { Dataset } from "@/api";
import { fmt } from "@/ui";
import css from "./library.module.css";

export function rates(values: readonly number[]): string {
  if (values.length === 0) return "";
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length <= 3) return `${sorted.map((rate) => fmt.plain(rate, 2)).join(", ")} Hz`;
  return `${fmt.plain(sorted[0], 2)} to ${fmt.plain(sorted[sorted.length - 1], 2)} Hz`;
}

/** A format's name as people write it: abbreviations in capitals, "simulated" as the word it is. */
export function formatWord(name: string): string {
  return name === "simulated" ? name : name.toUpperCase();
}

export function amplitudeWords(values: readonly Dataset["amplitudes"][number][]): string {
  if (values.length === 0) return "";
  if (values.length > 1) return "amplitude partly in mV, partly relative";
  return values[0] === "mV" ? "amplitude in mV" : "amplitude relative";
}

/** Where amplitudes are relative, what that means for what one can do. */
export function AmplitudeHelp({ values }: { values: Dataset["amplitudes"] }) {
  if (!values.includes("relative")) return null;
  return (
    <Popover width={400} position="bottom-start" shadow="md">
      <Popover.Target>
        <UnstyledButton className={css["link"]} data-testid="amplitude-help">
          what does this mean?
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <p className={css["paragraph"]}>
          <strong>Relative</strong> means: the files hold the shape of the ECG, but not its height in millivolt. Often somebody has
          divided each lead by its own spread before sharing the data.
        </p>
        <p className={css["paragraph"]}>
          Rhythm and times (heart rate, PR, QRS, QT) can be measured as usual. Heights cannot: no statement about voltage, ST
          elevation in mm or low voltage is possible, and no such figure is shown.
        </p>
        <p className={css["paragraph"]}>
          Models whose last step is a z-score can be trained on them and used with them, as that step removes the height anyway.
        </p>
      </Popover.Dropdown>
    </Popover>
  );
}

export const KIND_WORDS: Record<string, { word: string; explain: string }> = {
  "single-label": { word: "one class each", explain: "Every ECG has exactly one of the classes." },
  "multi-label": { word: "several classes possible", explain: "An ECG can have none, one or several of the classes." },
  regression: { word: "a number", explain: "Every ECG has a value, such as an age." },
};
