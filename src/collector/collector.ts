// The collector: a port on the loopback to which any program sends what it traces over OTLP/HTTP, each session recorded by
// itself in the trace directory. An answer of 200 survives the death of this process; what can't be taken now is told to
// be sent again, so that memory is bounded.

import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { errorCode } from "../base/errorCode";
import type { SessionRecorder } from "../recorder/sessionRecorder";
import type { RecorderProblem } from "../recorder/sessionRequest";
import type { FsyncMode } from "../recorder/traceTypes";
import { closeFaultyConnections } from "../session/longRequests";
import { type Refusal, refuseForeignHost, refuseStranger, tokenCheck } from "../session/otlpAccess";
import { OtlpExchange, type OtlpLimits, type OtlpTaker, sentAgain, type Taken } from "../session/otlpExchange";
import { loopbackServerOptions } from "../session/otlpReceiver";
import type { Recorded } from "../session/otlpSpanLog";
import type { CollectedSession } from "./collectedSession";
import { CollectedSessions } from "./collectedSessions";
import { type CollectorPath, collectorPath } from "./collectorPath";
import { type Placeable, placeSpans } from "./sessionOfSpans";

/** Where exporters of OpenTelemetry send by default. */
export const defaultCollectorPort = 4318;

export interface CollectorOptions {
  /** The trace directory. */
  readonly directory: string;
  /** 4318 where it is left out; where another program has it, a free one is taken. 0 for any. */
  readonly port?: number | undefined;
  readonly fsync?: FsyncMode | undefined;
  /** A session ends when it has been silent so long: five minutes. */
  readonly idleMs?: number | undefined;
  /** Sessions that are open at one time: 64. */
  readonly mostOpen?: number | undefined;
  /** What the tokens of sessions' endpoints are made of, so that they outlive a restart of the collector. */
  readonly secret?: string | undefined;
  /** Asked first, whatever the path; resolves with whether it has answered, or will. */
  readonly handlers?: readonly CollectorHandler[] | undefined;
  readonly limits?: Partial<OtlpLimits> | undefined;
  /** A session is open from now on, for the first time or again. Does not throw. */
  readonly onSession?: ((session: CollectedSessionFacts) => void) | undefined;
  /** Does not throw. */
  readonly onProblem?: ((problem: RecorderProblem) => void) | undefined;
}

export type CollectorHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

export interface SessionEndpoint {
  /** As `OTEL_EXPORTER_OTLP_ENDPOINT` wants it. */
  readonly url: string;
  /** As `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` wants it. */
  readonly tracesUrl: string;
  /** To be sent as `Authorization: Bearer <token>`. */
  readonly token: string;
}

export interface CollectedSessionFacts {
  /** The raw id. */
  readonly sessionId: string;
  readonly title: string;
  /** Of `S.json`. */
  readonly path: string;
  /** Spans that came since it was opened, those that came twice too. */
  readonly spans: number;
}

export interface Collector {
  /** `http://127.0.0.1:<port>`, which is what `OTEL_EXPORTER_OTLP_ENDPOINT` wants. */
  readonly url: string;
  readonly port: number;
  /** The port that was asked for is another program's. */
  readonly isOtherPort: boolean;
  /** Those that are open at present. */
  readonly sessions: readonly CollectedSessionFacts[];
  /** An endpoint whose spans go into this session, unless they name a conversation. */
  endpointFor(sessionId: string): SessionEndpoint;
  /** The process ends now: all sessions are safe as crashed when this returns. */
  crash(reason: string, signal?: string): void;
  /** Takes no more, and ends all sessions. */
  close(): Promise<void>;
}

/** Rejects where no port can be had. */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const collector = new LoopbackCollector(options);
  await collector.listen(options.port ?? defaultCollectorPort);
  return collector;
}

const defaultIdleMs = 300_000;
const defaultMostOpen = 64;
/** So long requests that are under way at the end may take. */
const lastRequestMs = 2_000;
const lookAgainMs = 20;
const mostConnections = 256;
const host = "127.0.0.1";

class LoopbackCollector implements Collector {
  port = 0;
  isOtherPort = false;
  readonly #sessions: CollectedSessions;
  readonly #exchange: OtlpExchange;
  readonly #handlers: readonly CollectorHandler[];
  readonly #secret: string;
  readonly #server: Server;
  readonly #idleTimer: NodeJS.Timeout;
  #closing: Promise<void> | undefined;

