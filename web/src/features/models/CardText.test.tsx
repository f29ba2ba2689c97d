import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { blocksOf, CardText } from "./CardText";

const CARD = `---
license: "cc-by-4.0"
---

# net-pace

Research use only.

## What it answers

Probabilities: exactly one of

- NORM: normal (\`A\`)
- MI: <b>infarction</b>

1. first

| number | value |
|---|---|
| AUROC | 0.9 |

See [Einthoven](javascript:alert).
`;

it("reads titles, paragraphs, lists and tables, and leaves the head out", () => {
  expect(blocksOf(CARD)).toEqual([
    { kind: "title", lines: ["net-pace"] },
    { kind: "lines", lines: ["Research use only."] },
    { kind: "section", lines: ["What it answers"] },
    { kind: "lines", lines: ["Probabilities: exactly one of"] },
    { kind: "list", numbered: false, lines: ["NORM: normal (A)", "MI: <b>infarction</b>"] },
    { kind: "list", numbered: true, lines: ["first"] },
    { kind: "table", rows: [["number", "value"], ["AUROC", "0.9"]] },
    { kind: "lines", lines: ["See Einthoven."] },
  ]); // prettier-ignore
  expect(blocksOf("")).toEqual([]);
});

it("shows what a stranger wrote as text, never as HTML or a link", () => {
  render(<CardText card={CARD} />);
  expect(screen.getByText("MI: <b>infarction</b>")).toBeTruthy();
  expect(screen.getByTestId("model-card-text").querySelectorAll("b, a, script")).toHaveLength(0);
});
