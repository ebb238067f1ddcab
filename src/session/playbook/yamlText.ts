// The YAML of a playbook with the place of every value. Whatever the text, it is read within bounds: its size, its depth
// and what its aliases may grow to are limited, and nothing is thrown.

import {
  Composer,
  type CST,
  Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  Parser,
  visit,
} from "yaml";
import type { PlaybookProblem, TextPosition, TextRange } from "./playbookProblem";

export const longestPlaybookBytes = 1024 * 1024;
const deepest = 64;
/** Values after all aliases are followed. */
const mostValues = 200_000;
/** Pieces of the text as the parser takes them: some ten a line. More of them take seconds where the text is damaged. */
const mostLexemes = 200_000;

export type YamlPath = readonly (string | number)[];

/** A key and its value in a map, or the item of a list, which has no key. */
export interface YamlPlace {
  readonly key?: Node;
  readonly value?: Node;
}

export class YamlText {
  readonly text: string;
  readonly document: Document;
  readonly #lineStarts: readonly number[];

  constructor(text: string, document: Document) {
    this.text = text;
    this.document = document;
    this.#lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  }

  /** Undefined where nothing stands there. */
  placeAt(path: YamlPath): YamlPlace | undefined {
    let place: YamlPlace = { ...(isNode(this.document.contents) && { value: this.document.contents }) };
    for (const step of path) {
      const node = this.resolved(place.value);
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
        if (!pair) return undefined;
        place = { ...(isNode(pair.key) && { key: pair.key }), ...(isNode(pair.value) && { value: pair.value }) };
      } else if (isSeq(node) && typeof step === "number") {
        const item = node.items[step];
        if (!isNode(item)) return undefined;
        place = { value: item };
      } else return undefined;
    }
    return place;
  }

  resolved(node: Node | undefined): Node | undefined {
    return isAlias(node) ? node.resolve(this.document) : node;
  }

  /** Of the value, or of what is nearest to where it should be. */
  rangeOf(path: YamlPath): TextRange {
    const place = this.placeAt(path);
    if (place?.value !== undefined && hasText(place.value)) return this.rangeOfNode(place.value);
    return this.rangeOfKey(path);
  }

  /** Of the key; for the item of a list, of its first key or of its value. */
  rangeOfKey(path: YamlPath): TextRange {
    const place = this.placeAt(path);
    if (place?.key !== undefined) return this.rangeOfNode(place.key);
    if (place?.value !== undefined) {
      const first = isMap(place.value) ? place.value.items[0]?.key : undefined;
      return this.rangeOfNode(isNode(first) ? first : place.value);
    }
    return path.length === 0 ? this.range(0, 0) : this.rangeOfKey(path.slice(0, -1));
  }

  /** Of a map or a list no more than its beginning: a whole one underlined says nothing. */
  rangeOfNode(node: Node): TextRange {
    if (isMap(node) && !node.flow) {
      const first = node.items[0]?.key;
      if (isNode(first)) return this.rangeOfNode(first);
    }
    if (isSeq(node) && !node.flow) {
      const start = node.range?.[0] ?? 0;
      return this.range(start, start + 1);
    }
    const [start, end] = node.range ?? [0, 0];
    return this.range(start, end);
  }

  /** Offsets that lie outside the text are taken to its nearest end. */
  range(start: number, end: number): TextRange {
    const from = this.#position(start);
    const to = this.#position(Math.max(start, end));
    return { start: from, end: to };
  }

  #position(offset: number): TextPosition {
    const inside = Math.min(Math.max(0, offset), this.text.length);
    let line = 0;
    for (let after = this.#lineStarts.length; line + 1 < after; ) {
      const middle = (line + after) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= inside) line = middle;
      else after = middle;
    }
    return { line: line + 1, column: inside - (this.#lineStarts[line] ?? 0) + 1, offset: inside };
  }
}

export interface ReadYaml {
  /** Also of a damaged text: what could be read of it. */
  readonly yaml: YamlText;
  /** Missing where there are errors. */
  readonly value?: unknown;
  readonly problems: readonly PlaybookProblem[];
}

