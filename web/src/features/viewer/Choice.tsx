/** A button that shows what is chosen, and a menu with the choices. */
import { Button, Menu } from "@mantine/core";
import { IconCheck, IconChevronDown } from "@tabler/icons-react";
import type { ReactNode } from "react";
import css from "./viewer.module.css";

export interface Choosable<T> {
  readonly value: T;
  readonly title: string;
  readonly explanation?: string;
}

interface ChoiceProps<T> {
  /** What is chosen here, for screen readers and the hover. */
  label: string;
  shown: string;
  value: T;
  choices: readonly Choosable<T>[];
  onChoose: (value: T) => void;
  testId: string;
  /** More in the same menu. */
  children?: ReactNode;
}

export function Choice<T extends string | number>({ label, shown, value, choices, onChoose, testId, children }: ChoiceProps<T>) {
  return (
    <Menu position="bottom-start" shadow="md" withinPortal>
      <Menu.Target>
        <Button
          variant="default" size="xs" className={css["choice"]} title={label} aria-label={`${label}: ${shown}`} data-testid={testId}
          rightSection={<IconChevronDown size={14} aria-hidden />}
        >
          {shown}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={css["menu"]}>
        <Menu.Label>{label}</Menu.Label>
        <Items value={value} choices={choices} onChoose={onChoose} testId={testId} />
        {children}
      </Menu.Dropdown>
    </Menu>
  );
}

type ItemsProps<T> = Pick<ChoiceProps<T>, "value" | "choices" | "onChoose" | "testId">;

export function Items<T extends string | number>({ value, choices, onChoose, testId }: ItemsProps<T>) {
  return choices.map((choice) => (
    <Menu.Item
      key={choice.value}
      role="menuitemradio"
      aria-checked={choice.value === value}
      onClick={() => onChoose(choice.value)}
      leftSection={<IconCheck size={14} aria-hidden style={{ visibility: choice.value === value ? "visible" : "hidden" }} />}
      data-testid={`${testId}-${choice.value}`}
    >
      <span className={css["menuTitle"]}>{choice.title}</span>
      {choice.explanation !== undefined && <span className={css["menuNote"]}>{choice.explanation}</span>}
    </Menu.Item>
  ));
}
