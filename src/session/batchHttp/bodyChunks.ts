// The body of a request piece by piece, as fast as somebody takes it: nobody who takes it slowly is told that the client
// is slow. Leaving it early leaves the connection as it is, so that there can still be an answer.

import type { IncomingMessage } from "node:http";

export interface ChunkLimits {
  /** The client sends nothing for so long. */
  readonly idleMs: number;
  /** What waiting for the client may take in all. */
  readonly waitMs: number;
  readonly mostBytes: number;
}

/** `status` is that of HTTP: 408 for a client that is too slow, 413 for too much. */
export class BodyFault extends Error {
  override readonly name = "BodyFault";
  readonly status: 408 | 413;

  constructor(status: 408 | 413, message: string) {
    super(message);
    this.status = status;
  }
}

/** The connection was cut before the body had come. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";

  constructor() {
    super("The client has gone before it had sent everything");
  }
}

/** Throws `BodyFault` and `ClientGone`. */
export async function* bodyChunks(request: IncomingMessage, limits: ChunkLimits): AsyncGenerator<Uint8Array> {
  let waitedMs = 0;
  let bytes = 0;
  for (;;) {
    const chunk = request.read() as Buffer | null;
    if (chunk !== null) {
      bytes += chunk.length;
      if (bytes > limits.mostBytes) throw new BodyFault(413, `The body is longer than ${limits.mostBytes} bytes`);
      yield chunk;
      continue;
    }
    if (request.readableEnded) return;
    if (request.destroyed || request.errored !== null) throw new ClientGone();
    const startMs = performance.now();
    const limitMs = Math.min(limits.idleMs, limits.waitMs - waitedMs);
    if (!(await hasMore(request, limitMs))) {
      throw new BodyFault(408, "The body did not arrive in time");
    }
    waitedMs += performance.now() - startMs;
  }
}

/** Resolves with false when nothing has happened for so long. */
function hasMore(request: IncomingMessage, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (has: boolean) => {
      clearTimeout(timer);
      for (const event of events) request.off(event, happened);
      resolve(has);
    };
    const happened = () => settle(true);
    const timer = setTimeout(() => settle(false), Math.max(0, limitMs));
    for (const event of events) request.on(event, happened);
  });
}

const events = ["readable", "end", "error", "close"] as const;
