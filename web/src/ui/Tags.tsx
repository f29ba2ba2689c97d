/** States and marks. A state is never a colour alone: icon and word stand with it. */
import { Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconFlask2, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import css from "./Tags.module.css";

export type State = "good" | "doubt" | "bad" | "neutral";

const ICONS = { good: IconCircleCheck, doubt: IconAlertTriangle, bad: IconCircleX, neutral: IconInfoCircle } as const;

interface StateTagProps {
  state: State;
  word: ReactNode;
  /** Why, on hover. */
  explain?: ReactNode;
  /** Without a filled ground, for table cells. */
  plain?: boolean;
  testId?: string;
}

export function StateTag({ state, word, explain, plain, testId }: StateTagProps) {
  const Icon = ICONS[state];
  const tag = (
    <span
      className={`${css["tag"]} ${css[state]} ${plain ? css["plain"] : ""}`}
      data-state={state}
      data-testid={testId}
      tabIndex={explain ? 0 : undefined}
    >
      <Icon size={14} stroke={2} aria-hidden />
      {word}
    </span>
  );
  return explain ? <Tooltip label={explain}>{tag}</Tooltip> : tag;
}

/** Wherever data that no patient ever had, or models trained on them, are seen. */
export function SimulatedTag({ what = "These ECGs were computed, not recorded: no patient ever had them." }: { what?: string }) {
  return (
    <Tooltip label={what}>
      <span className={`${css["tag"]} ${css["simulated"]}`} tabIndex={0} data-testid="simulated-tag">
        <IconFlask2 size={14} stroke={2} aria-hidden />
        simulated
      </span>
    </Tooltip>
  );
}

/** A neutral mark: a lead name, a code, a kind. */
export function Mark({ children, title }: { children: ReactNode; title?: string }) {
  return (
    <span className={`${css["tag"]} ${css["mark"]}`} title={title}>
      {children}
    </span>
  );
}

/** A class with its colour as a small square; the word stays in the text colour. */
export function ClassMark({ name, title, colour }: { name: string; title?: string; colour: string }) {
  return (
    <span className={css["class"]} title={title}>
      <span className={css["square"]} style={{ background: colour }} aria-hidden />
      {name}
    </span>
  );
}

export const RESEARCH_NOTICE = "Research use only, not a medical device.";

export function ResearchNotice({ compact }: { compact?: boolean }) {
  return (
    <p className={compact ? css["noticeCompact"] : css["notice"]} data-testid="research-notice">
      {compact ? "Research use only" : RESEARCH_NOTICE}
    </p>
  );
}
