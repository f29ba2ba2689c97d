/** Whether the files are a published data set, which then brings its labels, patients and folds. */
import { SegmentedControl, Select } from "@mantine/core";
import type { LayoutView } from "@/api";
import { WithCode } from "@/ui";
import css from "./importing.module.css";

interface LayoutChoiceProps {
  layouts: readonly LayoutView[];
  chosen: string | null;
  onChoose: (name: string | null) => void;
  /** Rates that were seen among the files. */
  rates: readonly number[];
  resolution: number | null;
  onResolution: (rate: number) => void;
}

const PLAIN = "";

export function LayoutChoice({ layouts, chosen, onChoose, rates, resolution, onResolution }: LayoutChoiceProps) {
  const layout = layouts.find((one) => one.name === chosen);
  const possible = (layout?.resolutions ?? []).filter((rate) => rates.length === 0 || rates.includes(rate));
  return (
    <div className={css["layout"]}>
      <Select
        label="What are these files?"
        allowDeselect={false}
        data={[
          { value: PLAIN, label: "ECG files" },
          ...layouts.map((one) => ({ value: one.name, label: one.title, disabled: one.reason !== "" })),
        ]}
        value={chosen ?? PLAIN}
        onChange={(value) => onChoose(value === PLAIN ? null : value)}
        data-testid="import-layout"
      />
      {layout && (
        <div className={css["note"]} data-testid="import-layout-note">
          <span>
            <WithCode text={layout.brings} />
          </span>
          <span className="ein-quiet">
            The folder holds <WithCode text={layout.holds} />.
          </span>
          {layout.tried === "" && <span className="ein-quiet">No real files of it could be tried yet: look at the result with care.</span>}
          {possible.length > 1 && (
            <div className={css["line"]}>
              Signals at
              <SegmentedControl
                size="xs"
                data={possible.map((rate) => ({ value: String(rate), label: `${rate} Hz` }))}
                value={String(resolution ?? possible[0])}
                onChange={(value) => onResolution(Number(value))}
              />
            </div>
          )}
        </div>
      )}
    </div>
  );
}
