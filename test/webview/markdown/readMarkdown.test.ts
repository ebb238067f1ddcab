import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MarkdownBlock, MarkdownInline } from "../../../webview/markdown/markdownNode";
import { readMarkdown } from "../../../webview/markdown/readMarkdown";
import { markedBlocks } from "./markedOutline";

function words(inlines: readonly MarkdownInline[]): string {
  return inlines.map(wordsOf).join("");
}

function wordsOf(inline: MarkdownInline): string {
  if (typeof inline === "string") return inline;
  switch (inline.type) {
    case "strong":
      return `<b>${words(inline.inlines)}</b>`;
    case "emphasis":
      return `<i>${words(inline.inlines)}</i>`;
    case "deleted":
      return `<s>${words(inline.inlines)}</s>`;
    case "code":
      return `<code>${inline.text}</code>`;
    case "break":
      return "<br>";
    case "link":
      return `<a ${inline.href}>${words(inline.inlines)}</a>`;
    case "image":
      return `<img ${inline.raw}>`;
  }
}

/** The tree as lines, two spaces a level. */
function outline(blocks: readonly MarkdownBlock[], indent = ""): string[] {
  return blocks.flatMap((block) => linesOf(block, indent));
}

function linesOf(block: MarkdownBlock, indent: string): string[] {
  switch (block.type) {
    case "heading":
      return [`${indent}h${block.level} ${words(block.inlines)}`];
    case "paragraph":
      return [`${indent}p ${words(block.inlines)}`];
    case "code":
      return [`${indent}code ${JSON.stringify(block.text)}`];
    case "quote":
      return [`${indent}quote`, ...outline(block.blocks, `${indent}  `)];
    case "rule":
      return [`${indent}rule`];
    case "table":
      return [block.head, ...block.rows].map((row) => `${indent}| ${row.map(words).join(" | ")}`);
    case "list":
      return block.items.flatMap(({ isDone, blocks }, index) => {
        const mark = block.start === undefined ? "-" : `${block.start + index}.`;
        const task = isDone === undefined ? "" : isDone ? " done" : " to do";
        return [`${indent}${mark}${task}${block.isTight ? "" : " loose"}`, ...outline(blocks, `${indent}  `)];
      });
  }
}

