// One connection that follows a session, as server-sent events. A reader that is too slow misses records, and is told how
// many; nothing waits for it, and what waits for it is bounded.

import type { ServerResponse } from "node:http";
import type { StreamEvent } from "./streamEvent";

/** So much may wait for a reader. */
const mostWaitingBytes = 4 * 1024 * 1024;
/** A connection that is silent for longer is dead: a reader can tell. */
const aliveEveryMs = 10_000;

export class EventClient {
  readonly #response: ServerResponse;
  readonly #alive: NodeJS.Timeout;
  #missed = 0;
  #isEnded = false;

  /** @param onClosed the reader is gone */
  constructor(response: ServerResponse, onClosed: () => void) {
    this.#response = response;
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
    response.on("error", () => undefined);
    response.on("drain", () => this.#tellMissed());
    response.on("close", () => {
      this.#isEnded = true;
      clearInterval(this.#alive);
      onClosed();
    });
    this.#alive = setInterval(() => this.#write(": alive\n\n"), aliveEveryMs);
    this.#alive.unref();
    response.flushHeaders();
  }

  /** @param data JSON of the event */
  send(type: StreamEvent["type"], id: number, data: string): void {
    if (this.#isEnded) return;
    if (this.#isFull) {
      if (type === "record") this.#missed++;
      return;
    }
    this.#tellMissed();
    this.#write(`id: ${id}\nevent: ${type}\ndata: ${data}\n\n`);
  }

  /** The last word is sent however much waits. */
  end(id: number, data: string): void {
    if (this.#isEnded) return;
    this.#tellMissed();
    this.#write(`id: ${id}\nevent: end\ndata: ${data}\n\n`);
    this.#isEnded = true;
    clearInterval(this.#alive);
    this.#response.end();
  }

  get #isFull(): boolean {
    return this.#response.writableLength > mostWaitingBytes;
  }

  #tellMissed(): void {
    if (this.#missed === 0 || this.#isEnded) return;
    const records = this.#missed;
    this.#missed = 0;
    this.#write(`event: gap\ndata: ${JSON.stringify({ type: "gap", records })}\n\n`);
  }

  #write(text: string): void {
    this.#response.write(text);
  }
}
