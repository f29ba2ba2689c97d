/** A doubt in words, over as many lines as it needs. */
import { IconAlertTriangle } from "@tabler/icons-react";
import css from "./viewer.module.css";

export function Doubt({ words }: { words: string }) {
  return (
    <span className={css["doubt"]}>
      <IconAlertTriangle size={16} aria-label="Doubt:" role="img" />
      <span>{words}</span>
    </span>
  );
}
