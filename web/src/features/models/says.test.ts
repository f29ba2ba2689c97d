import { describe, expect, it } from "vitest";
import { foreign } from "./testing";
import { hintsOf, lengths, NOTHING_SAID, offered, unsaid } from "./says";

describe("what is said of a model", () => {
  it("sends only what was filled in", () => {
    expect(hintsOf(NOTHING_SAID)).toEqual({});
    expect(hintsOf({ ...NOTHING_SAID, leads: "I, II  V1", rate: "100,5", kind: "single-label", band: "usual", class_names: "NORM, atrial flutter", task: " rhythm " })).toEqual({
      leads: ["I", "II", "V1"], rate: 100.5, kind: "single-label", band: [0.5, 40], class_names: ["NORM", "atrial flutter"], task: "rhythm",
    }); // prettier-ignore
    expect(hintsOf({ ...NOTHING_SAID, band: "other", low: "1", high: "30" })).toEqual({ band: [1, 30] });
    expect(hintsOf({ ...NOTHING_SAID, band: "none" })).toEqual({});
  });

  it("says a unit of the answer only for a number", () => {
    expect(hintsOf({ ...NOTHING_SAID, kind: "regression", value_unit: " ms " })).toEqual({ kind: "regression", value_unit: "ms" });
    expect(hintsOf({ ...NOTHING_SAID, kind: "single-label", value_unit: "ms" })).toEqual({ kind: "single-label" });
    expect(unsaid({ ...NOTHING_SAID, kind: "regression", band: "none" }, ["kind", "value_unit"])).toEqual(new Set(["value_unit"]));
    expect(unsaid({ ...NOTHING_SAID, kind: "single-label", band: "none" }, ["kind", "value_unit"])).toEqual(new Set());
  });

  it("leaves the unit out where the signal is scaled", () => {
    expect(hintsOf({ ...NOTHING_SAID, scaling: "z_score lead", unit: "mV" })).toEqual({ scaling: "z_score lead" });
    expect(hintsOf({ ...NOTHING_SAID, scaling: "none", unit: "uV" })).toEqual({ scaling: "none", unit: "uV" });
    expect(unsaid({ ...NOTHING_SAID, scaling: "z_score lead", band: "none" }, ["scaling", "unit"])).toEqual(new Set());
  });

  it("takes nothing usual by itself, and the filter must be chosen", () => {
    expect(unsaid(NOTHING_SAID, ["leads", "kind"])).toEqual(new Set(["leads", "kind", "band"]));
    expect(unsaid({ ...NOTHING_SAID, leads: "I", kind: "regression", band: "other", low: "1" }, ["leads", "kind"])).toEqual(new Set(["band"]));
  });

  it("offers what is usual", () => {
    const found = foreign({ offers: { leads: ["I", "II"], scaling: "none" } });
    expect([offered(found, "leads"), offered(found, "scaling"), offered(found, "kind")]).toEqual(["I II", "none", ""]);
  });

  it("says how long the input is at usual rates", () => {
    expect(lengths(1000)).toContain("1000 samples are 10 s at 100 Hz, 4 s at 250 Hz, 2.5 s at 400 Hz, or 2 s at 500 Hz.");
  });
});
