// Colour codes and what moves within a line; nothing else of a terminal's language leaves a trace.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawnLine, parseAnsiLine, styleAfter, styleEffect, unfinishedCode, withoutColors } from "../../src/trace/ansi";
import { type AnsiStyle, applySgr, bothEffects, isDecided, plainStyle, trueColor } from "../../src/trace/ansiStyle";

const e = "\u001b";
const red = { color: 1 };

/** `text` with its styled parts in brackets: "a[b|color=1]". */
function shown(raw: string, style?: AnsiStyle): string {
  const { text, runs } = parseAnsiLine(raw, style);
  let result = "";
  let at = 0;
  for (const run of runs) {
    const words = Object.entries(run.style).map(([name, value]) => (value === true ? name : `${name}=${value}`));
    result += `${text.slice(at, run.start)}[${text.slice(run.start, run.end)}|${words.sort().join(" ")}]`;
    at = run.end;
  }
  return result + text.slice(at);
}

describe("the look of a line", () => {
  it.each([
    ["plain", "plain"],
    [`${e}[31mred${e}[0m rest`, "[red|color=1] rest"],
    [`${e}[31mred${e}[m rest`, "[red|color=1] rest"],
    [`${e}[1;31mred${e}[22m thin${e}[39m`, "[red|bold color=1][ thin|color=1]"],
    [`${e}[91;102mx`, "[x|background=10 color=9]"],
    [`${e}[38;5;208mx${e}[48;5;7my`, "[x|color=208][y|background=7 color=208]"],
    [`${e}[38;2;1;2;3mx`, `[x|color=${trueColor + 0x010203}]`],
    [`${e}[38:2::1:2:3mx`, `[x|color=${trueColor + 0x010203}]`],
    [`${e}[38:2:1:2:3mx`, `[x|color=${trueColor + 0x010203}]`],
    [`${e}[38:5:9mx`, "[x|color=9]"],
    [`${e}[38;5;999mx`, "x"],
    [`${e}[38;2;1;2mx`, "x"],
    [`${e}[2;3;4;7mx${e}[22;23;24;27my`, "[x|dim inverse italic underline]y"],
    [`${e}[4:3mx${e}[4:0my`, "[x|underline]y"],
    [`${e}[5;8;9;53mx`, "x"],
    [`${e}[;31mx`, "[x|color=1]"],
    ["\u009b31mx", "[x|color=1]"],
    // Not meant for colours: `>` and `?` make other sequences of it.
    [`${e}[>4;2mx${e}[?25ly`, "xy"],
  ])("of %j is %s", (raw, expected) => {
    expect(shown(raw)).toBe(expected);
  });

  it("goes on from the line before", () => {
    expect(shown("x", red)).toBe("[x|color=1]");
    expect(shown(`x${e}[0my`, red)).toBe("[x|color=1]y");
  });
});

describe("what moves within a line", () => {
  it.each([
    ["10%\r55%\r100% done", "100% done"],
    ["downloading\rdone", "doneloading"],
    [`downloading\r${e}[Kdone`, "done"],
    [`${e}[2K${e}[1G⠋ install${e}[2K${e}[1G⠙ install`, "⠙ install"],
    ["done\r", "done"],
    ["abc\b\bX", "aXc"],
    ["\b\bab", "ab"],
    ["a\tb", "a       b"],
    ["12345678\tb", "12345678        b"],
    ["abcdefghij\r\tX", "abcdefghXj"],
    [`ab${e}[3Cc`, "ab   c"],
    [`abc${e}[2DX`, "aXc"],
    [`abc\r${e}[1PX`, "Xc"],
    [`abc\r${e}[2Xd`, "d c"],
    [`abc\r${e}[1Kd`, "dbc"],
    [`abc${e}[0J`, "abc"],
    [`ab${e}[9999999Cc`, `ab${" ".repeat(998)}c`],
    ["e\u0301x\rE", "Ex"],
    ["👩‍💻!\rX", "X!"],
  ])("%j ends as %j", (raw, expected) => {
    expect(parseAnsiLine(raw).text).toBe(expected);
  });

  it("keeps the look of what is not overwritten", () => {
    expect(shown(`${e}[31mabc\r${e}[32mX`)).toBe("[X|color=2][bc|color=1]");
  });
});

describe("what is swallowed whole", () => {
  it.each([
    `${e}[2J${e}[3;4Hx`,
    `${e}[1Ax`,
    `${e}]0;title\u0007x`,
    `${e}]0;title${e}\\x`,
    `\u009d0;title\u009cx`,
    `${e}P1$r0m${e}\\x`,
    `${e}_Gf=100;AAAA${e}\\x`,
    `${e}^secret${e}\\x`,
    `${e}(Bx${e}=${e}>${e}c`,
    `${e}[?1049h${e}[?2004hx${e}[6n`,
    "\u0000x\u0007\u007f\u0085",
    `x${e}`,
    `x${e}[`,
    `x${e}[38;5`,
    `x${e}]0;never ends`,
    `x${e}]52;c;aGVsbG8=\u0007`,
    `${e}[1;${e}[0mx`,
  ])("%j shows as x", (raw) => {
    expect(parseAnsiLine(raw)).toEqual({ text: "x", runs: [], links: [] });
  });
});