describe("readMarkdown", () => {
  it("reads what a model writes", () => {
    const source = [
      "# Result",
      "",
      'The **rounding** in `tax.ts` drops *half* a cent, see [the spec](https://e.com/spec "Spec"):',
      "",
      "1. Round half even.",
      "   - [x] in `tax.ts`",
      "   - [ ] in `fee.ts`",
      "2. Add a test.",
      "",
      "> Mind the",
      "> sign.",
      "",
      "| Case | Cents |",
      "|------|------:|",
      "| half | ~~2~~ 3 |",
      "",
      "```ts",
      "const a = **not bold**;",
      "",
      "```",
      "---",
      "Done\\",
      "now.  ",
      "Bye https://e.com/x.",
    ].join("\n");
    expect(outline(readMarkdown(source))).toEqual([
      "h1 Result",
      "p The <b>rounding</b> in <code>tax.ts</code> drops <i>half</i> a cent, see <a https://e.com/spec>the spec</a>:",
      "1.",
      "  p Round half even.",
      "  - done",
      "    p in <code>tax.ts</code>",
      "  - to do",
      "    p in <code>fee.ts</code>",
      "2.",
      "  p Add a test.",
      "quote",
      "  p Mind the\nsign.",
      "| Case | Cents",
      "| half | <s>2</s> 3",
      'code "const a = **not bold**;\\n"',
      "rule",
      "p Done<br>now.<br>Bye <a https://e.com/x>https://e.com/x</a>.",
    ]);
  });

  it.each([
    ["HTML", "<b>x</b> <script>alert(1)</script>", "p <b>x</b> <script>alert(1)</script>"],
    ["emphasis within words", "snake_case_name and 2 * 3 * 4", "p snake_case_name and 2 * 3 * 4"],
    ["what is not closed", "**open `code [link](x", "p **open `code [link](x"],
    ["escapes and entities", "\\*no\\* &lt;x&gt; &copy;", "p *no* <x> &copy;"],
    ["an address in brackets", "(https://e.com/a_(b))", "p (<a https://e.com/a_(b)>https://e.com/a_(b)</a>)"],
    ["an image", "![a](b.png)", "p <img ![a](b.png)>"],
    ["emphasis in emphasis", "***a** b*", "p <i><b>a</b> b</i>"],
    ["a code with a backtick in it", "``a ` b``", "p <code>a ` b</code>"],
    ["an unclosed fence", "```\nx", 'code "x"'],
    ["a heading without words", "##", "h2 "],
    ["line ends of Windows", "a\r\nb", "p a\nb"],
    ["nothing", " \n\t\n", undefined],
  ])("takes %s for what it is", (_name, source, expected) => {
    expect(outline(readMarkdown(source))).toEqual(expected === undefined ? [] : [expected]);
  });

  it("makes of common parts what a well-kept reader makes of them", () => {
    const inline = fc.constantFrom(
      ...["word", "two words", "**bold**", "*em*", "_em_", "`code`", "``a ` b``", "[link](https://x.y/z)"],
      ...['[l](a "t")', "~~gone~~", "a*b*c", "snake_case", "2 * 3", "\\*no\\*", "**bold *and em***", "***both***"],
      ...["https://example.com/a.", "<https://e.com>", "![alt](img.png)", "a & b &lt; c", "(see **x**)", "**x**y"],
      ...["[**b** l](u)", "5 < 6", "foo_", "_bar", "`unclosed", "**open", "]", "["],
    );
    const line = fc.array(inline, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(" "));
    const paragraph = fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join("\n"));
    const list = fc
      .tuple(
        fc.constantFrom("- ", "* ", "1. ", "2) ", "- [x] ", "- [ ] "),
        fc.array(line, { minLength: 1, maxLength: 3 }),
        fc.constantFrom("\n", "\n\n"),
      )
      .map(([mark, items, gap]) => items.map((item) => mark + item).join(gap));
    const indented = (text: string, by: number) => text.replace(/^(?=.)/gm, " ".repeat(by));
    const block: fc.Arbitrary<string> = fc.oneof(
      paragraph,
      list,
      line.map((text) => `# ${text}`),
      line.map((text) => `### ${text} ##`),
      line.map((text) => `${text}\n===`),
      paragraph.map((text) => text.replace(/^/gm, "> ")),
      line.map((text) => `> quote\nlazy ${text}`),
      fc.constantFrom("---", "```ts\nconst a = `x`;\n\n  b\n```", "~~~\nx\n~~~", "    some\n    code"),
      fc.tuple(line, line).map(([a, b]) => `| a | b |\n|---|:-:|\n| ${a} | ${b} |\n| x |`),
      list.map((text) => `- outer\n${indented(text, 2)}`),
      list.map((text) => `1. outer\n\n${indented(text, 3)}`),
      line.map((text) => `- item\n\n  ${text}\n- next`),
      line.map((text) => `- item\n  \`\`\`\n  ${text.replaceAll("`", "")}\n  \`\`\``),
    );
    // It keeps white space before a line within a paragraph, which nobody sees.
    const plain = (blocks: readonly MarkdownBlock[]) =>
      outline(blocks).map((text) => text.replace(/^( *p) +/, "$1 ").replace(/\n +/g, "\n"));
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 4 }), (blocks) => {
        const source = blocks.join("\n\n");
        expect(plain(readMarkdown(source))).toEqual(plain(markedBlocks(source)));
      }),
      { numRuns: 1_500 },
    );
  });

  it("reads any text, and bounds how deep its tree is", () => {
    const depthOf = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    const piece = fc.constantFrom(
      ..."*_~`[]()!<>#-+|>:&\\ \n\t1.aä".split(""),
      "**",
      "](",
      "![",
      "```",
      "    ",
      "\n\n",
      "> ",
      "- ",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
        const source = pieces.join("");
        expect(depthOf(readMarkdown(source))).toBeLessThan(250);
        // Every word of the source is somewhere in the tree, but for languages of code and cells beyond a table's head.
        if (/```|~~~|\|/.test(source)) return;
        const letters = (text: string) => text.split("ä").length;
        expect(letters(JSON.stringify(readMarkdown(source)))).toBeGreaterThanOrEqual(letters(source));
      }),
      { numRuns: 2_000 },
    );
    expect(depthOf(readMarkdown("> ".repeat(10_000)))).toBeLessThan(250);
    expect(depthOf(readMarkdown("*a ".repeat(10_000) + "b*".repeat(10_000)))).toBeLessThan(250);
    expect(depthOf(readMarkdown("- ".repeat(10_000)))).toBeLessThan(250);
  });

  it.each([
    "[a](",
    "![[](",
    "*a*b",
    "**a *",
    "`a``b",
    "<a ",
    "| a ",
    "> ",
    "- ",
    "1. a\n",
    "http://a(",
    "[",
    "]",
    "_a ",
    "~a~",
    "a\n=\n",
  ])("gets to the end of a long text of %j", (part) => {
    const source = part.repeat(Math.ceil(200_000 / part.length));
    expect(readMarkdown(source).length).toBeGreaterThan(0);
  });
});
