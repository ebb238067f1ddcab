// Reads the events of a session's stream from its endpoint. Whatever is wrong (a refused connection, an answer that is no
// stream, a word that nobody knows, silence, an end without its last word) is a rejection that says what.

import { createParser } from "eventsource-parser";
import { describeError } from "../../base/logger";
import { type StreamEvent, streamEventSchema } from "./streamEvent";
import type { StreamAddress } from "./streamFile";

/** The other side says every ten seconds that it is there. */
export const silentAfterMs = 35_000;
/** Longer than any event that a session sends. */
const brokeOff = "the connection broke off";
const mostEventLength = 16 * 1024 * 1024;

export interface StreamReaderOptions {
  readonly signal?: AbortSignal | undefined;
  readonly silentAfterMs?: number | undefined;
}

/** Ends after the event `end`; rejects where the stream ends without it, and with the signal's reason. */
export async function* readEvents(
  address: StreamAddress,
  options: StreamReaderOptions = {},
): AsyncGenerator<StreamEvent> {
  const watch = new SilenceWatch(options.silentAfterMs ?? silentAfterMs);
  try {
    const signal = options.signal === undefined ? watch.signal : AbortSignal.any([options.signal, watch.signal]);
    const response = await answerOf(address, "/events", signal);
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith("text/event-stream")) throw new Error(`an answer of type "${type}" is no stream of events`);
    const events: StreamEvent[] = [];
    let fault: Error | undefined;
    const parser = createParser({
      onEvent: ({ data }) => {
        try {
          events.push(streamEventSchema.parse(JSON.parse(data)));
        } catch (error) {
          fault ??= new Error(`an event can't be read: ${describeError(error)}`);
        }
      },
      onError: (error) => {
        fault ??= error;
      },
      maxBufferSize: mostEventLength,
    });
    for await (const piece of piecesOf(response)) {
      watch.heard();
      parser.feed(piece);
      for (const event of events.splice(0)) {
        yield event;
        if (event.type === "end") return;
      }
      if (fault !== undefined) throw fault;
    }
    throw new Error(brokeOff);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw watch.signal.aborted ? new Error(watch.words) : error;
  } finally {
    watch.stop();
  }
}

/** The client's own word for a connection that is lost says nothing to a person. */
async function* piecesOf({ body }: Response): AsyncGenerator<string> {
  const pieces = body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await pieces?.next().catch((error: unknown) => {
        throw new Error(brokeOff, { cause: error });
      });
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    await pieces?.return?.();
  }
}

/** @throws where it can't be had, in words */
export async function answerOf(address: StreamAddress, path: string, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${address.url}${path}`, {
      headers: { authorization: `Bearer ${address.token}` },
      redirect: "error",
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new Error(`its endpoint does not answer: ${describeError(cause)}`);
  }
  if (response.ok) return response;
  await response.body?.cancel();
  throw new Error(`its endpoint answered ${response.status}`);
}

class SilenceWatch {
  readonly #abort = new AbortController();
  readonly #limitMs: number;
  #timer: NodeJS.Timeout;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get words(): string {
    return `nothing was heard of it for ${Math.round(this.#limitMs / 1000)} s`;
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => this.#abort.abort(), this.#limitMs);
  }
}
