// What a client of the batch API is answered, and the headers by which trigger.dev's SDK decides whether it asks again.

import type { IncomingMessage, ServerResponse } from "node:http";

export interface BatchAnswer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface BatchRefusal extends BatchAnswer {
  readonly body: { readonly error: string };
}

export function refusal(status: number, error: string, headers?: Readonly<Record<string, string>>): BatchRefusal {
  return { status, body: { error }, headers };
}

/** The client asks again, although it would not after this status, or does not although it would. */
export function shouldRetry(does: boolean): Readonly<Record<string, string>> {
  return { "x-should-retry": String(does) };
}

const busyMs = 1_000;

/** @param limit how many there may be at once */
export function tooMany(error: string, limit: number, nowMs: number): BatchRefusal {
  return refusal(429, error, {
    "Retry-After": String(busyMs / 1_000),
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": "0",
    // In ms since 1970, which is how the SDK reads it.
    "x-ratelimit-reset": String(nowMs + busyMs),
  });
}

export function sendAnswer(response: ServerResponse, { status, body, headers }: BatchAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...headers,
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(text);
}

/** A client that still sends reads no answer, so the rest is thrown away; but not for ever. */
export function drain(request: IncomingMessage, mostMs: number): void {
  if (request.complete) return;
  request.resume();
  const timer = setTimeout(() => request.destroy(), mostMs);
  timer.unref();
  request.once("close", () => clearTimeout(timer));
}
