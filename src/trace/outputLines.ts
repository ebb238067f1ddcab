// The lines of a program's output by number: text without any code, how it looks, and which places and links are in it.
// Only the bursts of the lines that are asked for are looked at, and what is remembered of the others is how text looks
// where they begin.

import { type AnsiLine, lastReset, parseAnsiLine, styleAfter, unfinishedCode } from "./ansi";
import { type AnsiStyle, plainStyle } from "./ansiStyle";
import type { OutputStream } from "./outputBurst";
import { burstOfLine, lineTimeMs, type OutputIndex } from "./outputIndex";
import { blockHead, isBlockLine, type OutputLink, outputLinks } from "./outputLinks";
import type { TraceSpan } from "./schema";

export interface OutputLine extends Omit<AnsiLine, "links"> {
  /** From 0. */
  readonly number: number;
  /** Row of the burst in which it began. */
  readonly row: number;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly stream: OutputStream;
  readonly links: readonly OutputLink[];
  /** UTF-16 units of the whole text; more than `text.length` where it was cut. */
  readonly totalLength: number;
  /** It has no end yet: more may come, or what is there be overwritten. */
  readonly isOpen: boolean;
}

/** Of a longer line the beginning is shown. */
const shownLength = 10_000;
/** Of a line that goes on over many bursts so much of each end is looked at. */
const endLength = 64 * 1024;
const mostBurstsRemembered = 16;
/** How many lines above one of a report the head of that report is looked for. */
const mostLinesToHead = 200;

/** How text looks, and the beginning of a colour code that ends in the next burst. */
interface StyleState {
  readonly style: AnsiStyle;
  readonly unfinished: string;
}

const plainState: StyleState = { style: plainStyle, unfinished: "" };

export class OutputReader {
  readonly index: OutputIndex;
  readonly #spans: readonly TraceSpan[];
  /** By burst. */
  readonly #starts = new Map<number, readonly number[]>();
  readonly #before: (StyleState | undefined)[] = [];
  /** Where the style was last worked out. */
  #at = { burst: -1, offset: 0, style: plainStyle };
  /** The last line of a report that was looked at, and what stands above its lines. */
  #block: { number: number; stream: OutputStream | undefined; head: string | undefined } | undefined;

  constructor(index: OutputIndex, spans: readonly TraceSpan[]) {
    this.index = index;
    this.#spans = spans;
  }

  lines(from: number, count: number): OutputLine[] {
    const lines: OutputLine[] = [];
    for (let number = Math.max(0, from); number < Math.min(from + count, this.index.lineCount); number++) {
      lines.push(this.line(number));
    }
    return lines;
  }

