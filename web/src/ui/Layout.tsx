/** Page, Panel, Facts: how every page is built. */
import type { ReactNode } from "react";
import { useEffect } from "react";
import { ResearchNotice } from "./Tags";
import { Hint } from "./Explain";
import css from "./Layout.module.css";

interface PageProps {
  title: string;
  /** What stands in front of the title, such as a link back. */
  before?: ReactNode;
  /** Tags beside the title. */
  tags?: ReactNode;
  /** One line of facts under the title. */
  facts?: ReactNode;
  /** Buttons at the right. */
  actions?: ReactNode;
  /** Shows "Research use only": wherever results are. */
  notice?: boolean;
  /** Text in the browser's tab, when the title alone does not name the thing. */
  documentTitle?: string;
  /** Whole width and height of the window (the viewer). */
  full?: boolean;
  children: ReactNode;
}

export function Page({ title, before, tags, facts, actions, notice, documentTitle, full, children }: PageProps) {
  const name = documentTitle ?? title;
  useEffect(() => {
    document.title = `${name} · Einthoven`;
  }, [name]);
  return (
    <div className={full ? css["pageFull"] : css["page"]}>
      <header className={css["header"]}>
        <div className={css["heading"]}>
          {before}
          <h1 className={css["title"]} title={title}>
            {title}
          </h1>
          {tags}
          {actions && <div className={css["actions"]}>{actions}</div>}
        </div>
        {facts && <div className={css["facts"]}>{facts}</div>}
      </header>
      {children}
      {notice && <ResearchNotice />}
    </div>
  );
}

interface PanelProps {
  title?: ReactNode;
  /** One line for the hover beside the title. */
  explain?: ReactNode;
  /** What stands at the right of the title. */
  actions?: ReactNode;
  /** No inner space, for tables that fill the panel. */
  flush?: boolean;
  children: ReactNode;
  className?: string;
  testId?: string;
}

export function Panel({ title, explain, actions, flush, children, className, testId }: PanelProps) {
  return (
    <section className={[css["panel"], className].filter(Boolean).join(" ")} data-testid={testId}>
      {(title || actions) && (
        <div className={css["panelHead"]}>
          <h2 className={css["panelTitle"]}>{title}</h2>
          {explain && <Hint text={explain} />}
          {actions && <div className={css["actions"]}>{actions}</div>}
        </div>
      )}
      <div className={flush ? css["panelFlush"] : css["panelBody"]}>{children}</div>
    </section>
  );
}

/** Facts in one line, with middle dots between them; empty ones are left out. */
export function Facts({ items }: { items: ReactNode[] }) {
  const shown = items.filter((item) => item !== null && item !== undefined && item !== false && item !== "");
  return (
    <span className={css["factLine"]}>
      {shown.map((item, index) => (
        <span key={index} className={css["fact"]}>
          {item}
        </span>
      ))}
    </span>
  );
}

/** A grid of panels that become fewer per row as the window narrows; `min` in px. */
export function Grid({ min = 320, children }: { min?: number; children: ReactNode }) {
  return (
    <div className={css["grid"]} style={{ gridTemplateColumns: `repeat(auto-fit, minmax(min(${min}px, 100%), 1fr))` }}>
      {children}
    </div>
  );
}

/** Names and values below each other. */
export function Definitions({ rows }: { rows: { name: ReactNode; value: ReactNode }[] }) {
  return (
    <dl className={css["definitions"]}>
      {rows.map((row, index) => (
        <div key={index} className={css["definition"]}>
          <dt>{row.name}</dt>
          <dd>{row.value}</dd>
        </div>
      ))}
    </dl>
  );
}
