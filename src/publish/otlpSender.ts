// Sends requests of OTLP to a backend, with the retries that the specification asks of a client: a passing failure is tried
// again, when the server says so or after pauses that grow, and what was taken or refused for good is never sent again.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { describeError } from "../base/logger";
import { ProtobufReader } from "../importers/protobufReader";
import type { Fetch } from "../recorder/httpUpload";
import { retryAfterMs } from "../recorder/retryDelay";
import { type PublishClock, pause } from "./publishClock";

export interface OtlpSenderOptions {
  /** Of the backend; `/v1/traces` is added where it does not end with that. */
  readonly endpoint: string;
  readonly clock: PublishClock;
  /** Names and values that a secret storage keeps; asked for each request, and what it throws is a failure of that. */
  headers?(): PromiseLike<Readonly<Record<string, string>>>;
  readonly fetch?: Fetch | undefined;
}

export type OtlpResult =
  /** `rejected` spans were refused for good, for the reason that the backend gives. */
  | { readonly type: "accepted"; readonly rejected: number; readonly message: string | undefined }
  | { readonly type: "refused"; readonly status: number; readonly message: string }
  /** After all attempts. */
  | { readonly type: "failed"; readonly message: string };

const limitMs = 10_000;
const mostAttempts = 5;
const firstPauseMs = 1_000;
/** A server that asks for more gets nothing more of this request. */
const longestPauseMs = 60_000;
const longestAnswerBytes = 65_536;
const longestMessage = 300;
/** After the OTLP specification, "Failures". */
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504]);

const gzipped = promisify(gzip);

/** Throws a `TypeError` for what is no address. */
export function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint);
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = path.endsWith("/v1/traces") ? path : `${path}/v1/traces`;
  return url.href;
}

type Attempt = { readonly type: "again"; readonly message: string; readonly afterMs: number | undefined } | OtlpResult;

export class OtlpSender {
  readonly #options: OtlpSenderOptions;
  readonly #url: string;

  /** Throws a `TypeError` for an endpoint that is no address. */
  constructor(options: OtlpSenderOptions) {
    this.#options = options;
    this.#url = tracesUrl(options.endpoint);
  }

  /** Never rejects. */
  async send(request: Uint8Array, signal?: AbortSignal): Promise<OtlpResult> {
    const { clock } = this.#options;
    const body = (await gzipped(request)) as Uint8Array<ArrayBuffer>;
    for (let attempt = 1; ; attempt++) {
      const result = signal?.aborted ? stopped : await this.#attempt(body, signal);
      if (result.type !== "again") return result;
      const pauseMs = result.afterMs ?? firstPauseMs * 2 ** (attempt - 1);
      if (attempt === mostAttempts || pauseMs > longestPauseMs) return { type: "failed", message: result.message };
      await pause(clock, pauseMs);
    }
  }

  async #attempt(body: Uint8Array<ArrayBuffer>, signal: AbortSignal | undefined): Promise<Attempt> {
    const { clock, headers = async () => ({}), fetch = globalThis.fetch } = this.#options;
    const stop = new AbortController();
    const onAbort = () => stop.abort();
    signal?.addEventListener("abort", onAbort);
    let timer: { dispose(): void } | undefined;
    try {
      const late = new Promise<Attempt>((resolve) => {
        timer = clock.after(limitMs, () => {
          resolve({ type: "again", message: `no answer within ${limitMs / 1000} s`, afterMs: undefined });
          stop.abort();
        });
      });
      const work = async (): Promise<Attempt> => {
        const response = await fetch(this.#url, {
          method: "POST",
          headers: {
            "User-Agent": "Tracekeeper",
            ...(await headers()),
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "gzip",
          },
          body,
          redirect: "manual",
          signal: stop.signal,
        });
        return judge(response, await shortBody(response));
      };
      return await Promise.race([work(), late]);
    } catch (error) {
      if (signal?.aborted) return stopped;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { type: "again", message: describeError(cause).slice(0, longestMessage), afterMs: undefined };
    } finally {
      signal?.removeEventListener("abort", onAbort);
      timer?.dispose();
    }
  }
}

const stopped: OtlpResult = { type: "failed", message: "it was stopped" };

function judge(response: Response, body: Buffer): Attempt {
  const { status } = response;
  if (status >= 200 && status < 300) return { type: "accepted", ...partialSuccess(response, body) };
  const isProtobuf = response.headers.get("content-type")?.includes("protobuf") === true;
  const words = (isProtobuf ? statusMessage(body) : body.toString("utf8")).trim().slice(0, longestMessage);
  const message = words === "" ? `status ${status}` : `status ${status}, ${words}`;
  if (!retryable.has(status)) return { type: "refused", status, message };
  const header = (name: string) => response.headers.get(name) ?? undefined;
  return { type: "again", message, afterMs: retryAfterMs(header("retry-after"), header("date")) };
}

/** Rejects where the answer breaks off. */
async function shortBody({ body }: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (body === null) return Buffer.alloc(0);
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestAnswerBytes) return Buffer.alloc(0);
  }
  return Buffer.concat(chunks);
}

/** `ExportTraceServiceResponse`; some backends answer in JSON whatever they were asked in. */
function partialSuccess(response: Response, body: Buffer): { rejected: number; message: string | undefined } {
  const none = { rejected: 0, message: undefined };
  try {
    if (response.headers.get("content-type")?.includes("json") === true) {
      const { partialSuccess: partial } = JSON.parse(body.toString("utf8")) as {
        partialSuccess?: { rejectedSpans?: string | number; errorMessage?: string };
      };
      return { rejected: Number(partial?.rejectedSpans ?? 0) || 0, message: partial?.errorMessage || undefined };
    }
    const found: { rejected: number; message: string | undefined } = { ...none };
    const reader = new ProtobufReader(body);
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag !== 0x0a) {
        reader.skip();
        continue;
      }
      const outer = reader.enter();
      for (let inner = reader.next(); inner !== 0; inner = reader.next()) {
        if (inner === 0x08) found.rejected = reader.count();
        else if (inner === 0x12) found.message = reader.text().slice(0, longestMessage) || undefined;
        else reader.skip();
      }
      reader.leave(outer);
    }
    return found;
  } catch {
    // A success that can't be read is one all the same.
    return none;
  }
}

/** Of a `google.rpc.Status`. */
function statusMessage(body: Buffer): string {
  try {
    const reader = new ProtobufReader(body);
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag === 0x12) return reader.text();
      reader.skip();
    }
  } catch {
    // It says nothing that can be read.
  }
  return "";
}
