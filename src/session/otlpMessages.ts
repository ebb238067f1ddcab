// Messages of models' conversations that came apart from their spans, held until these end. Bounded in bytes, for each
// span and for all: a conversation beyond that is not held at all, for a part of it would be told as the whole.

import { Buffer } from "node:buffer";
import type { SpanEvent } from "../trace/schema";

const mostMessages = 1_024;
const mostBytesOfSpan = 1024 * 1024;
const mostBytes = 16 * 1024 * 1024;

interface HeldOfSpan {
  /** Undefined for a conversation that is shown by its events alone. */
  messages: SpanEvent[] | undefined;
  sizeBytes: number;
}

export class OtlpMessages {
  readonly #held = new Map<string, HeldOfSpan>();
  #sizeBytes = 0;

  /** @param json the event's text */
  add(spanId: string, event: SpanEvent, json: string): void {
    if (!event.name.startsWith("gen_ai.")) return;
    const held: HeldOfSpan = this.#held.get(spanId) ?? { messages: [], sizeBytes: 0 };
    this.#held.set(spanId, held);
    if (held.messages === undefined) return;
    const sizeBytes = Buffer.byteLength(json);
    const isTooMuch = held.sizeBytes + sizeBytes > mostBytesOfSpan || this.#sizeBytes + sizeBytes > mostBytes;
    if (isTooMuch || held.messages.length >= mostMessages) {
      this.#sizeBytes -= held.sizeBytes;
      held.messages = undefined;
      held.sizeBytes = 0;
      return;
    }
    held.messages.push(event);
    held.sizeBytes += sizeBytes;
    this.#sizeBytes += sizeBytes;
  }

  of(spanId: string): readonly SpanEvent[] {
    return this.#held.get(spanId)?.messages ?? [];
  }

  /** The span has ended. */
  release(spanId: string): void {
    this.#sizeBytes -= this.#held.get(spanId)?.sizeBytes ?? 0;
    this.#held.delete(spanId);
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }
}
