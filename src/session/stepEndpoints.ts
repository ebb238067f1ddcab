// Takes the spans of a session's commands, each command's below the span of its step: the token that a command got tells
// where its spans belong. What a command has left running may send for as long as its endpoint is among the latest.

import { randomBytes } from "node:crypto";
import type { RequestHandler } from "./controlServer";
import { type OtlpHandlerOptions, otlpHandler } from "./otlpReceiver";

/** A session may live for weeks. */
const mostEndpoints = 64;

export class StepEndpoints {
  /** By token, the oldest first. */
  readonly #handlers = new Map<string, RequestHandler>();
  #last: RequestHandler | undefined;

  /** @returns the token for spans below that span */
  open(options: Omit<OtlpHandlerOptions, "token">): string {
    const token = randomBytes(24).toString("hex");
    this.#last = otlpHandler({ ...options, token });
    this.#handlers.set(token, this.#last);
    const [oldest] = this.#handlers.keys();
    if (this.#handlers.size > mostEndpoints && oldest !== undefined) this.#handlers.delete(oldest);
    return token;
  }

  readonly handle: RequestHandler = async (request, response, hold) => {
    const token = /^Bearer(?: +|%20)(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
    // A token that nobody has is refused by any of them.
    const handler = (token === undefined ? undefined : this.#handlers.get(token)) ?? this.#last;
    return handler === undefined ? false : await handler(request, response, hold);
  };
}
