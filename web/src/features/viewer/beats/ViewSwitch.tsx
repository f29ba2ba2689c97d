/** Which view of the ECG; which marks are on the paper, and the way to correct them. */
import { Button, SegmentedControl, Tooltip } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { Choice } from "../Choice";
import { MARKS, type Marks, VIEWS, type ViewId, viewOf } from "./settings";

export function ViewSwitch({ view, onView }: { view: ViewId; onView: (view: ViewId) => void }) {
  return (
    <SegmentedControl
      size="xs" aria-label="View (1 to 4)" value={view} onChange={(value) => onView(viewOf(value))} data-testid="view-switch"
      data={VIEWS.map(({ id, title, explanation }) => ({ value: id, label: <span title={explanation}>{title}</span> }))}
    />
  );
}

interface MarksButtonsProps {
  marks: Marks;
  onMarks: (marks: Marks) => void;
  correcting: boolean;
  /** null: there is nothing to correct. */
  onCorrect: (() => void) | null;
}

export function MarksButtons({ marks, onMarks, correcting, onCorrect }: MarksButtonsProps) {
  const chosen = MARKS.find(({ value }) => value === marks) ?? MARKS[0]!;
  return (
    <>
      <Choice<Marks> label="Marks of the beats (M)" shown={chosen.short} value={marks} testId="marks" choices={MARKS} onChoose={onMarks} />
      <Tooltip label="Correct the marks by hand (E)">
        <Button
          size="xs" variant={correcting ? "filled" : "default"} aria-pressed={correcting} leftSection={<IconPencil size={16} aria-hidden />} disabled={onCorrect === null}
          onClick={() => onCorrect?.()} data-testid="correct"
        >
          Correct
        </Button>
      </Tooltip>
    </>
  );
}
