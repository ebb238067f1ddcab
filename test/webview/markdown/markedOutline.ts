// What marked, a well-kept reader of Markdown, makes of a text, in the words of our own tree: the measure for what both
// know.

import { lexer, type Token, type Tokens } from "marked";
import type { MarkdownBlock, MarkdownInline } from "../../../webview/markdown/markdownNode";

export function markedBlocks(source: string): MarkdownBlock[] {
  return lexer(source).flatMap(blockOf);
}

function blocksOf(tokens: readonly Token[]): MarkdownBlock[] {
  return tokens.flatMap(blockOf);
}

function blockOf(token: Token): MarkdownBlock[] {
  switch (token.type) {
    case "space":
    case "checkbox":
      return [];
    case "heading":
      return [{ type: "heading", level: token["depth"] as number, inlines: inlinesOf(token.tokens) }];
    case "paragraph":
      return [{ type: "paragraph", inlines: inlinesOf(token.tokens) }];
    case "text":
      return [{ type: "paragraph", inlines: inlinesOf(token.tokens ?? [token]) }];
    case "code":
      return [{ type: "code", text: (token as Tokens.Code).text }];
    case "blockquote":
      return [{ type: "quote", blocks: blocksOf(token.tokens ?? []) }];
    case "hr":
      return [{ type: "rule" }];
    case "list": {
      const list = token as Tokens.List;
      const items = list.items.map((item) => ({
        ...(item.task ? { isDone: item.checked === true } : {}),
        blocks: blocksOf(item.tokens),
      }));
      return [{ type: "list", start: list.ordered ? Number(list.start) : undefined, isTight: !list.loose, items }];
    }
    case "table": {
      const table = token as Tokens.Table;
      return [
        {
          type: "table",
          head: table.header.map(({ tokens }) => inlinesOf(tokens)),
          rows: table.rows.map((row) => row.map(({ tokens }) => inlinesOf(tokens))),
        },
      ];
    }
    default:
      throw new Error(`No block for ${token.type}`);
  }
}

function inlinesOf(tokens: readonly Token[] = []): MarkdownInline[] {
  const inlines: MarkdownInline[] = [];
  for (const token of tokens) {
    const inline = inlineOf(token);
    const last = inlines.at(-1);
    if (typeof inline === "string" && typeof last === "string") inlines[inlines.length - 1] = last + inline;
    else if (inline !== "") inlines.push(inline);
  }
  return inlines;
}

function inlineOf(token: Token): MarkdownInline {
  switch (token.type) {
    case "text":
    case "escape":
      return decoded((token as Tokens.Text).text);
    case "strong":
      return { type: "strong", inlines: inlinesOf(token.tokens) };
    case "em":
      return { type: "emphasis", inlines: inlinesOf(token.tokens) };
    case "del":
      return { type: "deleted", inlines: inlinesOf(token.tokens) };
    case "codespan":
      return { type: "code", text: (token as Tokens.Codespan).text };
    case "checkbox":
      return "";
    case "br":
      return { type: "break" };
    case "link":
      return { type: "link", href: (token as Tokens.Link).href, inlines: inlinesOf(token.tokens) };
    case "image":
      return { type: "image", href: (token as Tokens.Image).href, raw: token.raw };
    default:
      throw new Error(`No words for ${token.type}`);
  }
}

function decoded(value: string): string {
  const entities: Readonly<Record<string, string>> = {
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    "#39": "'",
    nbsp: "\u00a0",
  };
  return value.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => entities[name] ?? "");
}