  constructor(options: CollectorOptions) {
    const { directory, fsync = "interval", idleMs = defaultIdleMs, mostOpen = defaultMostOpen } = options;
    const { onProblem = () => undefined, limits, handlers = [], secret = randomBytes(32).toString("hex") } = options;
    const onOpened = (session: CollectedSession) => options.onSession?.(factsOf(session));
    this.#sessions = new CollectedSessions({ directory, fsync, mostOpen, idleMs, onOpened, onProblem });
    this.#exchange = new OtlpExchange({ onProblem, limits });
    this.#handlers = handlers;
    this.#secret = secret;
    this.#server = createServer(loopbackServerOptions, (request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.maxConnections = mostConnections;
    closeFaultyConnections(this.#server);
    this.#idleTimer = setInterval(() => this.#sessions.endIdle(), Math.min(1_000, Math.max(10, idleMs / 4)));
    this.#idleTimer.unref();
  }

  async listen(port: number): Promise<void> {
    await this.#sessions.recall();
    try {
      await this.#listenAt(port);
    } catch (error) {
      if (port === 0 || !["EADDRINUSE", "EACCES"].includes(errorCode(error) ?? "")) {
        clearInterval(this.#idleTimer);
        throw error;
      }
      await this.#listenAt(0);
      this.isOtherPort = true;
    }
    this.port = (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://${host}:${this.port}`;
  }

  get sessions(): readonly CollectedSessionFacts[] {
    return this.#sessions.all.map(factsOf);
  }

  endpointFor(sessionId: string): SessionEndpoint {
    const url = `${this.url}/s/${encodeURIComponent(sessionId)}`;
    return { url, tracesUrl: `${url}/v1/traces`, token: this.#tokenOf(sessionId) };
  }

  crash(reason: string, signal?: string): void {
    this.#sessions.crash(reason, signal);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#idleTimer);
    const closed = once(this.#server, "close");
    this.#server.close();
    // One that is kept alive becomes idle with its last answer.
    const idle = setInterval(() => this.#server.closeIdleConnections(), lookAgainMs);
    const timer = setTimeout(() => this.#server.closeAllConnections(), lastRequestMs);
    await closed;
    clearInterval(idle);
    clearTimeout(timer);
    await this.#sessions.endAll("collector closed");
  }

  async #listenAt(port: number): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, "listening");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Whatever answers, a page of a browser gets nothing.
    const foreign = refuseForeignHost(request);
    if (foreign !== undefined) return refuse(request, response, foreign);
    for (const handler of this.#handlers) if (await handler(request, response)) return;
    const path = collectorPath(request.url ?? "");
    if (path === undefined) return refuse(request, response, { status: 404, message: "Spans are taken at /v1/traces" });
    await this.#exchange.handle(request, response, path.signal, this.#takerAt(path));
  }

  #takerAt({ sessionId }: CollectorPath): OtlpTaker {
    return {
      refuse: (request) =>
        sessionId === undefined ? undefined : refuseStranger(request, tokenCheck(this.#tokenOf(sessionId))),
      take: (spans) => this.#take(spans, sessionId, (session, placed) => session.add(placed)),
      takeEvents: (events) => this.#take(events, sessionId, (session, placed) => session.addEvents(placed)),
    };
  }

  async #take<T extends Placeable>(
    spans: readonly T[],
    endpoint: string | undefined,
    add: (session: CollectedSession, spans: readonly T[]) => Promise<Recorded | Refusal>,
  ): Promise<Taken | Refusal> {
    if (this.#closing !== undefined) return closing;
    const recorders: SessionRecorder[] = [];
    const reasons: string[] = [];
    let refused = 0;
    const all = placeSpans(spans, (traceId) => this.#sessions.placeOf(traceId), endpoint);
    // Requests that come meanwhile are to find their traces where these are.
    this.#sessions.settle(all);
    for (const placed of all) {
      const recorded = await this.#sessions.with(placed, async (session) => {
        if (session === undefined) return notRecordable;
        recorders.push(session.recorder);
        return await add(session, placed.spans);
      });
      if ("status" in recorded) return recorded;
      refused += recorded.refused;
      if (recorded.reason !== undefined) reasons.push(recorded.reason);
    }
    return { recorders, refused, reason: reasons.length === 0 ? undefined : reasons.join("; ") };
  }

  #tokenOf(sessionId: string): string {
    return createHmac("sha256", this.#secret).update(sessionId).digest("hex").slice(0, 48);
  }
}

function factsOf({ place, title, recorder, spanCount }: CollectedSession): CollectedSessionFacts {
  return { sessionId: place.sessionId, title, path: recorder.path, spans: spanCount };
}

const closing: Refusal = { status: 503, message: "The collector is being closed", headers: sentAgain };
const notRecordable: Refusal = {
  status: 503,
  message: "The session can't be recorded",
  headers: { "Retry-After": "5" },
};

function refuse(request: IncomingMessage, response: ServerResponse, { status, message }: Refusal): void {
  // What else comes is thrown away; the server's own limit ends a sender that goes on for ever.
  request.resume();
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify({ message }));
}
