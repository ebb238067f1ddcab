// Markdown as elements, never as HTML: marked's lexer reads, this draws. Raw HTML is text, an image is its words, a link
// shows where it would lead and leads nowhere.

import { lexer, type Token, type Tokens } from "marked";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";

/** Nesting that no person writes; deeper parts are shown as they are written. */
const deepest = 24;

export function Markdown({ source }: { source: string }) {
  const tokens = useMemo(() => read(source), [source]);
  if (tokens === undefined) return <pre class="payload-text is-wrapped">{source}</pre>;
  return <div class="markdown">{tokens.map((token, index) => block(token, index, 0))}</div>;
}

function read(source: string): Token[] | undefined {
  try {
    return lexer(source);
  } catch {
    return undefined;
  }
}

function block(token: Token, key: number, depth: number): ComponentChildren {
  if (depth > deepest) return token.raw;
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return heading(token as Tokens.Heading, key, depth);
    case "paragraph":
      return <p key={key}>{inlines((token as Tokens.Paragraph).tokens, depth)}</p>;
    case "text": {
      const { tokens, text } = token as Tokens.Text;
      return <span key={key}>{tokens === undefined ? decoded(text) : inlines(tokens, depth)}</span>;
    }
    case "code":
      return (
        <pre key={key} class="markdown-code">
          {(token as Tokens.Code).text}
        </pre>
      );
    case "blockquote":
      return <blockquote key={key}>{blocks((token as Tokens.Blockquote).tokens, depth)}</blockquote>;
    case "list": {
      const list = token as Tokens.List;
      const items = list.items.map((item, index) => (
        <li key={index}>
          {item.task && (item.checked === true ? "☑ " : "☐ ")}
          {blocks(
            item.tokens.filter(({ type }) => type !== "checkbox"),
            depth,
          )}
        </li>
      ));
      return list.ordered ? (
        <ol key={key} start={Number(list.start) || 1}>
          {items}
        </ol>
      ) : (
        <ul key={key}>{items}</ul>
      );
    }
    case "table":
      return table(token as Tokens.Table, key, depth);
    case "hr":
      return <hr key={key} />;
    default:
      // Raw HTML and whatever a later version reads.
      return (
        <span key={key} class="markdown-raw">
          {token.raw}
        </span>
      );
  }
}

function blocks(tokens: readonly Token[], depth: number): ComponentChildren {
  return tokens.map((token, index) => block(token, index, depth + 1));
}

function heading(token: Tokens.Heading, key: number, depth: number): ComponentChildren {
  // The page has its own headings; those of a text are not part of its outline.
  return (
    <p key={key} class={`markdown-heading markdown-h${token.depth}`}>
      {inlines(token.tokens, depth)}
    </p>
  );
}

function table(token: Tokens.Table, key: number, depth: number): ComponentChildren {
  return (
    <table key={key}>
      <thead>
        <tr>
          {token.header.map((cell, index) => (
            <th key={index}>{inlines(cell.tokens, depth)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {token.rows.map((row, index) => (
          <tr key={index}>
            {row.map((cell, cellIndex) => (
              <td key={cellIndex}>{inlines(cell.tokens, depth)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function inlines(tokens: readonly Token[] | undefined, depth: number): ComponentChildren {
  return (tokens ?? []).map((token, index) => inline(token, index, depth + 1));
}

function inline(token: Token, key: number, depth: number): ComponentChildren {
  if (depth > deepest) return token.raw;
  switch (token.type) {
    case "text":
    case "escape": {
      const { tokens, text } = token as Tokens.Text;
      return tokens === undefined ? decoded(text) : inlines(tokens, depth);
    }
    case "strong":
      return <strong key={key}>{inlines((token as Tokens.Strong).tokens, depth)}</strong>;
    case "em":
      return <em key={key}>{inlines((token as Tokens.Em).tokens, depth)}</em>;
    case "del":
      return <del key={key}>{inlines((token as Tokens.Del).tokens, depth)}</del>;
    case "codespan":
      return <code key={key}>{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br key={key} />;
    case "link": {
      const link = token as Tokens.Link;
      return (
        <span key={key}>
          <span class="markdown-link" title={link.href}>
            {inlines(link.tokens, depth)}
          </span>
          {!showsItself(link) && <span class="markdown-href"> ({link.href})</span>}
        </span>
      );
    }
    case "image": {
      const image = token as Tokens.Image;
      return (
        <span key={key} class="markdown-image" title={image.href}>
          {image.raw}
        </span>
      );
    }
    default:
      return token.raw;
  }
}

/** A bare address needs no address beside it. */
function showsItself({ text, href }: Tokens.Link): boolean {
  return href === "" || href === text || href === `mailto:${text}` || href === `http://${text}`;
}

/** The lexer leaves entities of plain text as they were written. */
function decoded(value: string): string {
  return value.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => entities[name] ?? "");
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#39": "'",
  nbsp: "\u00a0",
};
