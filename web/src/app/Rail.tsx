import { Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { Link, useRouterState } from "@tanstack/react-router";
import { isActive, PAGES, SETTINGS, type PageEntry } from "./pages";
import css from "./Shell.module.css";

function Entry({ entry, path, folded }: { entry: PageEntry; path: string; folded: boolean }) {
  const active = isActive(entry, path);
  return (
    <Tooltip label={entry.word} position="right" disabled={!folded}>
      <Link
        to={entry.to}
        className={css["item"]}
        data-active={active}
        aria-current={active ? "page" : undefined}
        aria-label={entry.word}
        data-testid={`nav-${entry.word.toLowerCase()}`}
      >
        <entry.icon size={20} stroke={1.75} aria-hidden />
        <span className={css["word"]}>{entry.word}</span>
      </Link>
    </Tooltip>
  );
}

export function Rail() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const folded = useMediaQuery("(max-width: 1279px)") ?? false;
  return (
    <nav className={css["rail"]} aria-label="Pages">
      {PAGES.map((entry) => (
        <Entry key={entry.to} entry={entry} path={path} folded={folded} />
      ))}
      <div className={css["bottom"]}>
        <Entry entry={SETTINGS} path={path} folded={folded} />
      </div>
    </nav>
  );
}
