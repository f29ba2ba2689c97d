import { Button, Chip, Input } from "@mantine/core";
import { fmt } from "@/ui";
import { foldNumbers, foldsNamed } from "./draft";
import css from "./train.module.css";

interface FoldPickerProps {
  readonly label: string;
  readonly description: string;
  /** Records per fold, as the dataset's summary counts them. */
  readonly folds: Readonly<Record<string, number>>;
  /** Empty: all of them. */
  readonly value: readonly number[];
  readonly onChange: (folds: readonly number[]) => void;
}

/** Which folds; nothing where the dataset has none. */
export function FoldPicker({ label, description, folds, value, onChange }: FoldPickerProps) {
  const numbers = foldNumbers(folds);
  if (numbers.length < 2) return null;
  const chosen = value.length === 0 ? numbers : value;
  const n = chosen.reduce((sum, fold) => sum + (folds[String(fold)] ?? 0), 0);
  return (
    <Input.Wrapper label={label} description={description} labelElement="div">
      <Chip.Group multiple value={value.map(String)} onChange={(picked) => onChange(picked.map(Number).sort((a, b) => a - b))}>
        <div className={css.folds} role="group" aria-label={label} data-testid="folds">
          {numbers.map((fold) => (
            <Chip key={fold} value={String(fold)} wrapperProps={{ "data-testid": `fold-${fold}` }} size="xs" radius="sm" icon={null} classNames={{ iconWrapper: css.noIcon, label: css.fold }}>
              {fold}
            </Chip>
          ))}
        </div>
      </Chip.Group>
      <div className={css.foldWords}>
        {value.length === 0 ? "All folds" : foldsNamed(value)}: {fmt.plural(n, "ECG")}
        {value.length > 0 && (
          <Button variant="subtle" size="compact-xs" onClick={() => onChange([])}>
            All
          </Button>
        )}
      </div>
    </Input.Wrapper>
  );
}
