/** Something that is seldom looked at, behind its title; and names in a list that does not grow without end. */
import { UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { fmt } from "@/ui";
import css from "./importing.module.css";

export function Fold({ title, children, testId }: { title: string; children: ReactNode; testId?: string }) {
  const [open, setOpen] = useState(false);
  return (
    <div>
      <UnstyledButton className={css["fold"]} onClick={() => setOpen(!open)} aria-expanded={open} data-testid={testId}>
        {open ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
        {title}
      </UnstyledButton>
      {open && children}
    </div>
  );
}

export function Names({ names, total }: { names: readonly string[]; total: number }) {
  const shown = names.slice(0, 50);
  return (
    <ul className={css["list"]}>
      {shown.map((name) => (
        <li key={name}>{name}</li>
      ))}
      {total > shown.length && <li className="ein-quiet">and {fmt.count(total - shown.length)} more</li>}
    </ul>
  );
}
