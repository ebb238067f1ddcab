// The words of a payload, cut to what a conversation shows of them.

import { messageText } from "./messageText";
import { cutAtCharacter } from "./textPart";

/** UTF-16 units of a message or an error that the view shows. */
export const shownMessageLength = 4_000;

export interface ConversationText {
  readonly text: string;
  /** UTF-16 units of the whole text; more than `text.length` where it was cut. */
  readonly totalLength: number;
}

export function wordsOf(value: unknown): ConversationText {
  return cutWords((typeof value === "string" ? value : messageText(value)) ?? "");
}

export function cutWords(text: string): ConversationText {
  const trimmed = text.trim();
  return { text: cutAtCharacter(trimmed, shownMessageLength), totalLength: trimmed.length };
}
