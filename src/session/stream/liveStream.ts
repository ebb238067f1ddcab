// The live stream of a session: `GET /events` sends what is recorded from now on, after the spans that are open;
// `GET /trace` the whole trace as it is on the disk after a flush. Both need the stream's own token, which lets nobody do
// anything to the session.

import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Disposable } from "../../base/disposable";
import { describeError } from "../../base/logger";
import type { SessionRecorder } from "../../recorder/sessionRecorder";
import type { EventOf } from "../bus/delivered";
import { hasToken } from "../controlServer";
import type { RunBus, RunEvent } from "../steps/runEvent";
import { EventClient } from "./eventClient";
import { OpenSpansOfStream, shortened } from "./openSpansOfStream";
import { mostRecordBytes, type StreamEvent } from "./streamEvent";
import type { TakenRecord } from "./tappedRecorder";

const mostClients = 32;

export class LiveStream {
  readonly token = randomBytes(24).toString("hex");
  readonly #clients = new Set<EventClient>();
  readonly #open = new OpenSpansOfStream();
  #recorder: SessionRecorder | undefined;
  #title = "";
  /** The end, once there is one. */
  #told: Extract<StreamEvent, { type: "end" }> | undefined;
  #nextId = 1;

  listen(bus: RunBus): Disposable {
    return bus.on("live stream", ["recorded", "recordEnded"], ({ event }) => {
      if (event.type === "recorded") this.#take(event.record);
      else this.#end(event);
    });
  }

  /** Before anybody can follow it. @param title of the session */
  begin(recorder: SessionRecorder, title: string): void {
    this.#recorder = recorder;
    this.#title = title;
  }

  #take(record: TakenRecord): void {
    const { op, spanId, timeMs } = record;
    if (op === "begin") this.#open.begin({ spanId, timeMs, json: record.json });
    else if (op === "end") this.#open.end(spanId);
    const id = this.#nextId++;
    if (this.#clients.size === 0) return;
    const data = recordJson(record);
    for (const client of this.#clients) client.send("record", id, data);
  }

  #end({ status, error }: EventOf<RunEvent, "recordEnded">): void {
    if (this.#told !== undefined) return;
    this.#told = { type: "end", status, ...(error === undefined ? {} : { error }) };
    for (const client of this.#clients) client.end(this.#nextId, JSON.stringify(this.#told));
    this.#clients.clear();
  }

  /** Answers a request of a reader, and says whether it was one; `hold` is called where the answer goes on. */
  async handle(request: IncomingMessage, response: ServerResponse, hold: () => void): Promise<boolean> {
    const path = request.url?.split("?")[0];
    if (path !== "/events" && path !== "/trace") return false;
    request.resume();
    if (request.method !== "GET") return refused(response, 405, "GET is needed");
    if (!hasToken(request, this.token)) return refused(response, 401, "the token is missing or wrong");
    if (this.#recorder === undefined) return refused(response, 404, "nothing is recorded");
    hold();
    if (path === "/trace") await this.#sendTrace(this.#recorder, response);
    else this.#follow(this.#recorder, response);
    return true;
  }

  #follow({ rawId, traceId }: SessionRecorder, response: ServerResponse): void {
    if (this.#clients.size >= mostClients) {
      refused(response, 503, "too many follow this session");
      return;
    }
    const client = new EventClient(response, () => this.#clients.delete(client));
    const hello: StreamEvent = { type: "hello", version: 1, sessionId: rawId, traceId, title: this.#title };
    client.send("hello", this.#nextId, JSON.stringify(hello));
    for (const { spanId, timeMs, json } of this.#open.all()) {
      const earlier = { op: "begin", spanId, timeMs, json } as const;
      client.send("record", this.#nextId, recordJson(earlier, true));
    }
    if (this.#told === undefined) this.#clients.add(client);
    else client.end(this.#nextId, JSON.stringify(this.#told));
  }

  async #sendTrace(recorder: SessionRecorder, response: ServerResponse): Promise<void> {
    try {
      if (recorder.phase === "recording") await recorder.flush();
      await using file = await open(recorder.path, "r");
      const { size } = await file.stat();
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": size,
        "cache-control": "no-store",
      });
      // `S.json` is replaced and never changed: what was opened stays whole.
      if (size === 0) response.end();
      else await pipeline(file.createReadStream({ autoClose: false, end: size - 1 }), response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else refused(response, 500, `the trace can't be read: ${describeError(error)}`);
    }
  }
}

/** JSON of the event; a record that is very large goes without its payloads. */
function recordJson({ op, spanId, timeMs, name, text, json }: TakenRecord, isEarlier = false): string {
  const head = `{"type":"record","record":{"op":"${op}","timeMs":${timeMs}`;
  const id = spanId === "" ? "" : `,"spanId":${JSON.stringify(spanId)}`;
  switch (op) {
    case "begin":
    case "end":
    case "span":
      return `${head}${id},"span":${bounded(json)}${isEarlier ? ',"isEarlier":true' : ""}}}`;
    case "text":
      return `${head}${id},"text":${JSON.stringify(text ?? "")}}}`;
    case "note":
      return `${head},"name":${JSON.stringify(name ?? "")},"fields":${json}}}`;
    default:
      return `${head}${id},"fields":${bounded(json)}}}`;
  }
}

function bounded(json: string): string {
  return json.length <= mostRecordBytes ? json : shortened(json);
}

function refused(response: ServerResponse, status: number, message: string): true {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${message}\n`);
  return true;
}
