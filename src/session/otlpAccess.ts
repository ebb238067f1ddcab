// Who may send to a loopback port. A page in a browser may not: it can reach the port by a name of its own that leads to
// 127.0.0.1, so the host is checked, and no answer gives an origin leave to read or to send. The token says that a program
// was started by the session.

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The names of the loopback, with the port that the request came to. */
export function refuseForeignHost(request: IncomingMessage): Refusal | undefined {
  const { host, origin } = request.headers;
  const port = request.socket.localPort;
  const isOurs = ["127.0.0.1", "localhost", "[::1]"].some((name) => host?.toLowerCase() === `${name}:${port}`);
  if (!isOurs) return { status: 403, message: `The Host header must be 127.0.0.1:${port}` };
  return origin === undefined ? undefined : { status: 403, message: "Pages of a browser can't send here" };
}

/** @param isToken see `tokenCheck` */
export function refuseStranger(request: IncomingMessage, isToken: (token: string) => boolean): Refusal | undefined {
  // Some exporters leave the escape that the variable OTEL_EXPORTER_OTLP_HEADERS asks for as it is.
  const token = /^Bearer(?: +|%20)(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token !== undefined && isToken(token)) return undefined;
  const message = "The session's token is missing or wrong: OTEL_EXPORTER_OTLP_HEADERS must be as the session set it";
  return { status: 401, message, headers: { "WWW-Authenticate": "Bearer" } };
}

/** Compares in a time that tells nothing of the right token. */
export function tokenCheck(rightToken: string): (token: string) => boolean {
  const right = digest(rightToken);
  return (token) => timingSafeEqual(digest(token), right);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
