// Sends a finished trace to a server. Whatever the server, the network or the trace does, the result comes within the
// limit, nothing is thrown, and no more than a few pieces of the trace are in memory.

import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { type Answer, type Fetch, upload, uploadByFetch } from "./httpUpload";
import { jsonPieces } from "./jsonPieces";
import { backOffMs, isTransientError, isTransientStatus, retryAfterMs } from "./retryDelay";
import type { TraceExporter, TraceFile, TraceSource } from "./traceTypes";

export interface HttpExporterOptions {
  /** For everything together: connecting, sending, waiting, trying again. 5,000 where it is left out. */
  readonly limitMs?: number;
  /** In place of Node's own client, for example one that knows a proxy. */
  readonly fetch?: Fetch;
}

type Outcome =
  | { readonly type: "settled"; readonly result: string | undefined }
  /** Worth another try, after the time that the server asks for, if it does. */
  | { readonly type: "failed"; readonly askedMs?: number | undefined };

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

const defaultLimitMs = 5000;
const maxTimerMs = 2 ** 31 - 1;
/** Where nobody listens, the end of a session is late by one or two seconds, not by the whole limit. */
const maxAttempts = 5;
const maxAnswerBytes = 65_536;
/** After this much the program's timers and callbacks get a turn, also where trace and server are always ready. */
const turnBytes = 1_048_576;

export class HttpExporter implements TraceExporter {
  readonly name: string;
  readonly #endpoint: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #limitMs: number;
  readonly #fetch: Fetch | undefined;

  constructor(
    name: string,
    endpoint: string,
    headers?: Record<string, string>,
    { limitMs = defaultLimitMs, fetch }: HttpExporterOptions = {},
  ) {
    this.name = name;
    this.#endpoint = endpoint;
    this.#headers = requestHeaders(headers);
    this.#limitMs = limitMs > 0 ? Math.min(limitMs, maxTimerMs) : defaultLimitMs;
    this.#fetch = fetch;
  }

  /**
   * Posts the trace as JSON.
   * @returns the `url` of the server's answer where it has one, `<name>: exported` where a successful answer has none,
   *   undefined where there was no successful answer, or none that ended within the limit
   */
  async export(trace: TraceFile): Promise<string | undefined> {
    return await this.#post(() => jsonPieces(trace), undefined);
  }

  /** The same from a source, which is read anew for each attempt. */
  async exportFrom(source: TraceSource, signal?: AbortSignal): Promise<string | undefined> {
    return await this.#post(() => source.open(), signal);
  }

  async #post(open: () => Pieces, outer: AbortSignal | undefined): Promise<string | undefined> {
    const deadlineMs = performance.now() + this.#limitMs;
    const stop = new AbortController();
    const onAbort = () => stop.abort();
    const timer = setTimeout(onAbort, this.#limitMs);
    const bodies: AsyncGenerator<Uint8Array, undefined>[] = [];
    const newBody = () => {
      const body = readable(open);
      bodies.push(body);
      return body;
    };
    try {
      outer?.addEventListener("abort", onAbort);
      if (outer?.aborted) return undefined;
      const stopped = new Promise<undefined>((resolve) => {
        stop.signal.addEventListener("abort", () => resolve(undefined));
      });
      // What hangs and can't be aborted, such as a read of the source, is not waited for beyond the limit.
      const tries = this.#tryUntil(deadlineMs, newBody, stop.signal).catch(() => undefined);
      const result = await Promise.race([tries, stopped]);
      // When this is done nothing reads the trace any more, so its owner may remove it.
      await Promise.race([Promise.allSettled(bodies.map((body) => body.return(undefined))), stopped]);
      return result;
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
      outer?.removeEventListener("abort", onAbort);
      stop.abort();
    }
  }

  async #tryUntil(
    deadlineMs: number,
    newBody: () => AsyncIterable<Uint8Array>,
    stop: AbortSignal,
  ): Promise<string | undefined> {
    for (let failures = 1; ; failures++) {
      const outcome = await this.#attempt(newBody(), stop);
      if (outcome.type === "settled") return outcome.result;
      const delayMs = outcome.askedMs ?? backOffMs(failures);
      // A server that asks for more time than there is gets no request before that time.
      if (failures === maxAttempts || performance.now() + delayMs >= deadlineMs) return undefined;
      await pause(delayMs, undefined, { signal: stop });
    }
  }

  async #attempt(body: AsyncIterable<Uint8Array>, stop: AbortSignal): Promise<Outcome> {
    const attempt = new AbortController();
    const onAbort = () => attempt.abort();
    stop.addEventListener("abort", onAbort);
    try {
      const request = { url: new URL(this.#endpoint), headers: this.#headers, body, signal: attempt.signal };
      const fetch = this.#fetch;
      const answer = await (fetch === undefined ? upload(request) : uploadByFetch(fetch, request)).catch(
        failedToAnswer,
      );
      if ("type" in answer) return answer;
      return await this.#judge(answer);
    } finally {
      stop.removeEventListener("abort", onAbort);
      // Ends what is still under way: a server may answer before it has the whole body.
      attempt.abort();
    }
  }

  async #judge(answer: Answer): Promise<Outcome> {
    const { status } = answer;
    if (status >= 200 && status < 300) {
      // Once there is a successful answer nothing is sent again, or the server would have the trace twice. One that
      // breaks off is a failure all the same: it does not say what became of the trace.
      const text = await shortText(answer.body);
      return { type: "settled", result: urlIn(text) ?? `${this.name}: exported` };
    }
    if (!isTransientStatus(status)) return { type: "settled", result: undefined };
    return { type: "failed", askedMs: retryAfterMs(answer.header("retry-after"), answer.header("date")) };
  }
}

function failedToAnswer(error: unknown): Outcome {
  return isTransientError(error) ? { type: "failed" } : { type: "settled", result: undefined };
}

/** How the body is framed follows from how it is sent; other headers are the caller's. */
function requestHeaders(given: Record<string, string> | undefined): Record<string, string> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  for (const [name, value] of Object.entries(given ?? {})) {
    const key = name.toLowerCase();
    if (key !== "content-length" && key !== "transfer-encoding") headers[key] = value;
  }
  return headers;
}

/** A trace that can't be read must not look like a connection that broke, which would be tried again. */
async function* readable(open: () => Pieces): AsyncGenerator<Uint8Array, undefined> {
  let unturnedBytes = 0;
  try {
    for await (const piece of open()) {
      yield piece;
      unturnedBytes += piece.length;
      if (unturnedBytes < turnBytes) continue;
      unturnedBytes = 0;
      await nextTurn();
    }
  } catch {
    throw new Error("The trace can't be read.");
  }
}

/** The text of an answer, or undefined where it is longer than any that holds a `url`. */
async function shortText(body: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let lengthBytes = 0;
  for await (const chunk of body) {
    lengthBytes += chunk.length;
    if (lengthBytes > maxAnswerBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function urlIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== "object" || answer === null || !("url" in answer)) return undefined;
    return typeof answer.url === "string" ? answer.url : undefined;
  } catch {
    return undefined;
  }
}
