/** One line of help at the place where the word stands; on hover and on focus. */
import { Tooltip } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import css from "./Explain.module.css";

/** A word with a dotted underline and its explanation. */
export function Explain({ text, children }: { text: ReactNode; children: ReactNode }) {
  if (!text) return <>{children}</>;
  return (
    <Tooltip label={text}>
      <span className={css["word"]} tabIndex={0}>
        {children}
      </span>
    </Tooltip>
  );
}

/** A small "i" with an explanation. */
export function Hint({ text }: { text: ReactNode }) {
  return (
    <Tooltip label={text}>
      <span className={css["hint"]} tabIndex={0} role="img" aria-label={typeof text === "string" ? text : "Explanation"}>
        <IconInfoCircle size={16} stroke={1.75} aria-hidden />
      </span>
    </Tooltip>
  );
}
