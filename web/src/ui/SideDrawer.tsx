/** A panel at the right edge that stays while one works on the page behind it. */
import { ActionIcon, Portal } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useEffect, useId, type ReactNode } from "react";
import { isTyping } from "./keys";
import css from "./SideDrawer.module.css";

interface SideDrawerProps {
  opened: boolean;
  title: ReactNode;
  onClose: () => void;
  /** What stands at the bottom and stays in sight. */
  footer?: ReactNode;
  children: ReactNode;
  testId?: string;
}

// Closed, it is hidden and not taken away: what goes on inside goes on.

export function SideDrawer({ opened, title, onClose, footer, children, testId }: SideDrawerProps) {
  const heading = useId();
  useEffect(() => {
    if (!opened) return;
    const close = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !isTyping(event)) onClose();
    };
    window.addEventListener("keydown", close);
    return () => window.removeEventListener("keydown", close);
  }, [opened, onClose]);
  useEffect(() => {
    if (!opened) return;
    document.documentElement.setAttribute("data-drawer", "open");
    return () => document.documentElement.removeAttribute("data-drawer");
  }, [opened]);
  return (
    <Portal>
      <aside className={css["drawer"]} role="complementary" aria-labelledby={heading} hidden={!opened} data-testid={testId}>
        <header className={css["head"]}>
          <h2 id={heading} className={css["title"]}>
            {title}
          </h2>
          <ActionIcon aria-label="Close" onClick={onClose}>
            <IconX size={18} />
          </ActionIcon>
        </header>
        <div className={css["body"]}>{children}</div>
        {footer && <footer className={css["foot"]}>{footer}</footer>}
      </aside>
    </Portal>
  );
}
