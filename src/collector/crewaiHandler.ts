// crewAI's tracing API for a program on this machine: trace batches, and the grants of newer releases. An answer of
// success is given once what it acknowledges is recorded. What the client reads and does: `plus_api.py` and
// `trace_batch_manager.py` of crewAI 1.15; it sends events once, and initialises again only after a status of 500 or more.

import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isFields, readTime } from "../importers/crewaiEvent";
import { OtlpFault } from "../importers/otlpFault";
import type { Fields } from "../importers/otlpFields";
import { nodeFs, type RecorderFs } from "../recorder/recorderFs";
import type { RecorderProblem } from "../recorder/sessionRequest";
import type { FsyncMode } from "../recorder/traceTypes";
import type { Refusal } from "../session/otlpAccess";
import { bodyLimits } from "../session/otlpBody";
import { CrewBody } from "./crewaiBody";
import { crewGrant, type GrantedEndpoint } from "./crewaiGrants";
import { CrewRefusal } from "./crewaiRefusal";
import { type CrewRoute, crewRoute, isBatchId } from "./crewaiRoutes";
import type { OpenCrewSession } from "./crewaiSession";
import { CrewSessions } from "./crewaiSessions";

export interface CrewaiHandlerOptions {
  /** Of the traces. */
  readonly directory: string;
  readonly onProblem: (problem: RecorderProblem) => void;
  /** Where the spans of a session are taken, for grants; without it there are none. See `Collector.endpointFor`. */
  readonly endpointFor?: ((sessionId: string) => GrantedEndpoint) | undefined;
  /** A session is open from now on, for the first time or again. Does not throw. */
  readonly onSession?: ((session: OpenCrewSession) => void) | undefined;
  readonly limits?: Partial<CrewaiLimits> | undefined;
  readonly fs?: RecorderFs | undefined;
  readonly fsync?: FsyncMode | undefined;
}

export type CrewaiLimits = typeof defaultLimits;

const defaultLimits = {
  ...bodyLimits,
  /** The client waits for 30 s, in which the body is to be read and recorded, too. */
  waitMs: 20_000,
  /** The client waits for 30 s, but for 5 s where it initialises an ephemeral batch. */
  syncMs: 4_000,
  /** See `CrewSessionOptions`. crewAI sends all of a batch in one request, and no body may have more than a part of it. */
  batchBytes: 256 * 1024 * 1024,
  /** See `CrewSessionsOptions`. A run may well take hours, in which crewAI sends nothing. */
  silentMs: 12 * 3_600_000,
  finaliseMs: 5 * 60_000,
  mostOpen: 256,
};

/** Different problems that are told; a program may send a new one with every request. */
const mostTold = 50;

export interface CrewaiHandler {
  /** Takes a request; resolves when it is answered, with false where its path is none of the tracing API's. Never rejects. */
  (request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  /** Those that are open at present. */
  sessions(): readonly OpenCrewSession[];
  /** Ends the sessions that are under way; resolves when that is written. */
  close(): Promise<void>;
  /** The process ends now: the sessions are safe as crashed when this returns. */
  crash(reason: string, signal?: string): void;
}

/** For a server on the loopback, whichever else it answers. */
export function crewaiHandler(options: CrewaiHandlerOptions): CrewaiHandler {
  const handler = new Handler(options);
  const handle = (request: IncomingMessage, response: ServerResponse) => handler.handle(request, response);
  return Object.assign(handle, {
    sessions: () => handler.sessions(),
    close: () => handler.close(),
    crash: (reason: string, signal?: string) => handler.crash(reason, signal),
  });
}

interface Success {
  readonly status: 200 | 201;
  readonly body: object;
}

class Handler {
  readonly #options: CrewaiHandlerOptions;
  readonly #sessions: CrewSessions;
  readonly #body: CrewBody;
  readonly #told = new Set<string>();

  constructor(options: CrewaiHandlerOptions) {
    this.#options = options;
    const limits = { ...defaultLimits, ...options.limits };
    this.#body = new CrewBody(limits);
    const { directory, fs = nodeFs, fsync = "interval", onProblem, onSession = () => undefined } = options;
    this.#sessions = new CrewSessions({ ...limits, directory, fs, fsync, onProblem, onSession });
  }

  sessions(): readonly OpenCrewSession[] {
    return this.#sessions.open;
  }

  close(): Promise<void> {
    return this.#sessions.close();
  }

  crash(reason: string, signal?: string): void {
    this.#sessions.crash(reason, signal);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const route = crewRoute(request.url ?? "");
    if (route === undefined) return false;
    try {
      const body = await this.#body.read(request, route);
      if (body.type === "gone") return true;
      const answer = body.type === "refused" ? body : await this.#answer(request, route, body.value);
      this.#send(request, response, answer);
    } catch (thrown) {
      this.#send(request, response, this.#refusalOf(thrown));
    }
    return true;
  }

  #refusalOf(thrown: unknown): Refusal {
    if (thrown instanceof CrewRefusal) return { status: thrown.status, message: thrown.message };
    if (thrown instanceof OtlpFault) return { status: 400, message: thrown.sentence };
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.#options.onProblem({ message: `A request of crewAI could not be taken: ${error.message}`, error });
    return { status: 500, message: "Tracekeeper could not take the request" };
  }

