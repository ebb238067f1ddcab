// Paths that are their own leave: whoever was given one may use it until it ends, without the token. So an uploaded body
// can be sent by a client that signs nothing.

import { createHmac, timingSafeEqual } from "node:crypto";

export class PathSigner {
  readonly #secret: string;

  /** @param secret which nobody else knows; who knows it is trusted with everything */
  constructor(secret: string) {
    this.#secret = `paths of ${secret}`;
  }

  /** Path and query, for this method alone. */
  sign(method: "GET" | "PUT", path: string, untilMs: number): string {
    return `${path}?until=${untilMs}&signature=${this.#signature(method, path, untilMs)}`;
  }

  /** @param query of the request, which need not be one of ours */
  isSigned(method: string, path: string, query: string, nowMs: number): boolean {
    const parameters = new URLSearchParams(query);
    const untilMs = Number(parameters.get("until"));
    if (!Number.isSafeInteger(untilMs) || untilMs < nowMs) return false;
    const given = Buffer.from(parameters.get("signature") ?? "");
    const right = Buffer.from(this.#signature(method, path, untilMs));
    return given.length === right.length && timingSafeEqual(given, right);
  }

  #signature(method: string, path: string, untilMs: number): string {
    return createHmac("sha256", this.#secret).update(`${method} ${path} ${untilMs}`).digest("hex");
  }
}
