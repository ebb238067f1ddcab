// Receives spans over OTLP/HTTP with JSON, and answers a request when its spans are in the journal: an answer of 200 is
// never lost. What is refused for good is told with its place; what can't be taken now is told to be sent again.
// After the OTLP specification, "OTLP/HTTP": 429 and 503 are sent again by clients, all other refusals are not.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { OtlpFault } from "../importers/otlpFault";
import { parseOtlpJson } from "../importers/otlpJson";
import { type OtlpRequest, type OtlpSpan, readOtlpRequest } from "../importers/otlpRequest";
import { type MappedSpan, mapOtlpSpan } from "../importers/otlpSpan";
import { withLimit } from "../recorder/withLimit";
import { type Refusal, refuseForeignHost, refuseStranger, tokenCheck } from "./otlpAccess";
import { BodyReader, bodyLimits, decodeBody, refuseEncoding } from "./otlpBody";
import { notRecorded, type OtlpSignal, signalOfPath } from "./otlpSignals";
import { OtlpSpanLog, type OtlpSpanLogOptions, type Recorded, spansPerStep } from "./otlpSpanLog";

export interface OtlpHandlerOptions extends OtlpSpanLogOptions {
  /** What clients send as `Authorization: Bearer <token>`. */
  readonly token: string;
  /** In place of the usual limits. */
  readonly limits?: Partial<OtlpLimits> | undefined;
}

export type OtlpLimits = typeof defaultLimits;

const defaultLimits = {
  ...bodyLimits,
  /** A disk that hangs longer is told to the client, which gives up after 10 s by default. */
  syncMs: 8_000,
};

/** Different problems that are told; a program may send a new one with every request. */
const mostTold = 50;

/**
 * For a server on the loopback, whichever else it answers.
 * @returns takes a request; resolves when it is answered, with false where its path is none of OTLP's, and never rejects
 */
export function otlpHandler(
  options: OtlpHandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  const handler = new OtlpHandler(options);
  return (request, response) => handler.handle(request, response);
}

class OtlpHandler {
  readonly #options: OtlpHandlerOptions;
  readonly #limits: OtlpLimits;
  readonly #log: OtlpSpanLog;
  readonly #bodies: BodyReader;
  readonly #isToken: (token: string) => boolean;
  readonly #told = new Set<string>();
  /** One body at a time is decompressed and read: it may take many times its size. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: OtlpHandlerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#log = new OtlpSpanLog(options);
    this.#bodies = new BodyReader(this.#limits);
    this.#isToken = tokenCheck(options.token);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const signal = signalOfPath(request.url ?? "");
    if (signal === undefined) return false;
    try {
      const answer = this.#refuseHead(request) ?? (await this.#answer(request, signal));
      if (answer !== undefined) this.#send(request, response, answer);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.#options.onProblem({ message: `Spans could not be received: ${error.message}`, error });
      this.#send(request, response, { status: 500, message: "Tracekeeper could not take the request" });
    }
    return true;
  }

  /** What the head of a request tells already. */
  #refuseHead(request: IncomingMessage): Refusal | undefined {
    const foreign = refuseForeignHost(request);
    if (foreign) return foreign;
    if (request.method !== "POST") return { status: 405, message: "Only POST is taken", headers: { Allow: "POST" } };
    const stranger = refuseStranger(request, this.#isToken);
    if (stranger) return stranger;
    const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
    if (type !== "application/json") return { status: 415, message: typeMessage(type) };
    return refuseEncoding(encodingOf(request)) ?? this.#refuseNow();
  }

