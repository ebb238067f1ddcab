// One POST whose body is streamed: the body is read no faster than the connection takes it, and nothing of it is kept.
// Aborting the signal closes the connection at any point.
//
// Node's own client and not `fetch`, which does not promise that: unless redirects are errors, undici (to 7.29 at least)
// keeps a second branch of a streamed body for them, and so holds a trace of 1 GB as a whole.

import { once } from "node:events";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

export type Fetch = typeof globalThis.fetch;

export interface Upload {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  header(lowerCaseName: string): string | undefined;
  /** Fails when the connection breaks before its end. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Resolves with the answer's head, which may come before the body is sent; redirects are answers like any other.
 * Rejects with the connection's error, or with what reading the body threw.
 */
export async function upload({ url, headers, body, signal }: Upload): Promise<Answer> {
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  const outgoing = request(url, { method: "POST", headers, signal });
  const answer = new Promise<Answer>((resolve, reject) => {
    outgoing.once("response", (incoming) => resolve(answerOf(incoming)));
    // Stays for good: an error may follow the answer, and without a listener it would end the program.
    outgoing.on("error", reject);
    outgoing.once("close", () => reject(new Error("The connection was closed without an answer.")));
    send(body, outgoing, signal).catch(reject);
  });
  return await answer;
}

async function send(body: AsyncIterable<Uint8Array>, outgoing: ClientRequest, signal: AbortSignal): Promise<void> {
  for await (const chunk of body) {
    if (!outgoing.write(chunk)) await once(outgoing, "drain", { signal });
  }
  outgoing.end();
}

function answerOf(incoming: IncomingMessage): Answer {
  incoming.on("error", () => {});
  return {
    status: incoming.statusCode ?? 0,
    header: (name) => {
      const value = incoming.headers[name];
      return typeof value === "string" ? value : undefined;
    },
    body: incoming,
  };
}

/** The same with a fetch of the caller's, for example one that knows a proxy. */
export async function uploadByFetch(fetch: Fetch, { url, headers, body, signal }: Upload): Promise<Answer> {
  // Not every RequestInit knows of `duplex`, without which a stream is refused.
  const init: RequestInit & { readonly duplex: "half" } = {
    method: "POST",
    headers,
    body: streamOf(body),
    duplex: "half",
    // An error and not "manual", for then there is nothing to keep a copy of the body for, see above.
    redirect: "error",
    signal,
  };
  const response = await fetch(url, init);
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body: response.body ?? noBody(),
  };
}

/** `ReadableStream.from` is not in every Node 20. */
function streamOf(body: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const step = await iterator.next();
        if (step.done) controller.close();
        else controller.enqueue(step.value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

async function* noBody(): AsyncGenerator<Uint8Array> {}
