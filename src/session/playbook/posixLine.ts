// Placeholders in a line for `sh`, `bash`, `zsh` and their kin. Each becomes an expansion of its variable that the quotes
// around it keep in one piece. The shell never reads an expanded value as code, so a mistake here could split a value, not run it.

import type { Placeholder } from "./placeholders";
import { ShellLineError } from "./shellLineError";

/**
 * Where in the line we are: in `$(…)` a line begins anew, `${…}` is the shell's own, and what stands between `((` and `))`
 * is worked out as a sum, in which a value could be read as code.
 */
type Context = "line" | "double" | "substitution" | "backtick" | "sum" | "braces";

interface Open {
  readonly context: Context;
  /** Parentheses within it. */
  open: number;
  /** `case` without its `esac` yet: there a parenthesis ends a pattern. */
  cases: number;
  /** Of braces: what follows the name is a pattern, with quotes of its own. */
  readonly hasPattern: boolean;
}

interface HereDocument {
  readonly end: string;
  readonly isQuoted: boolean;
  readonly isIndented: boolean;
}

export function posixLine(
  line: string,
  placeholders: readonly Placeholder[],
  nameOf: (placeholder: Placeholder) => string,
): string {
  return new PosixLine(line, placeholders, nameOf).expanded();
}

class PosixLine {
  readonly #line: string;
  readonly #placeholders: ReadonlyMap<number, Placeholder>;
  readonly #nameOf: (placeholder: Placeholder) => string;
  readonly #contexts: Open[] = [{ context: "line", open: 0, cases: 0, hasPattern: false }];
  #hereDocuments: HereDocument[] = [];
  #at = 0;
  #out = "";

  constructor(line: string, placeholders: readonly Placeholder[], nameOf: (placeholder: Placeholder) => string) {
    this.#line = line;
    this.#placeholders = new Map(placeholders.map((placeholder) => [placeholder.start, placeholder]));
    this.#nameOf = nameOf;
  }

