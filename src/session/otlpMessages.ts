// Messages of models' conversations that came apart from their spans, held until these end. Bounded in bytes, for each
// span and for all sessions: a conversation beyond that is not held at all, for a part of it would be told as the whole.

import { Buffer } from "node:buffer";
import type { SpanEvent } from "../trace/schema";
import type { SharedBytes } from "./sharedBytes";

const mostMessages = 1_024;
const mostBytesOfSpan = 1024 * 1024;

interface HeldOfSpan {
  /** Undefined for a conversation that is shown by its events alone. */
  messages: SpanEvent[] | undefined;
  sizeBytes: number;
}

export class OtlpMessages {
  readonly #memory: SharedBytes;
  readonly #held = new Map<string, HeldOfSpan>();

  /** @param memory shared with other sessions */
  constructor(memory: SharedBytes) {
    this.#memory = memory;
  }

  /** @param json the event's text */
  add(spanId: string, event: SpanEvent, json: string): void {
    if (!event.name.startsWith("gen_ai.")) return;
    const held: HeldOfSpan = this.#held.get(spanId) ?? { messages: [], sizeBytes: 0 };
    this.#held.set(spanId, held);
    if (held.messages === undefined) return;
    const sizeBytes = Buffer.byteLength(json);
    const isTooMuch = held.sizeBytes + sizeBytes > mostBytesOfSpan || held.messages.length >= mostMessages;
    if (isTooMuch || !this.#memory.tryTake(sizeBytes)) {
      this.#memory.release(held.sizeBytes);
      held.messages = undefined;
      held.sizeBytes = 0;
      return;
    }
    held.messages.push(event);
    held.sizeBytes += sizeBytes;
  }

  of(spanId: string): readonly SpanEvent[] {
    return this.#held.get(spanId)?.messages ?? [];
  }

  /** The span has ended. */
  release(spanId: string): void {
    this.#memory.release(this.#held.get(spanId)?.sizeBytes ?? 0);
    this.#held.delete(spanId);
  }

  /** Gives all of its memory back. */
  dispose(): void {
    for (const spanId of [...this.#held.keys()]) this.release(spanId);
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }
}
