import { describe, expect, it } from "vitest";
import { asProblem, problemFrom } from "./problem";

describe("problems of the server", () => {
  it("keep title, detail, advice, the error's name and the hints that are missing", () => {
    const problem = problemFrom(422, {
      type: "urn:einthoven:HintsNeeded",
      title: "The file does not say everything",
      status: 422,
      detail: "a.csv states no rate.",
      advice: "Say so on the import form.",
      missing: ["rate", "unit"],
    });
    expect(problem).toMatchObject({ kind: "HintsNeeded", status: 422, detail: "a.csv states no rate.", advice: "Say so on the import form." });
    expect(problem.missing).toEqual(["rate", "unit"]);
  });

  it("are made in plain words from an answer that is no problem+json", () => {
    const problem = problemFrom(502, "<html>Bad gateway</html>".repeat(40));
    expect(problem.title).toBe("The server failed");
    expect(problem.detail).toBe("The server answered 502.");
    expect(problem.advice).not.toBe("");
  });

  it("say that the program is away when nothing answers", () => {
    expect(asProblem(new TypeError("Failed to fetch")).kind).toBe("Unreachable");
  });

  it("show a mistake of the page as one", () => {
    expect(asProblem(new Error("x is undefined"))).toMatchObject({ kind: "PageError", detail: "x is undefined" });
  });
});
