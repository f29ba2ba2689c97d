/** The frame of every page: rail, top bar, and the page. */
import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { KeysProvider } from "@/ui";
import { ImportProvider } from "@/features/library/importing/ImportProvider";
import { Rail } from "./Rail";
import { TopBar } from "./TopBar";
import css from "./Shell.module.css";

export function Shell() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    document.getElementById("page")?.focus({ preventScroll: true });
  }, [path]);
  return (
    <KeysProvider>
      <ImportProvider>
        <div className={css["shell"]}>
          <a href="#page" className={css["skip"]}>
            To the content
          </a>
          <TopBar />
          <Rail />
          <main id="page" className={css["page"]} tabIndex={-1}>
            <Outlet />
          </main>
        </div>
      </ImportProvider>
    </KeysProvider>
  );
}
