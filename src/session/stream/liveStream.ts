// The live stream of a session: `GET /events` sends what is recorded from now on, after the spans that are open;
// `GET /trace` the whole trace as it is on the disk after a flush. Both need the stream's own token, which lets nobody do
// anything to the session.

import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { describeError } from "../../base/logger";
import type { SessionRecorder } from "../../recorder/sessionRecorder";
import { hasToken } from "../controlServer";
import { EventClient } from "./eventClient";
import { OpenSpansOfStream, shortened } from "./openSpansOfStream";
import { mostRecordBytes, type StreamEvent } from "./streamEvent";
import { type RecordTap, type TappedRecord, tappedRecorder } from "./tappedRecorder";

const mostClients = 32;

export class LiveStream implements RecordTap {
  readonly token = randomBytes(24).toString("hex");
  readonly #clients = new Set<EventClient>();
  readonly #open = new OpenSpansOfStream();
  #recorder: SessionRecorder | undefined;
  #title = "";
  #end: Extract<StreamEvent, { type: "end" }> | undefined;
  #nextId = 1;

  /** The recorder that tells this stream of its records. @param title of the session */
  tapped(recorder: SessionRecorder, title: string): SessionRecorder {
    this.#recorder = recorder;
    this.#title = title;
    return tappedRecorder(recorder, this);
  }

  take(record: TappedRecord): void {
    const { op, spanId, timeMs } = record;
    if (op === "begin") this.#open.begin({ spanId, timeMs, json: record.json() });
    else if (op === "end") this.#open.end(spanId);
    const id = this.#nextId++;
    if (this.#clients.size === 0) return;
    const data = recordJson(record);
    for (const client of this.#clients) client.send("record", id, data);
  }

  end(status: "completed" | "error" | "crashed", error: string | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { type: "end", status, ...(error === undefined ? {} : { error }) };
    for (const client of this.#clients) client.end(this.#nextId, JSON.stringify(this.#end));
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
      const earlier = { op: "begin", spanId, timeMs, json: () => json } as const;
      client.send("record", this.#nextId, recordJson(earlier, true));
    }
    if (this.#end === undefined) this.#clients.add(client);
    else client.end(this.#nextId, JSON.stringify(this.#end));
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
function recordJson({ op, spanId, timeMs, name, text, json }: TappedRecord, isEarlier = false): string {
  const head = `{"type":"record","record":{"op":"${op}","timeMs":${timeMs}`;
  const id = spanId === "" ? "" : `,"spanId":${JSON.stringify(spanId)}`;
  switch (op) {
    case "begin":
    case "end":
    case "span":
      return `${head}${id},"span":${bounded(json())}${isEarlier ? ',"isEarlier":true' : ""}}}`;
    case "text":
      return `${head}${id},"text":${JSON.stringify(text ?? "")}}}`;
    case "note":
      return `${head},"name":${JSON.stringify(name ?? "")},"fields":${json()}}}`;
    default:
      return `${head}${id},"fields":${bounded(json())}}}`;
  }
}

function bounded(json: string): string {
  return json.length <= mostRecordBytes ? json : shortened(json);
}

function refused(response: ServerResponse, status: number, message: string): true {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${message}\n`);
  return true;
}
