// The documented HTTP API of a trigger.dev installation, as far as a batch needs it. What goes wrong is told in words,
// with whether it may pass by itself.

import { ReadableStream } from "node:stream/web";
import { describeError } from "../../base/logger";
import {
  type CreatedRemotely,
  createdSchema,
  type RemoteBatch,
  type RemoteRun,
  type RemoteRunDetails,
  remoteBatchSchema,
  remoteRunSchema,
  runPageSchema,
  type Schema,
  streamedSchema,
  uploadSchema,
} from "./triggerAnswers";

export interface TriggerSettings {
  /** Of the installation, as `TRIGGER_API_URL`. */
  readonly url: string;
  /** As `TRIGGER_SECRET_KEY`. */
  readonly key: string;
}

/** It did not do what it was asked to, or nobody can tell. */
export class TriggerFault extends Error {
  override readonly name = "TriggerFault";
  /** Another attempt may well do. */
  readonly isPassing: boolean;
  /** Of HTTP; none where there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, isPassing: boolean, status?: number) {
    super(message);
    this.isPassing = isPassing;
    this.status = status;
  }
}

const answerMs = 60_000;
/** All items of a batch may take longer. */
const streamMs = 30 * 60_000;
const pageSize = 100;
const mostAnswerBytes = 64 * 1024 * 1024;

interface Sent {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly body?: object;
}

export class TriggerApi {
  readonly url: string;
  readonly #key: string;

  /** Throws a `TriggerFault` where the address is none. */
  constructor({ url, key }: TriggerSettings) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new TriggerFault(`The address of trigger.dev must begin with https:// or http://, not "${url}"`, false);
    }
    if (key === "") throw new TriggerFault("trigger.dev needs a secret key", false);
    this.url = url.replace(/\/+$/, "");
    this.#key = key;
  }

  async createBatch(runCount: number, idempotencyKey: string, signal: AbortSignal): Promise<CreatedRemotely> {
    const body = { runCount, idempotencyKey };
    return await this.#ask({ method: "POST", path: "/api/v3/batches", body }, createdSchema, signal);
  }

  /** @param lines without their line feeds. Rejects where the batch is not sealed afterwards */
  async streamItems(id: string, lines: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
    const path = `/api/v3/batches/${encodeURIComponent(id)}/items`;
    const response = await this.#fetch(`${this.url}${path}`, signal, streamMs, {
      method: "POST",
      headers: { ...this.#headers, "content-type": "application/x-ndjson" },
      // The typings of Node and of the DOM differ about one and the same class.
      body: ReadableStream.from(encoded(lines)) as unknown as NonNullable<RequestInit["body"]>,
      duplex: "half",
    });
    const { sealed, enqueuedCount, expectedCount } = await this.#read(response, streamedSchema);
    if (!sealed) {
      throw new TriggerFault(`trigger.dev has ${enqueuedCount} of the batch's ${expectedCount} items`, true);
    }
  }

  async batch(id: string, signal: AbortSignal): Promise<RemoteBatch> {
    const path = `/api/v2/batches/${encodeURIComponent(id)}`;
    return await this.#ask({ method: "GET", path }, remoteBatchSchema, signal);
  }

  /** All runs of a batch, page by page. */
  async *runs(id: string, signal: AbortSignal): AsyncGenerator<readonly RemoteRun[]> {
    for (let after: string | undefined; ; ) {
      const query = new URLSearchParams({ "filter[batch]": id, "page[size]": String(pageSize) });
      if (after !== undefined) query.set("page[after]", after);
      const { data, pagination } = await this.#ask(
        { method: "GET", path: `/api/v1/runs?${query}` },
        runPageSchema,
        signal,
      );
      yield data;
      // One that tells the same page again would never end.
      if (pagination.next === undefined || pagination.next === after || data.length === 0) return;
      after = pagination.next;
    }
  }

  async run(id: string, signal: AbortSignal): Promise<RemoteRunDetails> {
    return await this.#ask({ method: "GET", path: `/api/v3/runs/${encodeURIComponent(id)}` }, remoteRunSchema, signal);
  }

  async cancelRun(id: string, signal: AbortSignal): Promise<void> {
    const path = `/api/v2/runs/${encodeURIComponent(id)}/cancel`;
    await this.#ask({ method: "POST", path, body: {} }, undefined, signal);
  }

  /** Puts a payload where runs find it. @returns what the item names in its place */
  async upload(name: string, type: string, bytes: Uint8Array, signal: AbortSignal): Promise<string> {
    const path = `/api/v2/packets/${encodeURIComponent(name)}`;
    const { presignedUrl, storagePath } = await this.#ask({ method: "PUT", path }, uploadSchema, signal);
    // The address is its own leave: the key goes nowhere but to the installation.
    const headers = { "content-type": type };
    const body = new Uint8Array(bytes);
    const response = await this.#fetch(presignedUrl, signal, streamMs, { method: "PUT", headers, body });
    await this.#read(response, undefined);
    return storagePath;
  }

  get #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#key}` };
  }

  async #ask<T>({ method, path, body }: Sent, schema: Schema<T>, signal: AbortSignal): Promise<T> {
    const response = await this.#fetch(`${this.url}${path}`, signal, answerMs, {
      method,
      headers: { ...this.#headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return await this.#read(response, schema);
  }

  async #fetch(
    url: string,
    signal: AbortSignal,
    limitMs: number,
    init: RequestInit & { readonly duplex?: "half" },
  ): Promise<Response> {
    try {
      // A key must not follow wherever an answer leads.
      const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
      return await fetch(url, { ...init, redirect: "error", signal: limited });
    } catch (error) {
      signal.throwIfAborted();
      throw new TriggerFault(`trigger.dev at ${this.url} can't be reached: ${reasonOf(error)}`, true);
    }
  }

  async #read<T>(response: Response, schema: Schema<T>): Promise<T> {
    const text = await this.#textOf(response);
    const value = parsed(text);
    if (!response.ok) {
      const { status } = response;
      const isPassing = status === 408 || status === 409 || status === 429 || status >= 500;
      const reason = wordsOf(value) ?? (text.trim().slice(0, 200) || response.statusText);
      throw new TriggerFault(`trigger.dev at ${this.url} answered ${status}: ${reason}`, isPassing, status);
    }
    if (schema === undefined) return undefined as T;
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    const place = checked.error.issues[0]?.path.join(".") || "it";
    throw new TriggerFault(`What trigger.dev at ${this.url} answered is not what was asked for: ${place}`, false);
  }

  async #textOf(response: Response): Promise<string> {
    try {
      if (Number(response.headers.get("content-length") ?? 0) > mostAnswerBytes) throw new Error("it is too long");
      return await response.text();
    } catch (error) {
      throw new TriggerFault(`The answer of trigger.dev at ${this.url} did not come whole: ${reasonOf(error)}`, true);
    }
  }
}

async function* encoded(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const line of lines) yield encoder.encode(`${line}\n`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** An answer tells its reason in `error`, which is a text or has a `message`. */
function wordsOf(value: unknown): string | undefined {
  const error = (value as { readonly error?: unknown } | undefined)?.error;
  const words = typeof error === "string" ? error : (error as { readonly message?: unknown } | undefined)?.message;
  return typeof words === "string" && words !== "" ? words.slice(0, 500) : undefined;
}

/** Why a connection failed is told by the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message !== "" ? describeError(cause) : describeError(error);
}
