import css from "./LongName.module.css";

// What is told apart by its end ("...-inceptiontime-2", ".../00024_lr.hea") keeps that end; a short name is cut nowhere.
const TAIL = 14;
const SHORT = 12;

/** A name in one line that is shortened in its middle where there is no room; the whole of it (or `title`) on hover. */
export function LongName({ text, title = text }: { text: string; title?: string }) {
  const at = text.length > SHORT ? text.length - Math.min(TAIL, Math.floor(text.length / 2)) : text.length;
  return (
    <span className={css["name"]} title={title}>
      <span className={css["head"]}>{text.slice(0, at)}</span>
      {at < text.length && <span className={css["tail"]}>{text.slice(at)}</span>}
    </span>
  );
}
