// A proxy on the loopback that cuts connections where a test wants it: before a request arrives, in the middle of its body,
// or after the server has answered, when it has done its work and the client does not hear of it.
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Seen {
  readonly method: string;
  /** Without the name of the case. */
  readonly path: string;
  /** How many of this method and path came before, for this case. */
  readonly earlier: number;
}

export type Fault =
  | { readonly type: "none" }
  /** The server never hears of it. */
  | { readonly type: "before" }
  /** So many bytes of the body reach the server. */
  | { readonly type: "within"; readonly bytes: number }
  /** The server answers, and the client hears nothing. */
  | { readonly type: "after" };

/** What becomes of a request; may do something first. */
export type Decide = (seen: Seen) => Fault | Promise<Fault>;

export const sound: Fault = { type: "none" };

export interface FaultyProxy extends AsyncDisposable {
  /** Address for one case. @param name of the case, in letters and digits */
  urlFor(name: string, decide?: Decide): string;
  /** What came of a case, in order: "POST /api/v3/batches 202", or the fault in place of the status. */
  log(name: string): readonly string[];
}

interface Case {
  readonly decide: Decide;
  readonly log: string[];
  readonly counts: Map<string, number>;
}

export async function startFaultyProxy(targetPort: number): Promise<FaultyProxy> {
  const cases = new Map<string, Case>();
  const server = createServer((request, response) => {
    void pass(request, response).catch(() => request.destroy());
  });

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, name = "", path = "/"] = /^\/(\w+)(\/.*)$/.exec(request.url ?? "") ?? [];
    const own = cases.get(name);
    if (own === undefined) return void response.writeHead(404).end();
    const method = request.method ?? "GET";
    const key = `${method} ${path.replace(/batch_\w+/, "batch").split("?")[0]}`;
    const earlier = own.counts.get(key) ?? 0;
    own.counts.set(key, earlier + 1);
    const fault = await own.decide({ method, path, earlier });
    const tell = (what: string | number) => own.log.push(`${key} ${what}`);
    if (fault.type === "before") {
      tell("before");
      return void request.socket.destroy();
    }
    const headers = { ...request.headers, host: `127.0.0.1:${targetPort}` };
    const onward = httpRequest({ host: "127.0.0.1", port: targetPort, method, path, headers, agent: false });
    onward.on("error", () => request.socket.destroy());
    if (fault.type === "within") {
      await sendPart(request, onward, fault.bytes);
      tell("within");
      onward.destroy();
      return void request.socket.destroy();
    }
    onward.on("response", (answer) => {
      if (fault.type === "after") {
        answer.resume();
        answer.on("end", () => {
          tell("after");
          request.socket.destroy();
        });
        return;
      }
      tell(answer.statusCode ?? 0);
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    urlFor(name, decide = () => sound) {
      cases.set(name, { decide, log: [], counts: new Map() });
      return `http://127.0.0.1:${port}/${name}`;
    },
    log: (name) => cases.get(name)?.log ?? [],
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Resolves when so many bytes were taken by the server's side. */
async function sendPart(
  request: IncomingMessage,
  onward: ReturnType<typeof httpRequest>,
  bytes: number,
): Promise<void> {
  let left = bytes;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const part = chunk.subarray(0, left);
    left -= part.length;
    await new Promise<void>((resolve) => void onward.write(part, () => resolve()));
    if (left === 0) return;
  }
}
