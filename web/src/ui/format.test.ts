import { describe, expect, it } from "vitest";
import { fmt, NONE } from "./format";

describe("figures in words", () => {
  it.each([
    [fmt.count(1625), "1,625"],
    [fmt.fixed(0.8412), "0.84"],
    [fmt.fixed(null), NONE],
    [fmt.plain(257.5), "257.5"],
    [fmt.percent(0.123), "12 %"],
    [fmt.bytes(1_536_000), "1.5 MB"],
    [fmt.bytes(12), "12 B"],
    [fmt.seconds(0.42), "0.4 s"],
    [fmt.seconds(75), "1 min 15 s"],
    [fmt.seconds(3600), "1 h"],
    [fmt.left(75), "about 1 min"],
    [fmt.left(3), "a few seconds"],
    [fmt.rate(500), "500 Hz"],
    [fmt.plural(1, "ECG"), "1 ECG"],
    [fmt.plural(0, "ECG"), "0 ECGs"],
  ])("%s is %s", (shown, wanted) => {
    expect(shown).toBe(wanted);
  });
});
