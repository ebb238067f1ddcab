// Clients of a receiver, well-behaved and not.
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";

export const token = "the-token-of-this-session";

export interface OtlpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
  /** Of a refusal. */
  readonly message: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface PostOptions {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Posts a body to a port of this machine; JSON where it is neither text nor bytes. */
export function post(port: number, body: unknown, options: PostOptions = {}): Promise<OtlpAnswer> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const given: Record<string, string | undefined> = {
    "Content-Type": "application/json",
    Authorization: `Bearer ${token}`,
    ...options.headers,
  };
  const headers = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port, path: options.path ?? "/v1/traces", method: options.method ?? "POST", headers },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString();
          const isJson = response.headers["content-type"] === "application/json";
          const json = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>;
          const message = typeof json["message"] === "string" ? json["message"] : "";
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, bytes, message, json });
        });
      },
    );
    request.on("error", reject);
    request.end(bytes);
  });
}

export const postGzip = (port: number, body: unknown) =>
  post(port, gzipSync(JSON.stringify(body)), { headers: { "Content-Encoding": "gzip" } });

/** A connection on which a test says each byte; what it receives is text. */
export interface RawClient {
  readonly socket: Socket;
  send(text: string): void;
  /** Resolves with everything received once that matches. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves when the other side has closed. */
  readonly closed: Promise<void>;
}

export function rawClient(port: number): RawClient {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  const waiting: { readonly pattern: RegExp; readonly resolve: (text: string) => void }[] = [];
  const settle = () => {
    for (const { pattern, resolve } of waiting) if (pattern.test(received)) resolve(received);
  };
  socket.setEncoding("utf8").on("data", (text: string) => {
    received += text;
    settle();
  });
  // A connection that is cut is what these tests are about.
  socket.on("error", () => {});
  return {
    socket,
    send: (text) => void socket.write(text),
    until: (pattern) =>
      new Promise((resolve) => {
        waiting.push({ pattern, resolve });
        settle();
      }),
    closed: new Promise((resolve) => socket.on("close", () => resolve())),
  };
}
