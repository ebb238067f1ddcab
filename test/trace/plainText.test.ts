import fc from "fast-check";
import { marked } from "marked";
import { describe, expect, it } from "vitest";
import { cutText, markdownText, oneLine, plainText, stripAnsi, visibleControls } from "../../src/trace/plainText";

/** Written after the rules that VS Code 1.101 to 1.139 has for links in notifications and for icons in labels. */
const notificationLink = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
const icon = /\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/;
const invisible = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b-\u200d\u2060-\u2064\ufeff\u{e0000}-\u{e007f}]/u;

/** Texts that are as hostile as chance makes them: every part of a construct is likely to meet its other parts. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          "[",
          "x",
          "]",
          "(",
          ")",
          "command:a.b",
          "https://e.example",
          "file:///a",
          " ",
          "$",
          "$(",
          "$(alert)",
          "](",
          "!",
          "<",
          ">",
        ],
        ...[
          "<img src=x onerror=alert(1)>",
          "</script>",
          "&lt;",
          "`",
          "*",
          "_",
          "#",
          "\\",
          "\n",
          "\r\n",
          "\u2028",
          "\u2029",
          "\u202e",
          "\u2066",
        ],
        ...[
          "\u200b",
          "\u200d",
          "\ufeff",
          "\u{e0041}",
          "\u0000",
          "\u001b[31m",
          "\u009b",
          "\ud83d",
          "\ude00",
          "😀",
          "e\u0301",
          "👩‍👧",
          "[y]: command:z",
        ],
      ),
      fc.string({ unit: "binary", maxLength: 5 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(""));

function rendered(markdown: string): { readonly html: string; readonly text: string } {
  const html = marked.parse(markdown, { async: false });
  const text = html
    .replace(/<\/?p>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
  return { html, text: text.trim() };
}

describe("plainText", () => {
  it.each([
    ["[x](command:workbench.action.quit)", "[x] (command:workbench.action.quit)"],
    ["[[x](command:a)](command:b)", "[[x] (command:a)] (command:b)"],
    ["[x]\u200b(command:a)", "[x] (command:a)"],
    ["$(alert) $(git rev-parse HEAD)", "$ (alert) $ (git rev-parse HEAD)"],
    ["$\u200b(alert)", "$ (alert)"],
    ["<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
    ["<command:a> <https://e.example>", "< command:a> < https://e.example>"],
    ["Map<string, number[]> in tax_rate_table.ts *", "Map<string, number[]> in tax_rate_table.ts *"],
    ["a\n\tb\r\n\r\nc\u2028d", "a b c d"],
    ["\u001b[31mred\u001b[0m \u001b]0;title\u0007bell\u0007", "red bell"],
    ["tax\u202etxt.exe\u2066x\u2069", "taxtxt.exex"],
    ["h\u{e0068}\u{e0069}i\u00ad\u115f\u3164", "hi"],
    ["\ud83d alone", "\ufffd alone"],
    ["❤️ שלום", "❤️ שלום"],
    ["", ""],
  ])("makes %j harmless", (text, expected) => {
    expect(plainText(text)).toBe(expected);
  });

  it("cuts at 200 characters unless told otherwise", () => {
    expect(plainText("x".repeat(201))).toBe(`${"x".repeat(199)}…`);
    expect(plainText("x".repeat(200))).toBe("x".repeat(200));
    expect(plainText("abcdef", 3)).toBe("ab…");
    expect(plainText("abc", 0)).toBe("");
  });

  it("says that a text went on behind what was looked at", () => {
    expect(plainText(`a${" ".repeat(20_000)}b`)).toBe("a…");
    expect(plainText("x".repeat(10_000_000))).toBe(`${"x".repeat(199)}…`);
  });

  it("leaves nothing that VS Code acts on, whatever the text", () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 0, max: 250 }), (text, maxLength) => {
        const plain = plainText(text, maxLength);
        expect(plain.length).toBeLessThanOrEqual(maxLength);
        expect(plain).not.toMatch(notificationLink);
        expect(plain).not.toContain("](");
        expect(plain).not.toContain("$(");
        expect(plain).not.toMatch(icon);
        expect(plain).not.toMatch(invisible);
        expect(plain).not.toMatch(/\p{Cs}/u);
        expect(plain).not.toMatch(/\s\s|^\s|\s$/);
        // Even where it becomes Markdown by mistake there is no link of our making behind its words.
        expect(rendered(plain).html).not.toMatch(/href="command:/i);
      }),
      { numRuns: 3_000 },
    );
  });

  it("does not change a text that is harmless already", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const plain = plainText(text, 10_000);
        expect(plainText(plain, 10_000)).toBe(plain);
      }),
    );
  });
});

describe("markdownText", () => {
  it("reads, once rendered, like the plain text", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { html, text: shown } = rendered(markdownText(text));
        expect(shown).toBe(plainText(text));
        expect(html.replace(/<\/?p>/g, "")).not.toMatch(/<[a-z/!?]/i);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    "# a",
    "- a",
    "1. a",
    "> a",
    "    a",
    "a | b",
    "~~a~~",
    "www.e.example",
    "a@e.example",
    "https://e.example",
    "---",
    "[y]: command:z",
    "&amp;",
  ])("shows %j as it is", (text) => {
    expect(rendered(markdownText(text))).toEqual({ html: expect.not.stringMatching(/<(?!\/?p>)/), text: text.trim() });
  });
});

describe("oneLine", () => {
  it("takes out what is invisible and leaves brackets alone", () => {
    expect(oneLine(" a\n b\u202e [x](y) $(z) ")).toBe("a b [x](y) $(z)");
  });
});

describe("cutText", () => {
  it("never cuts a character in two", () => {
    expect(cutText("ab😀cd", 4)).toBe("ab…");
    expect(cutText("ab😀cd", 5)).toBe("ab😀…");
    expect(cutText("abe\u0301cd", 4)).toBe("ab…");
    expect(cutText("a👍🏽bc", 4)).toBe("a…");
  });

  it("is not fooled by a mountain of combining marks", () => {
    const cut = cutText(`ab${"\u0301".repeat(500)}`, 100);
    expect(cut.length).toBeGreaterThan(80);
    expect(cut.length).toBeLessThanOrEqual(100);
  });
});

describe("stripAnsi", () => {
  it("takes out colours and titles and nothing else", () => {
    expect(stripAnsi("\u001b[1;31merr\u001b[0m\n\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\ [31m")).toBe(
      "err\nlink [31m",
    );
  });
});

describe("visibleControls", () => {
  it.each([
    ["a\u0000b\u001b[31mc\u007f", "a␀b␛[31mc␡"],
    ["a\tb\nc\r\nd\re", "a\tb\nc\r\nd␍e"],
    ["x\u202ey\u2066z\u2028", "x⟨U+202E⟩y⟨U+2066⟩z⟨U+2028⟩"],
    ["ad\u200dmin", "ad⟨U+200D⟩min"],
    ["👩\u200d👧 می\u200cخواهم", "👩\u200d👧 می\u200cخواهم"],
    ["\u{e0041}", "⟨U+E0041⟩"],
    ["\u0085\u009b", "⟨U+0085⟩⟨U+009B⟩"],
    ["\ud83dx", "\ufffdx"],
  ])("shows %j", (text, expected) => {
    expect(visibleControls(text)).toBe(expected);
  });

  it("leaves no control or bidi character and keeps everything else in order", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const visible = visibleControls(text);
        expect(visible.replace(/[\n\t]|\r(?=\n)/g, "")).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u);
        expect(visible).not.toMatch(/\p{Cs}/u);
        const kept = (value: string) => value.replace(/[^a-z0-9[\]()<>$ ]/gi, "");
        expect(kept(visible.replace(/⟨U\+[0-9A-F]+⟩/g, ""))).toBe(kept(text.replace(/⟨U\+[0-9A-F]+⟩/g, "")));
      }),
    );
  });
});
