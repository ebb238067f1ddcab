// A server with the batch API alone, on batches of a directory of its own with a runner within the test.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type BatchHandlerOptions, batchHandler } from "../../../src/session/batchHttp/batchHandler";
import { closeFaultyConnections } from "../../../src/session/longRequests";
import { loopbackServerOptions } from "../../../src/session/otlpReceiver";
import { type BatchTest, startBatches } from "../../batch/batchSetup";
import { type OtlpAnswer, type PostOptions, post, token } from "../otlpClient";

export interface BatchServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly batches: BatchTest;
  /** Reports of the handler. */
  readonly problems: string[];
  /** With the token, as JSON. */
  send(method: string, path: string, body?: unknown, options?: PostOptions): Promise<OtlpAnswer>;
  /** Items as objects, or lines as they are. */
  stream(id: string, items: readonly unknown[], options?: PostOptions): Promise<OtlpAnswer>;
  /** Creates a batch. @returns its id */
  create(runCount: number, more?: object): Promise<string>;
}

export async function startBatchServer(
  options: Partial<BatchHandlerOptions> & { readonly start?: Parameters<typeof startBatches>[0] } = {},
): Promise<BatchServer> {
  const { start, ...given } = options;
  const batches = await startBatches(start);
  const problems: string[] = [];
  const handle = batchHandler({
    directory: batches.folder.path,
    batches: batches.host,
    token,
    onProblem: ({ message }) => void problems.push(message),
    ...given,
  });
  const server = createServer(loopbackServerOptions, (request, response) => {
    void handle(request, response).then((isTaken) => {
      if (!isTaken) response.writeHead(404).end();
    });
  });
  closeFaultyConnections(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const send = (method: string, path: string, body: unknown = "", more: PostOptions = {}) =>
    post(port, body, { method, path, ...more });
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    batches,
    problems,
    send,
    stream(id, items, more = {}) {
      const lines = items.map((item) => (typeof item === "string" ? item : JSON.stringify(item)));
      const headers = { "Content-Type": "application/x-ndjson", ...more.headers };
      return post(port, lines.map((line) => `${line}\n`).join(""), {
        path: `/api/v3/batches/${id}/items`,
        ...more,
        headers,
      });
    },
    async create(runCount, more = {}) {
      const { json } = await send("POST", "/api/v3/batches", { runCount, ...more });
      return String(json["id"]);
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      handle.dispose();
      await batches[Symbol.asyncDispose]();
    },
  };
}

/** An item as the SDK sends it. */
export function item(index: number, task = "ok", payload: unknown = { index }): object {
  const text = JSON.stringify({ json: payload });
  return { index, task, payload: text, options: { payloadType: "application/super+json", payloadSize: text.length } };
}
