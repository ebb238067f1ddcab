// Every text of the table is shown somewhere, and every part of a text has its argument.
import "../englishTexts";
import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { webviewTexts } from "../../../src/protocol/webviewTexts";
import { text } from "../../../webview/text";

const sources = globSync("webview/**/*.{ts,tsx}").map((file) => readFileSync(file, "utf8"));

describe("the texts of the panel", () => {
  it("are all in use", () => {
    const unused = Object.keys(webviewTexts).filter((key) => !sources.some((source) => source.includes(`"${key}"`)));
    // The two views name their own texts.
    expect(unused).toEqual([]);
  });

  it("take arguments in order, and an argument never acts as a pattern", () => {
    expect(text("matchOf", 2, "$&{0}")).toBe("2 of $&{0}");
  });
});