describe("hyperlinks of the program", () => {
  const link = (url: string, text: string) => `${e}]8;;${url}${e}\\${text}${e}]8;;${e}\\`;
  it.each(["https://example.org/a?b=c#d", "http://localhost:5173/", "HTTPS://EXAMPLE.ORG"])("keep %s", (url) => {
    const parsed = parseAnsiLine(`see ${link(url, "docs")}.`);
    expect(parsed).toEqual({ text: "see docs.", runs: [], links: [{ start: 4, end: 8, url }] });
  });
  it.each([
    "javascript:alert(1)",
    "command:workbench.action.quit",
    "file:///etc/passwd",
    "vscode://x",
    "https://a b",
    `https://${"x".repeat(3_000)}`,
    "//host/share",
  ])("drop %s and keep the text", (url) => {
    expect(parseAnsiLine(link(url, "docs"))).toEqual({ text: "docs", runs: [], links: [] });
  });
  it("end with their line", () => {
    expect(parseAnsiLine(`${e}]8;;https://example.org${e}\\docs`).links).toHaveLength(1);
    expect(parseAnsiLine("next").links).toHaveLength(0);
  });
});

/** Texts full of what means something to a terminal. */
const code = fc.constantFrom(
  "\r",
  "\b",
  "\t",
  e,
  `${e}[`,
  `${e}]8;;`,
  "\u009b",
  "\u0007",
  `${e}\\`,
  "m",
  "K",
  ";",
  "0",
);
const colour = fc.constantFrom(`${e}[31m`, `${e}[0m`, `${e}[1;4m`, `${e}[38;5;200m`, `${e}[48;2;9;8;7m`, `${e}[m`);
const line = fc
  .array(fc.oneof(fc.string({ unit: "binary", maxLength: 6 }), fc.string({ maxLength: 6 }), code, colour), {
    maxLength: 30,
  })
  .map((parts) => parts.join("").replaceAll("\n", ""));

