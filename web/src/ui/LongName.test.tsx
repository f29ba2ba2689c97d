import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { LongName } from "./LongName";

it("keeps the end of a long name apart from what may be cut, and the whole of it as text and on hover", () => {
  render(<LongName text="superclass-single-inceptiontime" />);
  const name = screen.getByTitle("superclass-single-inceptiontime");
  expect(name.textContent).toBe("superclass-single-inceptiontime");
  expect(Array.from(name.children, (part) => part.textContent)).toEqual(["superclass-single", "-inceptiontime"]);
});

it("leaves a short name in one piece", () => {
  render(<LongName text="00024_lr.hea" title="records100/00000/00024_lr.hea" />);
  expect(screen.getByTitle("records100/00000/00024_lr.hea").children).toHaveLength(1);
});
