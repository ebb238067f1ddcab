// A part of a text of any length, as it goes to a panel: how much of how much it is, and what in it can be opened.

import { type TextLink, textLinks } from "./textLinks";

/** UTF-16 units of a long text that a panel gets before anybody asks for more. */
export const firstPartLength = 65_536;

export interface TextPart {
  readonly text: string;
  /** UTF-16 units before it. */
  readonly from: number;
  /** UTF-16 units of the whole. */
  readonly totalLength: number;
  /** Bytes of the whole as UTF-8. */
  readonly totalBytes: number;
  readonly links: readonly TextLink[];
}

/** A text of which parts are given out: what is the same for all of them is worked out once. */
export class PartedText {
  readonly text: string;
  #bytes: number | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get totalBytes(): number {
    this.#bytes ??= utf8Length(this.text);
    return this.#bytes;
  }

  /** At most `length` UTF-16 units, never half a surrogate pair at the end. */
  part(from: number, length: number): TextPart {
    const { text } = this;
    const start = Math.min(from, text.length);
    const end = endOfCharacter(text, start + length);
    return {
      text: text.slice(start, end),
      from: start,
      totalLength: text.length,
      totalBytes: this.totalBytes,
      links: textLinks(text, start, end),
    };
  }
}

/** At most `length` UTF-16 units, never half a surrogate pair. */
export function cutAtCharacter(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, endOfCharacter(text, length));
}

function endOfCharacter(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}

const encoder = new TextEncoder();
const pieceLength = 65_536;
let buffer: Uint8Array<ArrayBuffer> | undefined;

/** Bytes of a text as UTF-8; a lone surrogate has three, as the character that replaces it. */
export function utf8Length(text: string): number {
  // By the platform's own encoder, piece by piece: a loop over the units of a long text takes ten times as long.
  buffer ??= new Uint8Array(3 * pieceLength);
  let bytes = 0;
  for (let from = 0; from < text.length; ) {
    const end = endOfCharacter(text, from + pieceLength);
    bytes += encoder.encodeInto(text.slice(from, end), buffer).written;
    from = end;
  }
  return bytes;
}