export function readYaml(text: string): ReadYaml {
  if (text.length > longestPlaybookBytes || utf8Bytes(text) > longestPlaybookBytes)
    return refused(text, 0, "This file is larger than 1 MiB: too large for a playbook.");
  let document: Document | Excess;
  try {
    document = composed(text);
  } catch (error) {
    return refused(text, 0, `This can't be read as YAML: ${words(error)}`);
  }
  if ("excess" in document) return refused(text, document.offset, document.excess);
  const yaml = new YamlText(text, document);
  const problems: PlaybookProblem[] = [
    ...document.errors
      .slice(0, 100)
      .map(({ code, message, pos }) =>
        problem(yaml.range(...pos), code === "NON_STRING_KEY" ? "A key must be a text." : sentence(message)),
      ),
    ...document.warnings.map(({ message, pos }) => problem(yaml.range(...pos), sentence(message), "warning")),
    ...repeatedKeys(yaml),
  ];
  if (problems.some(({ severity }) => severity === "error")) return { yaml, problems };
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    const excess = excessOf(value);
    if (excess === undefined) return { yaml, value, problems };
    return { yaml, problems: [...problems, problem(yaml.rangeOf([]), excess)] };
  } catch (error) {
    return {
      yaml,
      problems: [...problems, problem(yaml.rangeOf([]), `The aliases can't be followed: ${words(error)}`)],
    };
  }
}

interface Excess {
  readonly excess: string;
  readonly offset: number;
}

/**
 * The parser itself keeps no recursion, what composes its tokens does: so the depth is bounded between the two. A deep
 * enough text would end the process otherwise, not just throw.
 */
function composed(text: string): Document | Excess {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    // A document, and within it two entries for each level.
    if (parser.stack.length > 2 * deepest)
      return { excess: `This is nested deeper than ${deepest} levels.`, offset: parser.offset };
    if (++lexemes > mostLexemes)
      return { excess: "This has more parts than a playbook can have.", offset: parser.offset };
  }
  tokens.push(...parser.end());
  // Whether keys are unique is looked at here, see `repeatedKeys`: the library compares each with each.
  const composer = new Composer({ prettyErrors: false, stringKeys: true, uniqueKeys: false });
  let first: Document | undefined;
  for (const document of composer.compose(tokens, true, text.length)) {
    if (first !== undefined)
      return { excess: "A file holds one playbook; another begins here.", offset: document.range[0] };
    first = document;
  }
  return first ?? new Document(null);
}

function refused(text: string, offset: number, message: string): ReadYaml {
  const yaml = new YamlText(text, new Document(null));
  return { yaml, problems: [problem(yaml.range(offset, offset + 1), message)] };
}

function repeatedKeys(yaml: YamlText): PlaybookProblem[] {
  const problems: PlaybookProblem[] = [];
  visit(yaml.document, {
    Map(_key, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) problems.push(problem(yaml.rangeOfNode(key), `"${name}" is given twice here.`));
        seen.add(name);
      }
    },
  });
  return problems;
}

export function problem(
  range: TextRange,
  message: string,
  severity: PlaybookProblem["severity"] = "error",
): PlaybookProblem {
  return { severity, message, range };
}

function excessOf(value: unknown): string | undefined {
  let values = 0;
  const above = new Set<object>();
  const look = (each: unknown, depth: number): string | undefined => {
    if (++values > mostValues) return `This holds more than ${mostValues.toLocaleString("en")} values.`;
    if (typeof each !== "object" || each === null) return undefined;
    if (above.has(each)) return "An alias stands within what it names.";
    if (depth >= deepest) return `This is nested deeper than ${deepest} levels.`;
    above.add(each);
    for (const [key, child] of Object.entries(each)) {
      const excess = key === "__proto__" ? "`__proto__` can't be a key." : look(child, depth + 1);
      if (excess !== undefined) return excess;
    }
    above.delete(each);
    return undefined;
  };
  return look(value, 0);
}

function hasText(node: Node): boolean {
  return node.range !== undefined && node.range !== null && node.range[1] > node.range[0];
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