  expanded(): string {
    while (this.#at < this.#line.length) this.#step();
    return this.#out;
  }

  #step(): void {
    const { context } = this.#top;
    const placeholder = this.#placeholders.get(this.#at);
    if (placeholder !== undefined) {
      this.#expand(placeholder, context === "double" ? ["", ""] : ['"', '"'], refusals[context]);
      return;
    }
    // What follows a backslash is literal, a placeholder, too.
    if (this.#sees("\\")) return this.#copy(2);
    if (this.#sees("$")) return this.#dollar();
    if (this.#sees("`")) return context === "backtick" ? this.#leave(1) : this.#enter("backtick", 1);
    if (this.#sees('"')) return context === "double" ? this.#leave(1) : this.#enter("double", 1);
    if (context === "double") return this.#copy(1);
    if (this.#sees("'") && !this.#isApostrophe()) return this.#single("'");
    if (context === "braces") return this.#sees("}") ? this.#leave(1) : this.#copy(1);
    if (context === "sum") return this.#inSum();
    this.#inLine();
  }

  #inLine(): void {
    const { context } = this.#top;
    if (this.#sees("\n")) return this.#lineEnd();
    const isWordStart = wordBorder.test(this.#line[this.#at - 1] ?? " ");
    if (this.#sees("#") && isWordStart) return this.#comment();
    if (this.#sees("[[") && isWordStart) this.#checkTest();
    if (isWordStart) this.#countCases();
    if (this.#sees("<<<")) return this.#copy(3);
    if (this.#sees("<<")) return this.#announce();
    if (this.#sees("((")) return this.#enter("sum", 2);
    if (this.#sees("(")) this.#top.open++;
    if (this.#sees(")")) {
      const { open, cases } = this.#top;
      if (context === "substitution" && open === 0 && cases === 0) return this.#leave(1);
      this.#top.open = Math.max(0, this.#top.open - 1);
    }
    this.#copy(1);
  }

  #countCases(): void {
    const word = /^(case|esac)(?![^\s;|&()])/.exec(this.#line.slice(this.#at, this.#at + 5))?.[1];
    if (word === undefined || !commandStart.test(this.#line.slice(Math.max(0, this.#at - 50), this.#at))) return;
    this.#top.cases = Math.max(0, this.#top.cases + (word === "case" ? 1 : -1));
  }

  /** Bash works out what `-eq` compares, and what `-v` names, as it does a sum. */
  #checkTest(): void {
    const end = this.#line.indexOf("]]", this.#at);
    if (end < 0 || !/\s-(eq|ne|lt|le|gt|ge|v|R)\s/.test(this.#line.slice(this.#at, end))) return;
    for (let at = this.#at; at < end; at++) this.#refuse(at, inTest);
  }

  #inSum(): void {
    if (this.#top.open === 0 && this.#sees("))")) return this.#leave(2);
    if (this.#sees("(")) this.#top.open++;
    if (this.#sees(")")) this.#top.open = Math.max(0, this.#top.open - 1);
    this.#copy(1);
  }

  /** In `"${x:-it's}"` it is one letter among others; in the pattern of `"${x%'}'}"` it is not. */
  #isApostrophe(): boolean {
    const inner = this.#contexts.findLastIndex(({ context }) => context !== "braces");
    const braces = this.#contexts[inner + 1];
    return braces !== undefined && this.#contexts[inner]?.context === "double" && !braces.hasPattern;
  }

  #dollar(): void {
    if (this.#sees("$'") && this.#top.context !== "double") return this.#single("$'");
    if (this.#sees("$((")) return this.#enter("sum", 3);
    if (this.#sees("$(")) return this.#enter("substitution", 2);
    if (this.#sees("${")) return this.#enter("braces", 2);
    this.#copy(this.#sees("$$") ? 2 : 1);
  }

  /** Nothing but its end means anything in it; a variable is read between two of them. */
  #single(opening: "'" | "$'"): void {
    this.#copy(opening.length);
    while (this.#at < this.#line.length) {
      const placeholder = this.#placeholders.get(this.#at);
      // Also within quotes `${x}` is more likely meant for another program than for us.
      if (placeholder !== undefined && this.#line[this.#at - 1] !== "$")
        this.#expand(placeholder, [`'"`, `"${opening}`], undefined);
      else if (opening === "$'" && this.#sees("\\")) this.#copy(2);
      else if (this.#sees("'")) return this.#copy(1);
      else this.#copy(1);
    }
  }

  #comment(): void {
    const end = this.#line.indexOf("\n", this.#at);
    this.#copy((end < 0 ? this.#line.length : end) - this.#at);
  }

  #announce(): void {
    const [whole = "", dash = "", word = ""] =
      /^<<(-?)[ \t]*((?:'[^']*'|"[^"]*"|\\.|[^\s;|&()<>'"\\])+)?/.exec(this.#line.slice(this.#at)) ?? [];
    const from = this.#at;
    for (let at = from; at < from + whole.length; at++) this.#refuse(at, "as the end of a here-document");
    this.#copy(Math.max(2, whole.length));
    if (word === "") return;
    const end = word.replaceAll(/['"]|\\(?=.)/g, "");
    this.#hereDocuments.push({ end, isQuoted: /['"\\]/.test(word), isIndented: dash === "-" });
  }

  #lineEnd(): void {
    this.#copy(1);
    const documents = this.#hereDocuments;
    this.#hereDocuments = [];
    for (const document of documents) this.#hereDocument(document);
  }

  #hereDocument({ end, isQuoted, isIndented }: HereDocument): void {
    const start = this.#at;
    let bodyEnd = start;
    while (bodyEnd < this.#line.length) {
      const newline = this.#line.indexOf("\n", bodyEnd);
      const next = newline < 0 ? this.#line.length : newline + 1;
      const line = this.#line.slice(bodyEnd, newline < 0 ? next : newline);
      bodyEnd = next;
      if ((isIndented ? line.replace(/^\t+/, "") : line) === end) break;
    }
    const hasCommand = /\$\(|`/.test(this.#line.slice(start, bodyEnd));
    while (this.#at < bodyEnd) {
      const placeholder = this.#placeholders.get(this.#at);
      if (placeholder !== undefined && this.#line[this.#at - 1] !== "$") {
        const where = isQuoted
          ? "in a here-document whose end is quoted"
          : hasCommand
            ? "in a here-document that holds a command"
            : undefined;
        this.#expand(placeholder, ["", ""], where);
      } else this.#copy(!isQuoted && this.#sees("\\") ? 2 : 1);
    }
  }

  get #top(): Open {
    return this.#contexts.at(-1) ?? { context: "line", open: 0, cases: 0, hasPattern: false };
  }

  #enter(context: Context, length: number): void {
    this.#copy(length);
    // `${name}` is the shell's own variable, even where a parameter has that name.
    const name = context === "braces" ? /^[A-Za-z0-9_]*/.exec(this.#line.slice(this.#at))?.[0] : undefined;
    this.#copy(name?.length ?? 0);
    this.#contexts.push({
      context,
      open: 0,
      cases: 0,
      hasPattern: name !== undefined && (this.#sees("#") || this.#sees("%")),
    });
  }

  #leave(length: number): void {
    this.#contexts.pop();
    this.#copy(length);
  }

  #expand(placeholder: Placeholder, [before, after]: readonly [string, string], where: string | undefined): void {
    const written = this.#line.slice(Math.max(0, this.#at - 200), this.#at);
    const isSubscript =
      /(^|[\s;&|(])[A-Za-z_]\w*\[[^\]\s]*$/.test(written) && /^[^\]\n]*\]\+?=/.test(this.#line.slice(this.#at));
    if (isSubscript) this.#refuse(this.#at, asIndex);
    if (where !== undefined) this.#refuse(this.#at, where);
    this.#out += `${before}\${${this.#nameOf(placeholder)}}${after}`;
    this.#at = placeholder.end;
  }

  #refuse(at: number, where: string): void {
    const placeholder = this.#placeholders.get(at);
    if (placeholder === undefined) return;
    const written = this.#line.slice(placeholder.start, placeholder.end);
    const isRead = readAsExpression.has(where);
    const why = isRead ? "the shell would read its value as an expression" : "give it to a variable of the shell first";
    throw new ShellLineError(`${written} can't stand ${where}: ${why}.`);
  }

  #sees(text: string): boolean {
    return this.#line.startsWith(text, this.#at);
  }

  #copy(length: number): void {
    this.#out += this.#line.slice(this.#at, this.#at + length);
    this.#at += length;
  }
}

const wordBorder = /[\s;|&()]/;
/** What stands before the first word of a command. */
const commandStart = /(^|[;\n|&({!]|\b(then|do|else|elif|in))\s*$/;

const inSum = "within ((…))";
const inTest = "within [[…]] with -eq, -lt, -v and the like";
const asIndex = "as the index of an array";
const readAsExpression: ReadonlySet<string> = new Set([inSum, inTest, asIndex]);

/** Where a value would be read once more before it is used. */
const refusals: Readonly<Record<Context, string | undefined>> = {
  line: undefined,
  double: undefined,
  substitution: undefined,
  backtick: "between backticks",
  sum: inSum,
  braces: "within ${…}",
};
