/** The sheet that leaves the printer instead of the page: made when printing begins, by button, key or the browser's menu. */
import { useEffect, useState } from "react";
import { createPortal, flushSync } from "react-dom";
import css from "./viewer.module.css";

export function PrintSheet({ make }: { make: () => string }) {
  const [sheet, setSheet] = useState("");
  useEffect(() => {
    const before = () => flushSync(() => setSheet(make()));
    const after = () => setSheet("");
    window.addEventListener("beforeprint", before);
    window.addEventListener("afterprint", after);
    return () => {
      window.removeEventListener("beforeprint", before);
      window.removeEventListener("afterprint", after);
    };
  }, [make]);
  return createPortal(
    <div className={css["sheet"]} data-testid="viewer-sheet">
      <style media="print">{"@page { size: A4 landscape; margin: 0; }"}</style>
      {/* Our own drawing: every text in it is escaped by the SVG pen. */}
      <div dangerouslySetInnerHTML={{ __html: sheet }} />
    </div>,
    document.body,
  );
}
