// The body of a request, limited in bytes before and after decompression and in time, and all bodies together in memory.

import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib";
import { errorCode } from "../base/errorCode";
import type { Refusal } from "./otlpAccess";

export interface BodyLimits {
  /** Of one body, before and after decompression. */
  readonly bodyBytes: number;
  /** Of all bodies that are arriving or waiting, as they came. */
  readonly allBodiesBytes: number;
  /** From the head of the request to the end of its body. */
  readonly bodyMs: number;
}

export const bodyLimits: BodyLimits = {
  bodyBytes: 64 * 1024 * 1024,
  allBodiesBytes: 128 * 1024 * 1024,
  bodyMs: 30_000,
};

export type BodyResult =
  /** `release` is called when the bytes are no longer needed. */
  | { readonly type: "body"; readonly bytes: Buffer; readonly release: () => void }
  | ({ readonly type: "refused" } & Refusal)
  /** The client has gone, and nobody waits for an answer. */
  | { readonly type: "gone" };

/** Keeps account of the memory that bodies take. */
export class BodyReader {
  readonly #limits: BodyLimits;
  #heldBytes = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /** The body as it came. What comes after a refusal is read and thrown away. */
  read(request: IncomingMessage): Promise<BodyResult> {
    const { bodyBytes, allBodiesBytes, bodyMs } = this.#limits;
    return new Promise((resolve) => {
      // It tells of that once.
      if (request.destroyed && !request.complete) return resolve({ type: "gone" });
      const body = new GrowingBytes();
      let heldBytes = 0;
      let isSettled = false;
      const release = () => {
        this.#heldBytes -= heldBytes;
        heldBytes = 0;
      };
      const settle = (result: BodyResult) => {
        if (isSettled) return;
        isSettled = true;
        clearTimeout(timer);
        if (result.type !== "body") {
          body.clear();
          release();
        }
        resolve(result);
      };
      const refuse = (refusal: Refusal) => settle({ type: "refused", ...refusal });
      const timer = setTimeout(() => {
        const message = `The body did not arrive within ${bodyMs / 1000} s`;
        refuse({ status: 408, message, headers: { Connection: "close" } });
      }, bodyMs);
      timer.unref();
      request.on("data", (chunk: Buffer) => {
        if (isSettled) return;
        body.add(chunk);
        heldBytes += chunk.length;
        this.#heldBytes += chunk.length;
        if (heldBytes > bodyBytes) refuse(tooLarge(bodyBytes, ""));
        else if (this.#heldBytes > allBodiesBytes) {
          refuse({ status: 429, message: "Too many requests at once", headers: { "Retry-After": "1" } });
        }
      });
      request.on("end", () => {
        settle({ type: "body", bytes: body.bytes, release });
      });
      const gone = () => settle({ type: "gone" });
      request.on("error", gone);
      request.on("close", gone);
      if (Number(request.headers["content-length"] ?? 0) > bodyBytes) refuse(tooLarge(bodyBytes, ""));
    });
  }
}

/** One piece of memory, however small the pieces are that a sender makes of its body. */
class GrowingBytes {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  add(chunk: Buffer): void {
    if (this.#length === 0) this.#bytes = chunk;
    else {
      const needed = this.#length + chunk.length;
      if (needed > this.#bytes.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#length * 2, smallestBytes));
        this.#bytes.copy(larger, 0, 0, this.#length);
        this.#bytes = larger;
      }
      chunk.copy(this.#bytes, this.#length);
    }
    this.#length += chunk.length;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
  }
}

const smallestBytes = 64 * 1024;

const decoders: Readonly<Record<string, (bytes: Buffer, maxOutputLength: number) => Promise<Buffer>>> = {
  gzip: limited(gunzip),
  "x-gzip": limited(gunzip),
  br: limited(brotliDecompress),
  // Some send it without the header of zlib, whose first byte names the method 8.
  deflate: (bytes, most) => ((bytes[0] ?? 0) % 16 === 8 ? limited(inflate) : limited(inflateRaw))(bytes, most),
};

function limited(decode: typeof gunzip): (bytes: Buffer, maxOutputLength: number) => Promise<Buffer> {
  const decodeAsync = promisify<Buffer, { maxOutputLength: number }, Buffer>(decode);
  return (bytes, maxOutputLength) => decodeAsync(bytes, { maxOutputLength });
}

/** Undefined for an encoding that is taken. */
export function refuseEncoding(encoding: string): Refusal | undefined {
  if (encoding === "identity" || Object.hasOwn(decoders, encoding)) return undefined;
  const headers = { "Accept-Encoding": "gzip, deflate, br, identity" };
  return { status: 415, message: "The body must be encoded as gzip, deflate, br or not at all", headers };
}

/** @param encoding one that is taken */
export async function decodeBody(bytes: Buffer, encoding: string, mostBytes: number): Promise<Buffer | Refusal> {
  const decode = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (decode === undefined) return bytes;
  try {
    // Stops as soon as the output is longer than that.
    return await decode(bytes, mostBytes);
  } catch (error) {
    if (errorCode(error) === "ERR_BUFFER_TOO_LARGE") return tooLarge(mostBytes, "decompressed ");
    const reason = error instanceof Error ? error.message : String(error);
    return { status: 400, message: `The body can't be decompressed: ${reason}` };
  }
}

function tooLarge(mostBytes: number, which: string): Refusal {
  return { status: 413, message: `The ${which}body is longer than ${mostBytes} bytes` };
}