  #refuseNow(): Refusal | undefined {
    const { recorder } = this.#options;
    if (recorder.phase === "ended") return { status: 410, message: "The session has ended" };
    const { state, error } = recorder.health;
    switch (state) {
      case "ok":
        return undefined;
      case "degraded":
        return tooSlow;
      case "failed":
        return { status: 503, message: `The disk can't be written: ${error?.message ?? ""}`, headers: sentAgain };
    }
  }

  /** @returns undefined where the client has gone */
  async #answer(request: IncomingMessage, signal: OtlpSignal): Promise<Answer | undefined> {
    const body = await this.#bodies.read(request);
    if (body.type === "gone") return undefined;
    if (body.type === "refused") return body;
    const turn = this.#turn.then(() => this.#take(body.bytes, encodingOf(request), signal));
    this.#turn = turn.then(body.release, body.release);
    const answer = await turn;
    return answer.status === 200 ? await this.#onceWritten(answer) : answer;
  }

  async #take(bytes: Buffer, encoding: string, signal: OtlpSignal): Promise<Answer> {
    const decoded = await decodeBody(bytes, encoding, this.#limits.bodyBytes);
    if (!Buffer.isBuffer(decoded)) return decoded;
    try {
      const value = parseOtlpJson(decoded);
      if (signal !== "traces") return { status: 200, body: notRecorded(signal, value) };
      return await this.#record(readOtlpRequest(value));
    } catch (thrown) {
      if (!(thrown instanceof OtlpFault)) throw thrown;
      return { status: 400, message: thrown.sentence };
    }
  }

  async #record({ spans, rejectedSpans, faults }: OtlpRequest): Promise<Answer> {
    const [fault] = faults;
    const more = faults.length > 1 ? `, and ${faults.length - 1} more` : "";
    const reasons = fault === undefined ? [] : [`${fault.sentence}${more}`];
    if (spans.length === 0 && fault !== undefined) return { status: 400, message: reasons.join() };
    // It may have become slow while the body came.
    const refusal = this.#refuseNow();
    if (refusal) return refusal;
    const recorded = await inTurns(this.#recording(spans));
    if (!recorded.isWhole) return tooSlow;
    if (recorded.reason !== undefined) reasons.push(recorded.reason);
    if (reasons.length === 0) return { status: 200, body: {} };
    const errorMessage = reasons.join("; ");
    this.#tell(`Spans of the program were refused: ${errorMessage}`);
    return { status: 200, body: { partialSuccess: { rejectedSpans: rejectedSpans + recorded.refused, errorMessage } } };
  }

  *#recording(spans: readonly OtlpSpan[]): Generator<undefined, Recorded> {
    const mapped: MappedSpan[] = [];
    for (const span of spans) {
      mapped.push(mapOtlpSpan(span));
      if (mapped.length % spansPerStep === 0) yield;
    }
    return yield* this.#log.adding(mapped);
  }

  /** The answer, once what it acknowledges survives the death of this process. */
  async #onceWritten(answer: Answer): Promise<Answer> {
    const { recorder } = this.#options;
    recorder.appendNow();
    if (recorder.health.state === "ok") return answer;
    try {
      await withLimit(this.#limits.syncMs, () => recorder.sync());
      return answer;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { status: 503, message: `The spans are not on the disk yet: ${reason}`, headers: sentAgain };
    }
  }

  #send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
    if (response.headersSent || response.destroyed) return;
    if ("message" in answer && !quietStatuses.has(answer.status)) this.#tell(`Spans were refused: ${answer.message}`);
    const body = Buffer.from(JSON.stringify("message" in answer ? { message: answer.message } : answer.body));
    response.writeHead(answer.status, {
      ...("message" in answer ? answer.headers : {}),
      "Content-Type": "application/json",
      "Content-Length": body.length,
    });
    response.end(body);
    if (request.complete) return;
    // A client that still sends reads no answer, so the rest is thrown away; but not for ever.
    request.resume();
    const timer = setTimeout(() => request.destroy(), this.#limits.bodyMs);
    timer.unref();
    request.once("close", () => clearTimeout(timer));
  }

  #tell(message: string): void {
    if (this.#told.has(message) || this.#told.size >= mostTold) return;
    this.#told.add(message);
    this.#options.onProblem({ message });
  }
}

type Answer = Refusal | { readonly status: 200; readonly body: object };

/** Seconds; the recorder tries again within that time. */
const sentAgain = { "Retry-After": "1" };
const tooSlow: Refusal = { status: 429, message: "The disk is slow at present", headers: sentAgain };
/** They are no loss, or the recorder tells of the reason itself. */
const quietStatuses: ReadonlySet<number> = new Set([405, 410, 429, 503]);

/** Runs all steps; the session's program, its output and its stop go on meanwhile, however many there are. */
async function inTurns<T>(steps: Generator<undefined, T>): Promise<T> {
  let sinceMs = performance.now();
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    if (performance.now() - sinceMs < turnMs) continue;
    await new Promise((resolve) => setImmediate(resolve));
    sinceMs = performance.now();
  }
}

/** So long a request is worked on before others have their turn. */
const turnMs = 20;

function encodingOf(request: IncomingMessage): string {
  return (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
}

function typeMessage(type: string | undefined): string {
  return type === "application/x-protobuf"
    ? "A session takes OTLP as JSON only: set OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or use an exporter for JSON"
    : "The Content-Type must be application/json";
}

/** Limits of a server on the loopback, for `createServer`: none of its parts is waited for without end. */
export const loopbackServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 60_000,
} as const;

export interface OtlpReceiver {
  /** As `OTEL_EXPORTER_OTLP_ENDPOINT` wants it: without a path. */
  readonly url: string;
  readonly port: number;
  /** Takes no more; resolves when what is under way is answered, or cut off after a second. */
  close(): Promise<void>;
}

/** A server of its own on 127.0.0.1, at a port that the system picks. */
export async function startOtlpReceiver(options: OtlpHandlerOptions): Promise<OtlpReceiver> {
  const handle = otlpHandler(options);
  const server = createServer(loopbackServerOptions, (request, response) => {
    void handle(request, response).then((isTaken) => {
      if (isTaken) return;
      response.writeHead(404, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ message: "Spans are taken at /v1/traces" }));
    });
  });
  server.maxConnections = 128;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), 1_000);
      await closed;
      clearTimeout(timer);
    },
  };
}
