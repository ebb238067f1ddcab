// Markdown as elements, never as HTML. Raw HTML is text, an image is its words, a link shows where it would lead and leads
// nowhere; only places that the reader found in the text can be opened.

import { type ComponentChildren, createContext } from "preact";
import { useContext, useMemo } from "preact/hooks";
import type { TextLink } from "../../../src/trace/textLinks";
import type { MarkdownBlock, MarkdownInline, MarkdownItem } from "../../markdown/markdownNode";
import { readMarkdown } from "../../markdown/readMarkdown";
import { TextLinkMark } from "./textLinks";

/** @param links in the source; where the same words stand in the page, they lead to the same place */
export function Markdown({ source, links = noLinks }: { source: string; links?: readonly TextLink[] }) {
  const blocks = useMemo(() => readMarkdown(source), [source]);
  const known = useMemo(() => knownWords(source, links), [source, links.length]);
  return (
    <KnownWords.Provider value={known}>
      <div class="markdown">
        <Blocks blocks={blocks} />
      </div>
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
      <TextLinkMark key={match.index} title={link.title} type={link.type} offset={link.start}>
        {match[0]}
      </TextLinkMark>,
    );
    at = match.index + match[0].length;
  }
  parts.push(value.slice(at));
  return <>{parts}</>;
}

function Blocks({ blocks, isTight = false }: { blocks: readonly MarkdownBlock[]; isTight?: boolean }) {
  return (
    <>
      {blocks.map((block, index) =>
        isTight && block.type === "paragraph" ? (
          <Inlines key={index} inlines={block.inlines} />
        ) : (
          <Block key={index} block={block} />
        ),
      )}
    </>
  );
}

function Block({ block }: { block: MarkdownBlock }) {
  switch (block.type) {
    case "heading":
      // The page has its own headings; those of a text are not part of its outline.
      return (
        <p class={`markdown-heading markdown-h${block.level}`}>
          <Inlines inlines={block.inlines} />
        </p>
      );
    case "paragraph":
      return (
        <p>
          <Inlines inlines={block.inlines} />
        </p>
      );
    case "code":
      return (
        <pre class="markdown-code">
          <Words value={block.text} />
        </pre>
      );
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.blocks} />
        </blockquote>
      );
    case "rule":
      return <hr />;
    case "list": {
      const items = block.items.map((item, index) => <Item key={index} item={item} isTight={block.isTight} />);
      return block.start === undefined ? <ul>{items}</ul> : <ol start={block.start}>{items}</ol>;
    }
    case "table":
      return <Table block={block} />;
  }
}

function Item({ item, isTight }: { item: MarkdownItem; isTight: boolean }) {
  return (
    <li>
      {item.isDone !== undefined && (item.isDone ? "☑ " : "☐ ")}
      <Blocks blocks={item.blocks} isTight={isTight} />
    </li>
  );
}

function Table({ block: { head, rows } }: { block: Extract<MarkdownBlock, { type: "table" }> }) {
  return (
    <table>
      <thead>
        <tr>
          {head.map((cell, index) => (
            <th key={index}>
              <Inlines inlines={cell} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={index}>
            {row.map((cell, cellIndex) => (
              <td key={cellIndex}>
                <Inlines inlines={cell} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Inlines({ inlines }: { inlines: readonly MarkdownInline[] }) {
  return (
    <>
      {inlines.map((inline, index) =>
        typeof inline === "string" ? <Words key={index} value={inline} /> : <Inline key={index} inline={inline} />,
      )}
    </>
  );
}

function Inline({ inline }: { inline: Exclude<MarkdownInline, string> }) {
  switch (inline.type) {
    case "strong":
      return (
        <strong>
          <Inlines inlines={inline.inlines} />
        </strong>
      );
    case "emphasis":
      return (
        <em>
          <Inlines inlines={inline.inlines} />
        </em>
      );
    case "deleted":
      return (
        <del>
          <Inlines inlines={inline.inlines} />
        </del>
      );
    case "code":
      return (
        <code>
          <Words value={inline.text} />
        </code>
      );
    case "break":
      return <br />;
    case "link":
      return (
        <span>
          <span class="markdown-link" title={inline.href}>
            <Inlines inlines={inline.inlines} />
          </span>
          {!showsItself(inline) && <span class="markdown-href"> ({inline.href})</span>}
        </span>
      );
    case "image":
      return (
        <span class="markdown-image" title={inline.href}>
          {inline.raw}
        </span>
      );
  }
}

/** A bare address needs no address beside it. */
function showsItself({ inlines, href }: Extract<MarkdownInline, { type: "link" }>): boolean {
  return href === "" || (inlines.length === 1 && inlines[0] === href);
}