  #answer(request: IncomingMessage, route: CrewRoute, body: Fields): Promise<Success | Refusal> | Success | Refusal {
    switch (route.type) {
      case "grant":
        return this.#grant(request, body);
      case "initialise":
        return this.#initialise(request, route.isEphemeral, body);
      case "events":
        return this.#record(route.id, route.isEphemeral, body);
      case "finalise":
      case "change":
        return this.#end(route, body);
      case "unknown":
        return notFound;
    }
  }

  #grant(request: IncomingMessage, body: Fields): Success | Refusal {
    const { endpointFor } = this.#options;
    if (endpointFor === undefined) return { status: 404, message: "Spans are not taken here" };
    const tier = hasCredential(request) ? "authenticated" : "ephemeral";
    const answer = crewGrant(body["execution_uuid"], tier, endpointFor, Date.now());
    return answer
      ? { status: 200, body: answer }
      : { status: 400, message: "execution_uuid must be the id of an execution" };
  }

  async #initialise(request: IncomingMessage, isEphemeral: boolean, body: Fields): Promise<Success | Refusal> {
    // The client then initialises the same batch as an ephemeral one, for which nobody needs to be logged in.
    if (!isEphemeral && !hasCredential(request)) return unauthorised;
    const wanted = isEphemeral ? (body["ephemeral_trace_id"] ?? body["trace_id"]) : body["trace_id"];
    const id = isBatchId(wanted) ? wanted : randomUUID();
    const metadata = body["execution_metadata"];
    const startMs = isFields(metadata) ? readTime(metadata["execution_started_at"]) : undefined;
    const isNew = await this.#sessions.begin({ id, sent: body, isEphemeral, startMs: startMs ?? Date.now() });
    return {
      status: isNew ? 201 : 200,
      body: isEphemeral ? { ephemeral_trace_id: id, trace_id: id } : { trace_id: id },
    };
  }

  async #record(id: string, isEphemeral: boolean, body: Fields): Promise<Success | Refusal> {
    const events = body["events"];
    if (!Array.isArray(events)) return { status: 400, message: "events must be a list" };
    const odd = events.findIndex((event) => !isFields(event));
    if (odd >= 0) return { status: 400, message: `events[${odd}] must be an object` };
    const added = await this.#sessions.record(id, isEphemeral, events);
    return { status: 200, body: { events_received: events.length, events_added: added } };
  }

  async #end(
    { type, id, isEphemeral }: Extract<CrewRoute, { readonly id: string }>,
    body: Fields,
  ): Promise<Success | Refusal> {
    const status = body["status"] ?? (type === "finalise" ? "completed" : undefined);
    if (status !== "completed" && status !== "failed") {
      return { status: 422, message: 'status must be "completed" or "failed"' };
    }
    const isFound = await this.#sessions.end(id, {
      type: status,
      reason: status === "failed" ? textOf(body["failure_reason"]) : undefined,
      durationMs: countOf(body["duration_ms"]),
      eventCount: countOf(body["final_event_count"]),
    });
    if (!isFound) return notFound;
    const answer = { [isEphemeral ? "ephemeral_trace_id" : "trace_id"]: id, status };
    return {
      status: 200,
      body: isEphemeral && status === "completed" ? { ...answer, access_code: accessCode(id) } : answer,
    };
  }

  #send(request: IncomingMessage, response: ServerResponse, answer: Success | Refusal): void {
    if (response.headersSent || response.destroyed) return;
    const isRefused = "message" in answer;
    if (isRefused && !quietStatuses.has(answer.status)) this.#tell(`crewAI was refused: ${answer.message}`);
    const body = Buffer.from(JSON.stringify(isRefused ? { message: answer.message } : answer.body));
    response.writeHead(answer.status, {
      ...(isRefused ? answer.headers : {}),
      "Content-Type": "application/json",
      "Content-Length": body.length,
    });
    response.end(body);
    this.#body.drain(request);
  }

  #tell(message: string): void {
    if (this.#told.has(message) || this.#told.size >= mostTold) return;
    this.#told.add(message);
    this.#options.onProblem({ message });
  }
}

const notFound: Refusal = { status: 404, message: "There is no such batch" };
const unauthorised: Refusal = {
  status: 401,
  message: "Batches without a login at crewAI are ephemeral ones",
  headers: { "WWW-Authenticate": "Bearer" },
};
/** They are no loss, or the recorder tells of the reason itself. */
const quietStatuses: ReadonlySet<number> = new Set([401, 405, 503]);

/** Whatever it is: it is meant for crewAI's own server, so it is neither checked nor kept. */
function hasCredential(request: IncomingMessage): boolean {
  return /^Bearer +\S/i.test(request.headers.authorization ?? "");
}

/** For the link that crewAI prints. It opens nothing here. */
function accessCode(id: string): string {
  return `TRACE-${createHash("sha256").update(`access ${id}`).digest("hex").slice(0, 10)}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}
