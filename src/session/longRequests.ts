// Requests that may take longer than a server of ours waits for any other: Node tells of each that has been under way for
// `requestTimeout` as a client's error, once, and whoever hears that decides what becomes of the connection.

import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { errorCode } from "../base/errorCode";

const long = new WeakSet<Duplex>();

/** This request limits its own time; the next one on the same connection does not. */
export function allowLong(request: IncomingMessage): void {
  const { socket } = request;
  long.add(socket);
  request.once("close", () => long.delete(socket));
}

/** A client that hangs up, or is too slow, is nobody's fault: its connection ends. */
export function closeFaultyConnections(server: Server): void {
  server.on("clientError", (error, socket) => {
    if (errorCode(error) === "ERR_HTTP_REQUEST_TIMEOUT" && long.has(socket)) return;
    socket.destroy();
  });
}
