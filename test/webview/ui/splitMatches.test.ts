import { describe, expect, it } from "vitest";
import { plainSearch } from "../../../src/trace/searchQuery";
import { literalMatcher } from "../../../src/trace/searchText";
import { changeLines } from "../../../webview/ui/details/diffView";
import { splitMatches } from "../../../webview/ui/highlighted";

describe("marking what was searched for", () => {
  it.each([
    ["npm test -- tax", "tax", ["npm test -- ", "tax", ""]],
    ["Tax and TAX", "tax", ["", "Tax", " and ", "TAX", ""]],
    ["Tax and TAX", "Tax", ["", "Tax", " and TAX"]],
    ["aaaa", "aa", ["", "aa", "", "aa", ""]],
    ["İstanbul tax", "tax", ["İstanbul ", "tax", ""]],
    ["nothing", "x", ["nothing"]],
  ])("in %j for %j", (value, search, parts) => {
    const places = literalMatcher({ ...plainSearch, text: search }).places(value, 10);
    expect(splitMatches(value, places)).toEqual(parts);
    expect(splitMatches(value, places).join("")).toBe(value);
  });
});

describe("the lines of a change", () => {
  const render = (before: string, after: string) =>
    changeLines(before, after).map(({ sign, content }) => `${sign}${content}`);

  it("are old, new and common lines in their order", () => {
    expect(render("a\nb\nc", "a\nx\nc\n")).toEqual([" a", "-b", "+x", " c"]);
  });

  it.each([
    ["from nothing", "", "a\nb", ["+a", "+b"]],
    ["to nothing", "a", "", ["-a"]],
    ["of empty lines", "a\n\nb", "a\nb", [" a", "-", " b"]],
  ])("%s", (_, before, after, lines) => {
    expect(render(before, after)).toEqual(lines);
  });

  it("come old before new where the texts are too long to compare", () => {
    const lines = render("a\n".repeat(40_000), "b\n".repeat(40_000));
    expect(lines[0]).toBe("-a");
    expect(lines.at(-1)).toBe("+b");
  });
});
