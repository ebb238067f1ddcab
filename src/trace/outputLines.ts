// The lines of a program's output by number: text without any code, how it looks, and which places and links are in it.
// Only the bursts of the lines that are asked for are looked at, and what is remembered of the others is how text looks
// where they begin.

import { longestCode, parseAnsiLine, styleAfter, styleEffect, unfinishedCode } from "./ansi";
import type { AnsiLine } from "./ansiScreen";
import { type AnsiStyle, bothEffects, isDecided, plainStyle, type StyleEffect } from "./ansiStyle";
import type { OutputStream } from "./outputBurst";
import { burstOfLine, lineTimeMs, type OutputIndex } from "./outputIndex";
import { blockHead, isBlockLine, type OutputLink, outputLinks } from "./outputLinks";
import type { SpanSource } from "./spanSource";

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
/** UTF-16 units of their texts, but for those of the last one. */
const mostTextRemembered = 4 * 1024 * 1024;
/** How many lines above one of a report the head of that report is looked for. */
const mostLinesToHead = 200;
/** And through so many UTF-16 units. */
const longestToHead = 64 * 1024;

/** So far back is looked for codes that still hold: a megabyte of output. Beyond that nothing is taken to be coloured. */
const mostBurstsBack = 16;

export class OutputReader {
  readonly index: OutputIndex;
  readonly #spans: SpanSource;
  /** Of the bursts that were asked for last, by burst. */
  readonly #texts = new Map<number, string>();
  #textsLength = 0;
  #parsedLength = 0;
  /** By burst. */
  readonly #starts = new Map<number, readonly number[]>();
  readonly #effects = new Map<number, StyleEffect>();
  /** Where the style was last worked out. */
  #at = { burst: -1, offset: 0, style: plainStyle };
  /** The last line of a report that was looked at, and what stands above its lines. */
  #block: { number: number; stream: OutputStream | undefined; head: string | undefined } | undefined;

  constructor(index: OutputIndex, spans: SpanSource) {
    this.index = index;
    this.#spans = spans;
  }

  /** UTF-16 units, with their codes, that were parsed so far: what a search through lines may bound itself by. */
  get parsedLength(): number {
    return this.#parsedLength;
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
    const parsed = this.#parse(raw, this.#styleOf(at, number));
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
    return at < 0 ? "" : this.#parse(this.#raw(at, number).raw).text;
  }

  burstText(burst: number): string {
    const known = this.#texts.get(burst);
    if (known !== undefined) return known;
    const output = this.#spans.fieldAt(this.index.bursts[burst]?.row ?? -1, "output");
    const text = typeof output === "string" ? output : "";
    this.#textsLength += text.length;
    for (const [oldest, { length }] of this.#texts) {
      if (this.#texts.size < mostBurstsRemembered && this.#textsLength <= mostTextRemembered) break;
      this.#texts.delete(oldest);
      this.#textsLength -= length;
    }
    this.#texts.set(burst, text);
    return text;
  }

  #parse(raw: string, style?: AnsiStyle): AnsiLine {
    this.#parsedLength += raw.length;
    return parseAnsiLine(raw, style);
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
      const head = this.#unfinishedBefore(at) + this.burstText(at).slice(0, offset);
      this.#at = { burst: at, offset, style: styleAfter(head, this.#styleBefore(at)) };
    } else if (this.#at.offset < offset) {
      const style = styleAfter(this.burstText(at).slice(this.#at.offset, offset), this.#at.style);
      this.#at = { burst: at, offset, style };
    }
    return this.#at.style;
  }

  /** How text looks where a burst begins. */
  #styleBefore(at: number): AnsiStyle {
    let effect: StyleEffect | undefined;
    let before = this.index.bursts[at]?.previous ?? -1;
    for (let back = 0; back < mostBurstsBack && before >= 0; back++) {
      const earlier = this.#effectOf(before);
      effect = effect === undefined ? earlier : bothEffects(earlier, effect);
      if (isDecided(effect)) break;
      before = this.index.bursts[before]?.previous ?? -1;
    }
    return effect?.ofPlain ?? plainStyle;
  }

  #effectOf(at: number): StyleEffect {
    let effect = this.#effects.get(at);
    if (effect === undefined) {
      effect = styleEffect(this.#unfinishedBefore(at) + this.burstText(at));
      this.#effects.set(at, effect);
    }
    return effect;
  }

  /** Where a burst begins with the rest of a line, so may it with the rest of a code. */
  #unfinishedBefore(at: number): string {
    let end = "";
    let burst = this.index.bursts[at];
    while (burst?.continues === true && end.length < longestCode) {
      end = this.burstText(burst.previous).slice(-longestCode) + end;
      burst = this.index.bursts[burst.previous];
    }
    return unfinishedCode(end);
  }

  /** The path that stands alone above the lines of a report, as linters write it. */
  #headOf(number: number): string | undefined {
    const stream = this.#streamOf(number);
    if (this.#block?.number === number - 1 && this.#block.stream === stream) {
      this.#block = { ...this.#block, number };
      return this.#block.head;
    }
    let head: string | undefined;
    const enough = this.#parsedLength + longestToHead;
    for (let above = number - 1; above >= Math.max(0, number - mostLinesToHead); above--) {
      if (this.#parsedLength >= enough) break;
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
