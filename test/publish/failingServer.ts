// A server of trace batches over real HTTP that can fail at any of its requests in any way, and tells what it was asked.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Step } from "../../src/publish/publishRecord";

export const faults = [
  "no answer",
  "reset before the body",
  "reset after the body",
  "half an answer",
  "an answer that does not end",
  "400",
  "404",
  "409",
  "422",
  "429",
  "500",
  "502",
  "503",
  "301",
] as const;
export type Fault =
  | (typeof faults)[number]
  | "401"
  | "403"
  | "200 without an id"
  | "201 with an odd id"
  | "200 without JSON"
  | "204";

export interface SeenRequest {
  readonly step: Step;
  readonly isEphemeral: boolean;
  readonly id: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface FailingServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** In words: `T initialise`, `E events`. */
  readonly asked: string[];
  /** Asked for each request whose body has come, or is to be cut; a number of the request of that step, from 1. */
  faultOf: (step: Step, isEphemeral: boolean, count: number) => Fault | undefined;
  /** Called when a request got no whole answer and never will: only the client's time limit ends it. */
  onSilence: () => void;
}

export async function startFailingServer(): Promise<FailingServer> {
  const seen: SeenRequest[] = [];
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => request.socket.destroy());
  });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const [, ephemeral, id, action] =
      /^\/crewai_plus\/api\/v1\/tracing\/(ephemeral\/)?batches(?:\/([^/]+))?(?:\/(events|finalize))?$/.exec(
        request.url ?? "",
      ) ?? [];
    const step = id === undefined ? "initialise" : action === "events" ? "events" : action ? "finalise" : "fail";
    const isEphemeral = ephemeral !== undefined;
    const name = `${isEphemeral ? "E" : "T"} ${step}`;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    const fault = failing.faultOf(step, isEphemeral, count);
    failing.asked.push(name);
    if (fault === "reset before the body") {
      request.socket.resetAndDestroy();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    seen.push({ step, isEphemeral, id, authorization: request.headers.authorization, body });
    const good = JSON.stringify(goodAnswer(step, isEphemeral, body));
    switch (fault) {
      case undefined:
        response.writeHead(step === "initialise" ? 201 : 200, { "Content-Type": "application/json" }).end(good);
        return;
      case "no answer":
        failing.onSilence();
        return;
      case "reset after the body":
        request.socket.resetAndDestroy();
        return;
      case "half an answer":
        response.writeHead(200, { "Content-Length": good.length });
        response.write(good.slice(0, good.length / 2), () => request.socket.end());
        return;
      case "an answer that does not end":
        response.writeHead(200, { "Content-Length": good.length });
        response.write(good.slice(0, good.length / 2), () => failing.onSilence());
        return;
      case "200 without an id":
        response.writeHead(200).end('{"status":"ok"}');
        return;
      case "201 with an odd id":
        response.writeHead(201).end('{"trace_id":"../../x","ephemeral_trace_id":7}');
        return;
      case "200 without JSON":
        response.writeHead(200).end("<html>Welcome</html>");
        return;
      case "204":
        response.writeHead(204).end();
        return;
      case "301":
        response.writeHead(301, { Location: `${failing.url}/elsewhere` }).end();
        return;
      default:
        response.writeHead(Number(fault), { "Content-Type": "application/json" });
        response.end(JSON.stringify({ message: `refused with ${fault}` }));
    }
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const failing: FailingServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    asked: [],
    faultOf: () => undefined,
    onSilence: () => {},
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return failing;
}

/** The id that the server gives is its own. */
function goodAnswer(step: Step, isEphemeral: boolean, body: Readonly<Record<string, unknown>>): object {
  if (step === "finalise") return isEphemeral ? { access_code: "TRACE-1234" } : {};
  if (step !== "initialise") return {};
  const id = `server-${String(body["trace_id"])}`;
  return isEphemeral ? { ephemeral_trace_id: id } : { trace_id: id };
}
