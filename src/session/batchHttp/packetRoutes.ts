// Large payloads over HTTP, as trigger.dev's SDK 4.8 sends them before the batch: it asks where to put one, puts it there
// without its key, and names it in the item. The place is a path that is its own leave, for a while.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { PacketStore } from "../../batch/packetStore";
import { type BatchAnswer, refusal, tooMany } from "./batchAnswer";
import { pathOfPacket } from "./batchRoutes";
import { bodyChunks } from "./bodyChunks";
import type { PathSigner } from "./signedPath";

export interface PacketRoutesOptions {
  readonly store: PacketStore;
  readonly signer: PathSigner;
  readonly bodyMs: number;
  readonly packetBytes: number;
  readonly mostStreams: number;
  readonly nowMs: () => number;
}

/** So long a path may be used. */
export const signedForMs = 15 * 60_000;

export class PacketRoutes {
  readonly #options: PacketRoutesOptions;
  #open = 0;

  constructor(options: PacketRoutesOptions) {
    this.#options = options;
  }

  /** Where a packet of this name is to be put. */
  uploadTo(name: string, request: IncomingMessage): BatchAnswer {
    const presignedUrl = this.#signed("PUT", this.#options.store.keyOf(name), request);
    return { status: 200, body: { presignedUrl, storagePath: name } };
  }

  async downloadOf(name: string, request: IncomingMessage): Promise<BatchAnswer> {
    const { store } = this.#options;
    const key = store.keyOf(name);
    if (!(await store.has(key))) return notThere;
    return { status: 200, body: { presignedUrl: this.#signed("GET", key, request) } };
  }

  /** Undefined where it has answered. Rejects with `BodyFault`, `ClientGone` and `PacketRefused`. */
  async content(key: string, request: IncomingMessage, response: ServerResponse): Promise<BatchAnswer | undefined> {
    const { mostStreams, nowMs } = this.#options;
    if (this.#open >= mostStreams) return tooMany("Too many payloads at once", mostStreams, nowMs());
    this.#open++;
    try {
      return request.method === "PUT" ? await this.#put(key, request) : await this.#get(key, response);
    } finally {
      this.#open--;
    }
  }

  async #put(key: string, request: IncomingMessage): Promise<BatchAnswer> {
    const { store, bodyMs, packetBytes } = this.#options;
    const { "content-type": type = "application/json", "content-encoding": encoding } = request.headers;
    if (encoding !== undefined && encoding !== "identity") {
      return refusal(415, "A payload must not be encoded", { "Accept-Encoding": "identity" });
    }
    const chunks = bodyChunks(request, { idleMs: bodyMs, waitMs: 2 * bodyMs, mostBytes: packetBytes });
    await store.put(key, type, chunks);
    return { status: 200, body: {} };
  }

  async #get(key: string, response: ServerResponse): Promise<BatchAnswer | undefined> {
    const packet = await this.#options.store.get(key);
    if (packet === undefined) return notThere;
    sendBytes(response, packet.type, packet.bytes);
    return undefined;
  }

  #signed(method: "GET" | "PUT", key: string, request: IncomingMessage): string {
    const { signer, nowMs } = this.#options;
    return urlOf(request, signer.sign(method, pathOfPacket(key), nowMs() + signedForMs));
  }
}

const notThere = refusal(404, "There is no such payload, or no longer");

/** @param path of this server, by the name under which the client has reached it */
export function urlOf(request: IncomingMessage, path: string): string {
  return `http://${request.headers.host}${path}`;
}

/** Data of somebody's: a browser that got hold of the path draws nothing of it. */
export function sendBytes(response: ServerResponse, type: string, bytes: Uint8Array): void {
  response.writeHead(200, {
    "Content-Type": type,
    "Content-Length": bytes.length,
    "Content-Disposition": "attachment",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
  });
  response.end(bytes);
}
