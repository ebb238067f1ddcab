// The last lines of a program's output as a person sees them: colours left out, and of what was written over (a progress
// bar) the last state. Memory is bounded, however much comes and however long a line is.

const mostRows = 500;
/** A row beyond this loses its beginning; UTF-16 units. */
const mostRowLength = 32 * 1024;
const keptRowLength = 16 * 1024;
/** So much waits before it is looked at; of that the end alone, where it has lines enough. */
const mostWaitingLength = 256 * 1024;
const enoughLength = 128 * 1024;
const enoughLines = 200;
/** The result has at most so many bytes of UTF-8. */
const mostTailBytes = 16 * 1024;

const esc = String.fromCharCode(0x1b);
const bel = String.fromCharCode(0x07);
const backspace = String.fromCharCode(0x08);
const special = new RegExp(`[${esc}${backspace}\\r]`);
const token = new RegExp(
  [
    // A control sequence, a title or the like, any other escape.
    `${esc}\\[([0-?]*)[ -/]*([@-~])`,
    `${esc}[\\]P_^X][^${bel}${esc}]*(?:${bel}|${esc}\\\\|(?=${esc}))`,
    `${esc}[ -/]*[0-~]`,
    `[\\n\\r${backspace}]`,
    `[^${esc}\\n\\r${backspace}]+`,
    esc,
  ].join("|"),
  "g",
);
/** The beginning of an escape at the end of a text. */
const openEscape = new RegExp(`${esc}(?:\\[[0-?]*[ -/]*|[\\]P_^X][^${bel}${esc}]*${esc}?|[ -/]*)$`);
/** A longer one is none; UTF-16 units. */
const mostEscapeLength = 1024;

interface Screen {
  rows: string[];
  row: number;
  column: number;
}

export class OutputTail {
  #screen: Screen = { rows: [""], row: 0, column: 0 };
  /** What a program that takes the whole screen for itself leaves behind. */
  #behind: Screen | undefined;
  #waiting = "";
  /** The beginning of an escape. */
  #rest = "";
  #length = 0;
  #isCut = false;

  add(text: string): void {
    this.#length += text.length;
    this.#waiting += text;
    if (this.#waiting.length <= mostWaitingLength) return;
    const recent = this.#waiting.slice(-enoughLength);
    if (hasLines(recent, enoughLines)) {
      // Most of a lot of output is never looked at.
      this.#screen = { rows: [""], row: 0, column: 0 };
      this.#behind = undefined;
      this.#rest = "";
      this.#isCut = true;
      this.#waiting = recent.slice(recent.indexOf("\n") + 1);
    } else this.#draw();
  }

  /** @returns the text, and where something is missing at its beginning the length of all that came */
  read(): { readonly text: string; readonly fullLength: number | undefined } {
    this.#draw();
    const rows = this.#screen.rows.map((row) => row.trimEnd());
    let bytes = 0;
    let first = rows.length;
    while (first > 0) {
      bytes += Buffer.byteLength(rows[first - 1] ?? "") + 1;
      if (bytes > mostTailBytes && first < rows.length) break;
      first--;
    }
    let text = rows.slice(first).join("\n").trimEnd();
    const isLong = Buffer.byteLength(text) > mostTailBytes;
    if (isLong) text = endOf(text);
    return { text, fullLength: this.#isCut || isLong || first > 0 ? this.#length : undefined };
  }

  #draw(): void {
    let all = this.#rest + this.#waiting;
    this.#waiting = "";
    this.#rest = "";
    // A CR may belong to a line feed that is still to come.
    const held = openEscape.exec(all.slice(-mostEscapeLength))?.[0] ?? (all.endsWith("\r") ? "\r" : "");
    if (held !== "") {
      this.#rest = held;
      all = all.slice(0, -held.length);
    }
    const text = all.replaceAll("\r\n", "\n");
    if (special.test(text)) this.#interpret(text);
    else this.#append(text);
  }

  /** Lines without anything that moves the cursor. */
  #append(text: string): void {
    for (const [index, line] of text.split("\n").entries()) {
      if (index > 0) this.#lineFeed();
      if (line !== "") this.#put(line);
    }
  }