describe("any line", () => {
  it("keeps no control character, and its parts lie within it, in order", () => {
    fc.assert(
      fc.property(line, (raw) => {
        const { text, runs, links } = parseAnsiLine(raw);
        expect(text).not.toMatch(/\p{Cc}/u);
        for (const parts of [runs, links]) {
          let at = 0;
          for (const part of parts) {
            expect(part.start).toBeGreaterThanOrEqual(at);
            expect(part.end).toBeGreaterThan(part.start);
            at = part.end;
          }
          expect(at).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("is unchanged where it has no control character", () => {
    const plain = fc.string({ unit: "binary" }).map((text) => text.replace(/\p{Cc}/gu, ""));
    fc.assert(
      fc.property(plain, (text) => {
        expect(parseAnsiLine(text)).toEqual({ text, runs: [], links: [] });
        // The long way comes to the same.
        expect(parseAnsiLine(`${text}\u0000`)).toEqual({ text, runs: [], links: [] });
      }),
      { numRuns: 500 },
    );
  });

  it("leaves the style behind that a scan for colours alone finds", () => {
    fc.assert(
      fc.property(line, fc.constantFrom(plainStyle, red), (raw, style) => {
        const after = parseAnsiLine(`${raw}\u0018Z`, style);
        const last = after.runs.at(-1);
        const ofLast = last !== undefined && last.end === after.text.length ? last.style : plainStyle;
        // Only a line whose last cell is the one that was written last can show it.
        fc.pre(after.text.endsWith("Z") && !raw.includes("\r") && !/[\bGCDPXK`aJ]/.test(raw));
        expect(styleAfter(raw, style)).toEqual(ofLast);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a line made to keep its reader busy", () => {
  const hostile: readonly (readonly [name: string, raw: string])[] = [
    ["blanks all of itself again and again", `${"x".repeat(60_000)}\r${`${e}[60000X`.repeat(20_000)}`],
    ["blanks what is before it again and again", `${"x".repeat(15_000)}${`${e}[1K`.repeat(20_000)}`],
    ["loses its first letter again and again", `${"x".repeat(100_000)}\r${`${e}[1P`.repeat(40_000)}`],
    ["jumps to its end again and again", `${e}[2K\r${e}[999Cx`.repeat(10_000)],
    ["has tabs alone", "\t".repeat(320_000)],
  ];
  it.each(hostile)("is drawn with work that its length pays for: it %s", (_, raw) => {
    const drawn = drawnLine(raw);
    expect(drawn.touched).toBeLessThanOrEqual(2_000 + 16 * raw.length);
    expect(drawn.cellCount).toBeLessThanOrEqual(16_000);
    expect(drawn.result().text.length).toBeLessThanOrEqual(16_000 + raw.length);
  });

  it("costs no more than that, whatever it is made of", () => {
    const piece = fc.oneof(
      fc.constantFrom("\r", "\t", "\b", "x", "👩‍💻", "e\u0301"),
      fc.tuple(fc.constantFrom("X", "P", "K", "C", "G", "D"), fc.nat(70_000)).map(([end, n]) => `${e}[${n}${end}`),
      fc.nat(2_000).map((count) => "y".repeat(count)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, fc.integer({ min: 1, max: 60 })), { maxLength: 12 }), (pieces) => {
        const raw = pieces.map(([text, times]) => text.repeat(times)).join("");
        const drawn = drawnLine(raw);
        expect(drawn.touched).toBeLessThanOrEqual(2_000 + 16 * raw.length);
        expect(drawn.cellCount).toBeLessThanOrEqual(16_000);
      }),
      { numRuns: 100 },
    );
  });

  it("still ends as the last thing that it drew", () => {
    const bar = (percent: number) => `\r${e}[2Kbuilding${e}[999C${e}[4D${percent}%`;
    const bars = Array.from({ length: 5_000 }, (_, step) => bar(step % 90)).join("");
    // The place at the right edge was too dear in the end; words of earlier steps must not be left.
    expect(parseAnsiLine(`${bars}\r${e}[2Kdone`).text).toBe("done");
    expect(parseAnsiLine(bars).text).toMatch(/^building\s*49%$/);
  });

  it("does not join characters without an end", () => {
    const raw = `\u0000${"a\u200d".repeat(5_000)}`;
    const drawn = drawnLine(raw);
    expect(drawn.cellCount).toBeGreaterThanOrEqual(10_000 / 64);
    expect(drawn.result().text).toBe(raw.slice(1));
  });
});

describe("a line of more cells than are kept", () => {
  const long = "0123456789".repeat(2_000);

  it("loses none of its text, colours and links", () => {
    const url = "https://example.org/";
    const raw = `${long}${e}[31mred${e}[0m and ${e}]8;;${url}${e}\\docs${e}]8;;${e}\\.`;
    expect(parseAnsiLine(raw)).toEqual({
      text: `${long}red and docs.`,
      runs: [{ start: 20_000, end: 20_003, style: red }],
      links: [{ start: 20_008, end: 20_012, url }],
    });
  });

  it("is overwritten from its beginning, erased from there, and has a tab as one space", () => {
    expect(parseAnsiLine(`${long}\rX`).text).toBe(`X${long.slice(1)}`);
    expect(parseAnsiLine(`${long}\r${e}[Kdone`).text).toBe("done");
    expect(parseAnsiLine(`${long}${e}[2K\rdone`).text).toBe("done");
    expect(parseAnsiLine(`${long}\tend`).text).toBe(`${long} end`);
  });

  it("has no place in the text that is only appended", () => {
    expect(parseAnsiLine(`${long}\b\b${e}[3Dend`).text).toBe(`${long}end`);
  });
});

describe("colours between lines", () => {
  it("are found without looking at the lines", () => {
    expect(styleAfter(`a${e}[31m\nb${e}[1m\nc`, plainStyle)).toEqual({ color: 1, bold: true });
    expect(styleAfter(`${e}[0m`, red)).toEqual(plainStyle);
  });
  it("do the same one after the other, whatever comes before", () => {
    fc.assert(
      fc.property(line, line, fc.constantFrom(plainStyle, red, applySgr(red, "1;4;7;48;5;9")), (first, then, style) => {
        const both = bothEffects(styleEffect(`${first}\n`), styleEffect(`${then}\n`));
        expect(both.ofPlain).toEqual(styleAfter(`${first}\n${then}\n`, plainStyle));
        const wanted = styleAfter(`${first}\n${then}\n`, style);
        const before = { ofPlain: style, ofMarked: style };
        expect(bothEffects(before, both).ofPlain).toEqual(wanted);
        if (isDecided(both)) expect(both.ofPlain).toEqual(wanted);
      }),
      { numRuns: 1_000 },
    );
  });
  it("may be cut in the middle of a code", () => {
    expect(unfinishedCode(`abc${e}[38;5`)).toBe(`${e}[38;5`);
    expect(unfinishedCode(`abc${e}`)).toBe(e);
    expect(unfinishedCode(`abc${e}[31m`)).toBe("");
  });
  it("are taken out for a search", () => {
    expect(withoutColors(`${e}[31mre${e}[1md${e}[0m\r`)).toBe("red\r");
  });
  it("change nothing where they mean nothing", () => {
    expect(applySgr(red, "5")).toEqual(red);
    expect(applySgr(red, "0")).toBe(plainStyle);
  });
});
