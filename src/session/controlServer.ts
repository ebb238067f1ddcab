// The session's port on the loopback address: `POST /stop` with the control token stops the program. Other handlers, such
// as the receiver of spans, are asked first; they check tokens of their own.

import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { closeFaultyConnections } from "./longRequests";
import { loopbackServerOptions } from "./otlpReceiver";

/**
 * @param hold the answer may take as long as the session: nobody waits for it
 * @returns whether it has answered, or will
 */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse, hold: () => void) => Promise<boolean>;

export interface ControlServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly token: string;
  /** From now on this one is asked first. */
  handle(handler: RequestHandler): void;
  /** Takes no more requests; resolves when those under way are answered, or have had their time. Held answers go on. */
  stop(): Promise<void>;
  /** Ends what is held, too, once it was sent or has had its time. */
  end(): Promise<void>;
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
    const { socket } = request;
    const hold = () => {
      sockets.hold(socket);
    };
    for (const handler of handlers) if (await handler(request, response, hold)) return;
    request.resume();
    if (request.url?.split("?")[0] !== "/stop") return refuse(response, 404, "there is nothing here");
    if (request.method !== "POST") return refuse(response, 405, "POST is needed");
    if (!hasToken(request, token)) return refuse(response, 401, "the token is missing or wrong");
    response.writeHead(202, { "content-type": "application/json" }).end("{}\n");
    onStop();
  }

  const sockets = new Sockets();
  server.on("connection", (socket) => sockets.add(socket));
  server.maxConnections = mostConnections;
  server.listen(0, host);
  await once(server, "listening");
  closeFaultyConnections(server);
  port = (server.address() as AddressInfo).port;
  return {
    url: `http://${host}:${port}`,
    token,
    handle: (handler) => handlers.push(handler),
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeIdleConnections();
      await sockets.closed(false, lastRequestMs);
    },
    async end() {
      server.close();
      server.closeIdleConnections();
      await sockets.closed(true, lastRequestMs);
    },
  };
}

/** Connections, and those of them whose answer goes on. */
class Sockets {
  readonly #all = new Set<Socket>();
  readonly #held = new Set<Socket>();
  #onClose: () => void = () => undefined;

  add(socket: Socket): void {
    this.#all.add(socket);
    socket.once("close", () => {
      this.#all.delete(socket);
      this.#held.delete(socket);
      this.#onClose();
    });
  }

  hold(socket: Socket): void {
    this.#held.add(socket);
    this.#onClose();
  }

  /** Resolves when all are closed, held ones if they are meant too; after the limit they are closed by force. */
  async closed(withHeld: boolean, limitMs: number): Promise<void> {
    const open = () => [...this.#all].filter((socket) => withHeld || !this.#held.has(socket));
    const limit = setTimeout(() => {
      for (const socket of open()) socket.destroy();
    }, limitMs);
    await new Promise<void>((resolve) => {
      this.#onClose = () => {
        if (open().length === 0) resolve();
      };
      this.#onClose();
    });
    clearTimeout(limit);
  }
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
