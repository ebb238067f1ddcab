// An HTTP server on the loopback whose every step a test decides, and that tells what it received and which of its
// connections are closed.
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createRawServer, type Socket } from "node:net";

export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** What has arrived of the body so far. */
  readonly chunks: Buffer[];
  /** The body has ended as it should; false while it arrives and when it broke off. */
  isComplete: boolean;
}

export interface Exchange {
  /** Counts from 1. */
  readonly attempt: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Resolves with the body; never, where it breaks off. */
  body(): Promise<string>;
  answer(status: number, text?: string, headers?: Readonly<Record<string, string>>): void;
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
  /** How many connections there have been. */
  readonly connections: number;
  /** Resolves when every connection that there has been is closed, and there has been one. */
  allClosed(): Promise<void>;
}

/** @param handle called with each request when its head is there; what it does not do is not done */
export async function listen(handle: (exchange: Exchange) => void | Promise<void>): Promise<TestServer> {
  const received: Received[] = [];
  const requests: IncomingMessage[] = [];
  const sockets = new Map<Socket, Promise<unknown>>();
  const server = createServer((request, response) => {
    const entry: Received = {
      method: request.method,
      path: request.url,
      headers: request.headers,
      chunks: [],
      isComplete: false,
    };
    received.push(entry);
    requests.push(request);
    const whole = new Promise<string>((resolve) => {
      request.on("end", () => {
        entry.isComplete = request.complete;
        if (request.complete) resolve(Buffer.concat(entry.chunks).toString("utf8"));
      });
    });
    request.on("error", () => {});
    void handle({
      attempt: received.length,
      request,
      response,
      body: () => {
        request.on("data", (chunk: Buffer) => entry.chunks.push(chunk));
        return whole;
      },
      answer: (status, text = "", headers = {}) => {
        response.writeHead(status, headers);
        response.end(text);
      },
    });
  });
  server.on("connection", (socket) => {
    // Not `once`, which rejects when the client breaks the connection off.
    sockets.set(socket, new Promise((resolve) => socket.on("close", resolve)));
  });
  // A connection that the client leaves open stays open.
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/traces`,
    received,
    get connections() {
      return sockets.size;
    },
    async allClosed() {
      if (sockets.size === 0) await once(server, "connection");
      // A close is seen only behind what has not been read yet.
      for (const request of requests) request.resume();
      await Promise.all(sockets.values());
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A server that speaks whatever `handle` does with each connection. */
export async function listenRaw(handle: (socket: Socket) => void): Promise<AsyncDisposable & { readonly url: string }> {
  const sockets: Socket[] = [];
  const server = createRawServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    handle(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/traces`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
