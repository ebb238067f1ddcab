// The session's port on the loopback address: `POST /stop` with the control token stops the program. Other handlers, such
// as the receiver of spans, are asked first; they check tokens of their own.

import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { loopbackServerOptions } from "./otlpReceiver";

/** @returns whether it has answered, or will */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

export interface ControlServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly token: string;
  /** From now on this one is asked first. */
  handle(handler: RequestHandler): void;
  /** Takes no more requests; resolves when those under way are answered, or have had their time. */
  stop(): Promise<void>;
}

/** So long requests that are under way at the end may take. */
const lastRequestMs = 2000;
const mostConnections = 128;
const host = "127.0.0.1";

/** @param onStop somebody who has the token asks for a stop */
export async function startControlServer(onStop: () => void): Promise<ControlServer> {
  const token = randomBytes(24).toString("hex");
  const handlers: RequestHandler[] = [];
  let port = 0;
  const server = createServer(loopbackServerOptions, (request, response) => {
    answer(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, "the request could not be handled");
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A page in a browser may have made its own name point to this address.
    const name = request.headers.host ?? "";
    if (name !== `${host}:${port}` && name !== `localhost:${port}`) {
      return refuse(response, 403, "this port is for programs on this machine");
    }
    for (const handler of handlers) if (await handler(request, response)) return;
    request.resume();
    if (request.url?.split("?")[0] !== "/stop") return refuse(response, 404, "there is nothing here");
    if (request.method !== "POST") return refuse(response, 405, "POST is needed");
    if (!hasToken(request, token)) return refuse(response, 401, "the token is missing or wrong");
    response.writeHead(202, { "content-type": "application/json" }).end("{}\n");
    onStop();
  }

  server.maxConnections = mostConnections;
  server.listen(0, host);
  await once(server, "listening");
  // A client that hangs up is no fault of the session.
  server.on("clientError", (_error, socket) => socket.destroy());
  port = (server.address() as AddressInfo).port;
  return {
    url: `http://${host}:${port}`,
    token,
    handle: (handler) => handlers.push(handler),
    async stop() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const limit = setTimeout(() => server.closeAllConnections(), lastRequestMs);
      await closed;
      clearTimeout(limit);
    },
  };
}

/** True where the request bears `Authorization: Bearer <token>`. */
export function hasToken(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${message}\n`);
}
