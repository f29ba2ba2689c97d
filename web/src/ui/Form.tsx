/** A form that lies across a panel: its fields side by side, and below them what starts it. */
import type { ReactNode } from "react";
import css from "./Form.module.css";

interface FormGridProps {
  /** Widths of the columns, as CSS has them; three alike if left out. */
  columns?: string;
  children: ReactNode;
}

export function FormGrid({ columns = "repeat(3, minmax(0, 1fr))", children }: FormGridProps) {
  return (
    <div className={css["grid"]} style={{ gridTemplateColumns: columns }}>
      {children}
    </div>
  );
}

/** The last line, over all columns: the last child (the button) stands at its right end. */
export function FormEnd({ children }: { children: ReactNode }) {
  return <div className={css["end"]}>{children}</div>;
}
