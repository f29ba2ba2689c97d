import type { ReactNode } from "react";
import css from "./models.module.css";

type Block = { readonly kind: "title" | "section" | "lines"; readonly lines: readonly string[] } | { readonly kind: "list"; readonly lines: readonly string[]; readonly numbered: boolean } | { readonly kind: "table"; readonly rows: readonly (readonly string[])[] };

/** A model's card, of the little Markdown that cards use. It may come from a stranger: all of it is shown as text. */
export function CardText({ card }: { card: string }) {
  return <div className={css["cardText"]} data-testid="model-card-text">{blocksOf(card).map(shown)}</div>;
} // prettier-ignore

function shown(block: Block, key: number): ReactNode {
  switch (block.kind) {
    case "title":
      return <h3 key={key}>{block.lines[0]}</h3>;
    case "section":
      return <h4 key={key}>{block.lines[0]}</h4>;
    case "list": {
      const items = block.lines.map((line, index) => <li key={index}>{line}</li>);
      return block.numbered ? <ol key={key}>{items}</ol> : <ul key={key}>{items}</ul>;
    }
    case "table":
      return (
        <table key={key}>
          <thead>
            <tr>{block.rows[0]?.map((cell, index) => <th key={index}>{cell}</th>)}</tr>
          </thead>
          <tbody>
            {block.rows.slice(1).map((row, index) => (
              <tr key={index}>
                {row.map((cell, place) => (
                  <td key={place}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
    case "lines":
      return (
        <p key={key}>
          {block.lines.map((line, index) => (
            <span key={index}>{line}{" "}</span>
          ))}
        </p>
      );
  }
} // prettier-ignore

/** Titles, paragraphs, lists and tables, without the head, which is for programs. */
export function blocksOf(card: string): readonly Block[] {
  const body = card.replace(/^---\n[\s\S]*?\n---\n+/, "");
  const blocks: Block[] = [];
  for (const part of body.split(/\n{2,}/)) {
    let lines: string[] = [];
    const end = () => {
      if (lines.length > 0) blocks.push({ kind: "lines", lines });
      lines = [];
    };
    const all = part.split("\n").filter((line) => line.trim() !== "");
    if (all.length > 0 && all.every((line) => line.startsWith("|"))) {
      const rows = all.map((line) => line.split("|").slice(1, -1).map((cell) => plain(cell.trim())));
      blocks.push({ kind: "table", rows: rows.filter((row) => !row.every((cell) => /^:?-+:?$/.test(cell))) });
      continue;
    }
    for (const line of all) {
      const heading = /^(#{1,6}) (.*)$/.exec(line);
      const item = /^(?:[-*]|\d+\.) (.*)$/.exec(line);
      if (heading !== null) {
        end();
        blocks.push({ kind: heading[1] === "#" ? "title" : "section", lines: [plain(heading[2] ?? "")] });
      } else if (item !== null) {
        end();
        const last = blocks.at(-1);
        const numbered = /^\d/.test(line);
        if (last?.kind === "list" && last.numbered === numbered && line !== all[0]) blocks[blocks.length - 1] = { ...last, lines: [...last.lines, plain(item[1] ?? "")] };
        else blocks.push({ kind: "list", numbered, lines: [plain(item[1] ?? "")] });
      } else lines.push(plain(line));
    }
    end();
  }
  return blocks;
} // prettier-ignore

/** Without the marks of code, and links by their words. */
function plain(text: string): string {
  return text.replaceAll("`", "").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
}