  #interpret(text: string): void {
    for (const match of text.matchAll(token)) {
      const [found, parameters, final] = match;
      if (final !== undefined) this.#control(parameters ?? "", final);
      else if (found === "\n") this.#lineFeed();
      else if (found === "\r") this.#screen.column = 0;
      else if (found === backspace) this.#screen.column = Math.max(0, this.#screen.column - 1);
      else if (!found.startsWith(esc)) this.#put(found);
    }
  }

  #put(text: string): void {
    const screen = this.#screen;
    const row = screen.rows[screen.row] ?? "";
    const before = row.length < screen.column ? row.padEnd(screen.column) : row.slice(0, screen.column);
    let written = before + text + row.slice(screen.column + text.length);
    screen.column += text.length;
    if (written.length > mostRowLength) {
      const cut = written.length - keptRowLength;
      written = written.slice(cut);
      screen.column = Math.max(0, screen.column - cut);
      this.#isCut = true;
    }
    screen.rows[screen.row] = written;
  }

  #lineFeed(): void {
    const screen = this.#screen;
    screen.column = 0;
    screen.row++;
    if (screen.row === screen.rows.length) screen.rows.push("");
    if (screen.rows.length <= mostRows * 2) return;
    const surplus = screen.rows.length - mostRows;
    screen.rows.splice(0, surplus);
    screen.row = Math.max(0, screen.row - surplus);
    this.#isCut = true;
  }

  #control(parameters: string, final: string): void {
    const screen = this.#screen;
    const number = Number.parseInt(parameters, 10);
    const count = Number.isNaN(number) || number < 1 ? 1 : Math.min(number, mostRows);
    const row = screen.rows[screen.row] ?? "";
    switch (final) {
      case "A":
      case "F":
        screen.row = Math.max(0, screen.row - count);
        if (final === "F") screen.column = 0;
        return;
      case "B":
      case "E":
        for (let step = 0; step < count && screen.row < screen.rows.length - 1; step++) screen.row++;
        if (final === "E") screen.column = 0;
        return;
      case "C":
        screen.column = Math.min(screen.column + count, mostRowLength);
        return;
      case "D":
        screen.column = Math.max(0, screen.column - count);
        return;
      case "G":
        screen.column = count - 1;
        return;
      case "K":
        if (number === 1) screen.rows[screen.row] = " ".repeat(screen.column) + row.slice(screen.column);
        else screen.rows[screen.row] = number === 2 ? "" : row.slice(0, screen.column);
        return;
      case "J":
        if (number === 2 || number === 3) this.#screen = { rows: [""], row: 0, column: 0 };
        else if (Number.isNaN(number) || number === 0) {
          screen.rows.length = screen.row + 1;
          screen.rows[screen.row] = row.slice(0, screen.column);
        }
        return;
      case "H":
      case "f":
        this.#place(parameters);
        return;
      case "h":
        if (isWholeScreen(parameters) && this.#behind === undefined) {
          this.#behind = screen;
          this.#screen = { rows: [""], row: 0, column: 0 };
        }
        return;
      case "l":
        if (isWholeScreen(parameters) && this.#behind !== undefined) {
          this.#screen = this.#behind;
          this.#behind = undefined;
        }
        return;
    }
  }

  /** Rows are counted from the top of a screen whose height nobody knows here: what is written goes below all else. */
  #place(parameters: string): void {
    const screen = this.#screen;
    screen.row = screen.rows.length - 1;
    if (screen.rows[screen.row] !== "") this.#lineFeed();
    const column = Number.parseInt(parameters.split(";")[1] ?? "", 10);
    screen.column = Number.isNaN(column) ? 0 : Math.max(0, Math.min(column, mostRows) - 1);
  }
}

function hasLines(text: string, count: number): boolean {
  let at = -1;
  for (let found = 0; found < count; found++) {
    at = text.indexOf("\n", at + 1);
    if (at < 0) return false;
  }
  return true;
}

function isWholeScreen(parameters: string): boolean {
  return parameters === "?1049" || parameters === "?1047" || parameters === "?47";
}

/** The end of a text that is a single long line, without half a character at its start. */
function endOf(text: string): string {
  const bytes = Buffer.from(text);
  let from = bytes.length - mostTailBytes;
  while (((bytes[from] ?? 0) & 0xc0) === 0x80) from++;
  return bytes.subarray(from).toString();
}