  /** @throws a RangeError for a line that is not there */
  line(number: number): OutputLine {
    const at = burstOfLine(this.index, number);
    const burst = this.index.bursts[at];
    if (burst === undefined) throw new RangeError(`No line ${number} in this output`);
    const { raw, isOpen } = this.#raw(at, number);
    const parsed = parseAnsiLine(raw, this.#styleOf(at, number));
    const { text, runs, links } = cut(parsed);
    const head = isBlockLine(text) ? this.#headOf(number) : undefined;
    return {
      number,
      row: burst.row,
      timeMs: lineTimeMs(this.index, number),
      stream: burst.stream,
      text,
      runs,
      links: outputLinks(text, links, head),
      totalLength: parsed.text.length,
      isOpen,
    };
  }

  /** The text alone, whole. */
  text(number: number): string {
    const at = burstOfLine(this.index, number);
    return at < 0 ? "" : parseAnsiLine(this.#raw(at, number).raw).text;
  }

  burstText(burst: number): string {
    const output = this.#spans[this.index.bursts[burst]?.row ?? -1]?.output;
    return typeof output === "string" ? output : "";
  }

  #raw(at: number, number: number): { readonly raw: string; readonly isOpen: boolean } {
    const { bursts } = this.index;
    const burst = bursts[at];
    if (burst === undefined) return { raw: "", isOpen: false };
    const segment = number - burst.firstLine + (burst.continues ? 1 : 0);
    const isLast = number === burst.firstLine + burst.times.length - 1;
    const first = this.#segment(at, segment, isLast);
    if (!isLast) return { raw: first, isOpen: false };
    const text = new BoundedText(first);
    let end = at;
    for (let next = burst.next; next >= 0 && bursts[next]?.continues === true; next = bursts[next]?.next ?? -1) {
      const hasMore = (bursts[next]?.times.length ?? 0) > 0;
      text.add(this.#segment(next, 0, !hasMore));
      end = next;
      if (hasMore) return { raw: text.toString(), isOpen: false };
    }
    return { raw: text.toString(), isOpen: bursts[end]?.next === -1 && !this.burstText(end).endsWith("\n") };
  }

  /** @param isLast all that is left belongs to it, but for the line feed at the end */
  #segment(at: number, segment: number, isLast: boolean): string {
    const text = this.burstText(at);
    const starts = this.#lineStarts(at);
    const start = starts[segment] ?? text.length;
    const next = starts[segment + 1];
    if (!isLast && next !== undefined) return text.slice(start, next - 1);
    return text.slice(start, text.endsWith("\n") ? Math.max(start, text.length - 1) : text.length);
  }

  #lineStarts(at: number): readonly number[] {
    const known = this.#starts.get(at);
    if (known !== undefined) return known;
    const text = this.burstText(at);
    const starts = [0];
    for (let feed = text.indexOf("\n"); feed >= 0 && feed + 1 < text.length; feed = text.indexOf("\n", feed + 1)) {
      starts.push(feed + 1);
    }
    for (const oldest of this.#starts.keys()) {
      if (this.#starts.size < mostBurstsRemembered) break;
      this.#starts.delete(oldest);
    }
    this.#starts.set(at, starts);
    return starts;
  }

  #styleOf(at: number, number: number): AnsiStyle {
    const burst = this.index.bursts[at];
    const segment = number - (burst?.firstLine ?? 0) + (burst?.continues === true ? 1 : 0);
    const offset = this.#lineStarts(at)[segment] ?? 0;
    if (this.#at.burst !== at || this.#at.offset > offset) {
      const before = this.#stateBefore(at);
      // Where a burst begins with the rest of a line, so may it with the rest of a code.
      const head = before.unfinished + this.burstText(at).slice(0, offset);
      this.#at = { burst: at, offset, style: styleAfter(head, before.style) };
    } else if (this.#at.offset < offset) {
      const style = styleAfter(this.burstText(at).slice(this.#at.offset, offset), this.#at.style);
      this.#at = { burst: at, offset, style };
    }
    return this.#at.style;
  }

  /** How text looks where a burst begins: looked for backwards up to what is known, or to what makes all plain. */
  #stateBefore(at: number): StyleState {
    const { bursts } = this.index;
    const unknown: number[] = [];
    let burst = at;
    let state = this.#before[burst];
    while (state === undefined) {
      const previous = bursts[burst]?.previous ?? -1;
      const text = previous < 0 ? "" : this.burstText(previous);
      const reset = lastReset(text);
      if (previous < 0 || reset >= 0) {
        state = stateAfter(text.slice(Math.max(0, reset)), plainState);
        this.#before[burst] = state;
      } else {
        unknown.push(burst);
        burst = previous;
        state = this.#before[burst];
      }
    }
    for (let next = unknown.pop(); next !== undefined; next = unknown.pop()) {
      state = stateAfter(this.burstText(burst), state);
      this.#before[next] = state;
      burst = next;
    }
    return state;
  }

  /** The path that stands alone above the lines of a report, as linters write it. */
  #headOf(number: number): string | undefined {
    const stream = this.#streamOf(number);
    if (this.#block?.number === number - 1 && this.#block.stream === stream) {
      this.#block = { ...this.#block, number };
      return this.#block.head;
    }
    let head: string | undefined;
    for (let above = number - 1; above >= Math.max(0, number - mostLinesToHead); above--) {
      if (this.#streamOf(above) !== stream) continue;
      const text = this.text(above);
      if (isBlockLine(text)) continue;
      head = blockHead(text);
      break;
    }
    this.#block = { number, stream, head };
    return head;
  }

  #streamOf(number: number): OutputStream | undefined {
    return this.index.bursts[burstOfLine(this.index, number)]?.stream;
  }
}

function stateAfter(text: string, { style, unfinished }: StyleState): StyleState {
  const whole = unfinished + text;
  return { style: styleAfter(whole, style), unfinished: unfinishedCode(whole) };
}

function cut(line: AnsiLine): AnsiLine {
  if (line.text.length <= shownLength) return line;
  const isInside = ({ start }: { readonly start: number }) => start < shownLength;
  const clip = <T extends { readonly end: number }>(part: T): T => ({ ...part, end: Math.min(part.end, shownLength) });
  return {
    text: line.text.slice(0, shownLength),
    runs: line.runs.filter(isInside).map(clip),
    links: line.links.filter(isInside).map(clip),
  };
}

/** A text of any length of which both ends are kept. */
class BoundedText {
  #head: string;
  #tail = "";

  constructor(text: string) {
    this.#head = text;
  }

  add(text: string): void {
    if (this.#head.length < endLength) this.#head += text;
    else {
      this.#tail += text;
      if (this.#tail.length > 4 * endLength) this.#tail = this.#tail.slice(-endLength);
    }
  }

  toString(): string {
    return this.#head + this.#tail;
  }
}
