import { describe, expect, it } from "vitest";
import { plainSearch } from "../../../src/trace/searchQuery";
import { literalMatcher } from "../../../src/trace/searchText";
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
