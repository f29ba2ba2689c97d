import { Select, TextInput } from "@mantine/core";
import type { TrainOption } from "@/api";
import { fault } from "./draft";
import css from "./train.module.css";

interface AdvancedProps {
  readonly options: readonly TrainOption[];
  readonly values: Readonly<Record<string, string>>;
  readonly onChange: (name: string, value: string) => void;
}

/** The recipe's settings; what is left empty stays at the default that stands in the field. */
export function Advanced({ options, values, onChange }: AdvancedProps) {
  return (
    <div className={css.advanced} data-testid="advanced">
      {options.map((entry) => {
        const value = values[entry.name] ?? "";
        const common = { label: entry.title, description: entry.explanation, "data-testid": `option-${entry.name}` };
        if (entry.choices.length > 0)
          return (
            <Select
              key={entry.name}
              {...common}
              data={entry.choices}
              value={value === "" ? null : value}
              placeholder={entry.default}
              onChange={(chosen) => onChange(entry.name, chosen ?? "")}
              clearable
            />
          );
        return (
          <TextInput
            key={entry.name}
            {...common}
            inputMode="decimal"
            value={value}
            placeholder={entry.default}
            error={fault(entry, value)}
            onChange={(event) => onChange(entry.name, event.currentTarget.value)}
          />
        );
      })}
    </div>
  );
}
