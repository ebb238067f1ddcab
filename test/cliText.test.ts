// The texts of the command line: how wide they are, how they are cut and broken, and that nothing in them can act.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { paintLine, screenOf } from "../src/cli/screen";
import { cutToWidth, textWidth, wrapToWidth } from "../src/cli/textWidth";
import { jsonLine, visibleLine, visibleLines } from "../src/cli/visibleText";

/** What a terminal obeys, and what nobody sees: none of it may be printed. */
const acting = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufff9-\ufffb]/u;
const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom("\u001b[2J", "\r", "\n", "\t", "\u009b", "\u202e", "漢", "e\u0301"),
  ),
});

describe("textWidth", () => {
  it.each([
    ["abc", 3],
    ["", 0],
    ["漢字", 4],
    ["한국", 4],
    ["ｶﾅ", 2],
    ["Ａ", 2],
    ["e\u0301", 1],
    ["👩‍👩‍👧", 2],
    ["🇨🇭", 2],
    ["❤️", 2],
    ["❤", 1],
    ["…│├✓", 4],
    ["ก็", 1],
    ["\u1112\u1161\u11ab", 2],
  ])("of %s is %i", (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

describe("cutToWidth", () => {
  it("leaves alone what fits and cuts no wide character in half", () => {
    expect(cutToWidth("漢字", 4)).toBe("漢字");
    expect(cutToWidth("漢字漢", 5)).toBe("漢字…");
    expect(cutToWidth("漢字漢", 4)).toBe("漢…");
    expect(cutToWidth("abc", 0)).toBe("");
  });

  it("never makes a text that is too wide, nor one that was not there", () => {
    fc.assert(
      fc.property(anyText, fc.nat(30), (text, width) => {
        const shown = visibleLine(text);
        const cut = cutToWidth(shown, width);
        expect(textWidth(cut)).toBeLessThanOrEqual(width);
        if (cut !== shown && width > 0) {
          expect(cut.endsWith("…")).toBe(true);
          expect(shown.startsWith(cut.slice(0, -1))).toBe(true);
        }
      }),
    );
  });
});

describe("wrapToWidth", () => {
  it("breaks at a space where there is one", () => {
    expect([...wrapToWidth("expected 21 to be 20", 12)]).toEqual(["expected 21", "to be 20"]);
    expect([...wrapToWidth("漢字漢字", 5)]).toEqual(["漢字", "漢字"]);
    expect([...wrapToWidth("", 5)]).toEqual([""]);
  });

  it("loses nothing but spaces, and no line is wider than a character needs", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 30 }), (text, width) => {
        const shown = visibleLine(text);
        const lines = [...wrapToWidth(shown, width)];
        expect(lines.join("").replaceAll(" ", "")).toBe(shown.replaceAll(" ", ""));
        // A single character may be wider than a very narrow screen.
        if (width > 20) for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe("visibleLine and visibleLines", () => {
  it("show as pictures what would act on the terminal", () => {
    expect(visibleLine("a\u001b[31mred\r\nb\tc\u0007\u009b2J\u202ed")).toBe("a␛[31mred␍␊b␉c␇⟨U+009B⟩2J⟨U+202E⟩d");
    expect(visibleLines("\n\u001b[31mred\u001b[0m\r\n\tin\u001b]0;title\u0007\n\n")).toEqual([
      "red",
      "    in␛]0;title␇",
    ]);
  });

  it("leave nothing that acts, whatever the text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visibleLine(text)).not.toMatch(acting);
        for (const line of visibleLines(text)) expect(line).not.toMatch(acting);
      }),
    );
  });

  it("take JSON apart into the same value, with nothing in it that acts", () => {
    fc.assert(
      fc.property(anyText, fc.jsonValue(), (text, value) => {
        const line = jsonLine({ text, value });
        expect(line).not.toMatch(acting);
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify({ text, value })));
      }),
    );
  });
});

describe("paintLine", () => {
  const screen = { width: 20, hasColor: false };

  it("puts the right part at the edge, cutting the left one", () => {
    expect(paintLine([{ text: "short" }], [{ text: "4.2 s" }], screen)).toBe("short          4.2 s");
    expect(paintLine([{ text: "a very " }, { text: "long name" }], [{ text: "4.2 s" }], screen)).toBe(
      "a very long…   4.2 s",
    );
    expect(paintLine([{ text: "漢字漢字漢字漢字" }], [{ text: "4.2 s" }], screen)).toBe("漢字漢字漢字…  4.2 s");
  });

  it("says so where the next piece has no room at all", () => {
    expect(paintLine([{ text: "exactly 13 ch" }, { text: "aracters" }], [{ text: "4.2 s" }], screen)).toBe(
      "exactly 13 c…  4.2 s",
    );
  });

  it("cuts nothing where a line may have any length", () => {
    const name = "n".repeat(200);
    expect(paintLine([{ text: name }], [{ text: "4.2 s" }], { width: undefined, hasColor: false })).toBe(
      `${name}  4.2 s`,
    );
  });
});

describe("screenOf", () => {
  const terminal = { isTTY: true, columns: 90 };
  it.each([
    ["a terminal", terminal, {}, false, true],
    ["a pipe", {}, {}, false, false],
    ["NO_COLOR", terminal, { NO_COLOR: "1" }, false, false],
    ["an empty NO_COLOR", terminal, { NO_COLOR: "" }, false, true],
    ["a terminal that can do nothing", terminal, { TERM: "dumb" }, false, false],
    ["FORCE_COLOR in a pipe", {}, { FORCE_COLOR: "1" }, false, true],
    ["FORCE_COLOR against NO_COLOR", {}, { FORCE_COLOR: "3", NO_COLOR: "1" }, false, true],
    ["FORCE_COLOR=0", terminal, { FORCE_COLOR: "0" }, false, false],
    ["--no-color against FORCE_COLOR", terminal, { FORCE_COLOR: "1" }, true, false],
  ])("decides on colours for %s", (_name, stream, env, noColor, hasColor) => {
    expect(screenOf(stream, env, noColor).hasColor).toBe(hasColor);
  });

  it("takes the columns of the terminal, else those that COLUMNS names, else any", () => {
    expect(screenOf(terminal, { COLUMNS: "200" }, false).width).toBe(90);
    expect(screenOf({ isTTY: true, columns: 0 }, {}, false).width).toBe(80);
    expect(screenOf({}, { COLUMNS: "60" }, false).width).toBe(60);
    expect(screenOf({}, { COLUMNS: "many" }, false).width).toBeUndefined();
    expect(screenOf({}, { COLUMNS: "3" }, false).width).toBe(20);
  });
});
