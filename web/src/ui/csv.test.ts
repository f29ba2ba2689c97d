import { describe, expect, it } from "vitest";
import { toCsv } from "./csv";

describe("CSV", () => {
  it("quotes commas, quotes and line breaks as RFC 4180 says", () => {
    expect(toCsv(["a", "b"], [['x, "y"', "1\n2"]])).toBe('a,b\r\n"x, ""y""","1\n2"\r\n');
  });

  it("writes what is missing as an empty cell and numbers in full", () => {
    expect(toCsv(["a", "b", "c", "d"], [[null, undefined, 0.123456789, Number.NaN]])).toBe("a,b,c,d\r\n,,0.123456789,\r\n");
  });

  it("defuses cells that a spreadsheet would run as formulas, but leaves negative numbers alone", () => {
    expect(toCsv(["a"], [["=1+1"], ["@x"], ["-5"], [-5]])).toBe("a\r\n'=1+1\r\n'@x\r\n-5\r\n-5\r\n");
  });
});
