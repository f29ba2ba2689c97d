/** The buttons of a view, in the toolbar of the page. */
import type { ReactNode } from "react";
import { createPortal } from "react-dom";
import css from "./beats.module.css";

export function ViewBar({ place, children }: { place: HTMLElement | null; children: ReactNode }) {
  return place === null ? null : createPortal(<div className={css["bar"]}>{children}</div>, place);
}
