// Markdown as elements, never as HTML: marked's lexer reads, this draws. Raw HTML is text, an image is its words, a link
// shows where it would lead and leads nowhere.

import { lexer, type Token, type Tokens } from "marked";
import { type ComponentChildren, createContext } from "preact";
import { useContext, useMemo } from "preact/hooks";
import type { TextLink } from "../../../src/trace/textLinks";
import { LinkedText } from "./textLinks";

/** Nesting that no person writes; deeper parts are shown as they are written. */
const deepest = 24;

/** @param links in the source; where the same words stand in the page, they lead to the same place */
export function Markdown({ source, links = noLinks }: { source: string; links?: readonly TextLink[] }) {
  const tokens = useMemo(() => read(source), [source]);
  const known = useMemo(() => knownWords(source, links), [source, links.length]);
  if (tokens === undefined) return <pre class="payload-text is-wrapped">{source}</pre>;
  return (
    <KnownWords.Provider value={known}>
      <div class="markdown">{tokens.map((token, index) => block(token, index, 0))}</div>
    </KnownWords.Provider>
  );
}

const noLinks: readonly TextLink[] = [];
/** Words that lead somewhere are looked for in so many forms at most. */
const mostWords = 200;

interface Known {
  readonly pattern: RegExp;
  readonly byWords: ReadonlyMap<string, TextLink>;
}

const KnownWords = createContext<Known | undefined>(undefined);

function knownWords(source: string, links: readonly TextLink[]): Known | undefined {
  const byWords = new Map<string, TextLink>();
  for (const link of links) {
    const words = source.slice(link.start, link.end);
    if (link.type === "place" && words.length > 3 && byWords.size < mostWords && !byWords.has(words)) {
      byWords.set(words, link);
    }
  }
  if (byWords.size === 0) return undefined;
  const forms = [...byWords.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(forms.map((words) => words.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
  return { pattern, byWords };
}

/** Words of the source, with those in them that lead to a place. */
function Words({ value }: { value: string }) {
  const known = useContext(KnownWords);
  if (known === undefined) return <>{value}</>;
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const match of value.matchAll(known.pattern)) {
    const link = known.byWords.get(match[0]);
    if (link === undefined) continue;
    parts.push(value.slice(at, match.index));
    parts.push(
      <LinkedText
        key={match.index}
        value={match[0]}
        links={[{ ...link, start: 0, end: match[0].length }]}
        from={link.start}
      />,
    );
    at = match.index + match[0].length;
  }
  parts.push(value.slice(at));
  return <>{parts}</>;
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
      return <span key={key}>{tokens === undefined ? <Words value={decoded(text)} /> : inlines(tokens, depth)}</span>;
    }
    case "code":
      return (
        <pre key={key} class="markdown-code">
          <Words value={(token as Tokens.Code).text} />
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
      return tokens === undefined ? <Words key={key} value={decoded(text)} /> : inlines(tokens, depth);
    }
    case "strong":
      return <strong key={key}>{inlines((token as Tokens.Strong).tokens, depth)}</strong>;
    case "em":
      return <em key={key}>{inlines((token as Tokens.Em).tokens, depth)}</em>;
    case "del":
      return <del key={key}>{inlines((token as Tokens.Del).tokens, depth)}</del>;
    case "codespan":
      return (
        <code key={key}>
          <Words value={(token as Tokens.Codespan).text} />
        </code>
      );
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
