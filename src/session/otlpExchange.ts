// Requests over OTLP/HTTP, in JSON or protobuf, and their answers: who may send, how much and for how long, and that an
// answer of 200 is given only once what it acknowledges is in the journal. What becomes of the spans, a taker decides.
// After the OTLP specification, "OTLP/HTTP": 429 and 503 are sent again by clients, all other refusals are not.

import type { IncomingMessage, ServerResponse } from "node:http";
import { OtlpFault } from "../importers/otlpFault";
import { parseOtlpJson } from "../importers/otlpJson";
import { type OtlpEvent, type OtlpEventList, readOtlpLogs } from "../importers/otlpLogs";
import { readOtlpProtobuf } from "../importers/otlpProtobuf";
import { readOtlpProtobufLogs } from "../importers/otlpProtobufLogs";
import { type OtlpRequest, type OtlpSpan, readOtlpRequest } from "../importers/otlpRequest";
import type { SessionRecorder } from "../recorder/sessionRecorder";
import type { RecorderProblem } from "../recorder/sessionRequest";
import { withLimit } from "../recorder/withLimit";
import { type Refusal, refuseForeignHost } from "./otlpAccess";
import {
  answerBody,
  contentTypes,
  encodingOfType,
  isRefusal,
  type OtlpAnswer,
  type OtlpEncoding,
  type RejectedName,
} from "./otlpAnswer";
import { BodyReader, bodyLimits, decodeBody, refuseEncoding } from "./otlpBody";
import { metricsAnswer, type OtlpSignal } from "./otlpSignals";
import { WeightedTurns } from "./weightedTurns";

export type OtlpLimits = typeof defaultLimits;

const defaultLimits = {
  ...bodyLimits,
  /** A disk that hangs longer is told to the client, which gives up after 10 s by default. */
  syncMs: 8_000,
};

/** Bodies that are read and taken at one time, as they are decompressed; a larger one is taken alone. */
const mostTakenBytes = 32 * 1024 * 1024;

/** Different problems that are told; a program may send a new one with every request. */
const mostTold = 50;

/** Records what programs send. Never throws what a client can cause. */
export interface OtlpTaker {
  /** What can be said of a request by its head: who may send here, and whether anything can be taken at present. */
  refuse(request: IncomingMessage): Refusal | undefined;
  /**
   * Called for several requests at a time; what is to be in order, a taker puts in order. A refusal that clients answer by
   * sending again may come after a part is recorded.
   */
  take(spans: readonly OtlpSpan[]): Promise<Taken | Refusal>;
  /** The same for events of spans that come as records of logs. */
  takeEvents(events: readonly OtlpEvent[]): Promise<Taken | Refusal>;
}

export interface Taken {
  /** Those that have got something: what they hold is on the disk before the answer is sent. */
  readonly recorders: readonly SessionRecorder[];
  /** Spans, or events, that are refused for good. */
  readonly refused: number;
  readonly reason: string | undefined;
}

export interface OtlpExchangeOptions {
  readonly onProblem: (problem: RecorderProblem) => void;
  /** In place of the usual limits. */
  readonly limits?: Partial<OtlpLimits> | undefined;
}

export class OtlpExchange {
  readonly #onProblem: OtlpExchangeOptions["onProblem"];
  readonly #limits: OtlpLimits;
  readonly #bodies: BodyReader;
  readonly #told = new Set<string>();
  /** One body at a time is decompressed, whatever becomes of it. */
  #turn: Promise<unknown> = Promise.resolve();
  /** What bodies hold is taken together up to a limit: once it is read it may take many times its size. */
  readonly #taking = new WeightedTurns(mostTakenBytes);

  constructor({ onProblem, limits }: OtlpExchangeOptions) {
    this.#onProblem = onProblem;
    this.#limits = { ...defaultLimits, ...limits };
    this.#bodies = new BodyReader(this.#limits);
  }

  /** Resolves when the request is answered; never rejects. */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    signal: OtlpSignal,
    taker: OtlpTaker,
  ): Promise<void> {
    try {
      const answer = this.#refuseHead(request, taker) ?? (await this.#answer(request, signal, taker));
      if (answer !== undefined) this.#send(request, response, answer);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      // Too many open files or a fault of the disk may pass; a 500 would lose the request for good.
      this.#tell(`Spans could not be received: ${error.message}`, error);
      this.#send(request, response, notTaken);
    }
  }

  /** What the head of a request tells already. */
  #refuseHead(request: IncomingMessage, taker: OtlpTaker): Refusal | undefined {
    const foreign = refuseForeignHost(request);
    if (foreign) return foreign;
    if (request.method !== "POST") return { status: 405, message: "Only POST is taken", headers: { Allow: "POST" } };
    const refusal = taker.refuse(request);
    if (refusal?.status === 401) return refusal;
    if (encodingOfType(request.headers["content-type"]) === undefined) return unknownType;
    return refuseEncoding(compressionOf(request)) ?? refusal;
  }

  /** @returns undefined where the client has gone */
  async #answer(request: IncomingMessage, signal: OtlpSignal, taker: OtlpTaker): Promise<OtlpAnswer | undefined> {
    const body = await this.#bodies.read(request);
    if (body.type === "gone") return undefined;
    if (body.type === "refused") return body;
    const encoding = encodingOfType(request.headers["content-type"]) ?? "json";
    let done: () => void = () => undefined;
    const turn = this.#turn.then(async () => {
      const decoded = await decodeBody(body.bytes, compressionOf(request), this.#limits.bodyBytes);
      if (Buffer.isBuffer(decoded)) done = await this.#taking.take(decoded.length);
      return decoded;
    });
    this.#turn = turn.catch(() => undefined);
    try {
      const decoded = await turn;
      if (!Buffer.isBuffer(decoded)) return decoded;
      const { answer, recorders } = await this.#take(decoded, encoding, signal, taker);
      return isRefusal(answer) ? answer : await this.#onceWritten(answer, recorders);
    } finally {
      done();
      body.release();
    }
  }

  async #take(decoded: Buffer, encoding: OtlpEncoding, signal: OtlpSignal, taker: OtlpTaker): Promise<Answered> {
    try {
      if (signal === "traces") {
        const { spans, rejectedSpans: count, faults } = readRequest(decoded, encoding);
        const refused = { name: "rejectedSpans", count, reasons: reasonsOf(faults) } as const;
        return await this.#record(spans.length, refused, () => taker.take(spans));
      }
      if (signal === "metrics") return { answer: metricsAnswer(decoded, encoding), recorders: [] };
      const { events, rejected, unattached, faults } = readLogs(decoded, encoding);
      const refused = {
        name: "rejectedLogRecords",
        count: rejected + unattached,
        reasons: reasonsOf(faults),
        notKept: unattached === 0 ? undefined : unattachedText,
      } as const;
      return await this.#record(events.length + unattached, refused, () => taker.takeEvents(events));
    } catch (thrown) {
      if (!(thrown instanceof OtlpFault)) throw thrown;
      return { answer: { status: 400, message: thrown.sentence }, recorders: [] };
    }
  }

  /** @param sound how many there are that could be read */
  async #record(
    sound: number,
    { name, count, reasons, notKept }: Refused,
    take: () => Promise<Taken | Refusal>,
  ): Promise<Answered> {
    if (sound === 0 && reasons.length > 0) return { answer: { status: 400, message: reasons.join() }, recorders: [] };
    const taken = await take();
    if ("status" in taken) return { answer: taken, recorders: [] };
    const { recorders, refused, reason } = taken;
    const faults = reason === undefined ? reasons : [...reasons, reason];
    const told = notKept === undefined ? faults : [...faults, notKept];
    if (told.length === 0) return { answer: { status: 200 }, recorders };
    if (faults.length > 0) {
      this.#tell(`${name === "rejectedSpans" ? "Spans" : "Logs"} of the program were refused: ${faults.join("; ")}`);
    }
    const message = told.join("; ");
    return { answer: { status: 200, partial: { name, count: count + refused, message } }, recorders };
  }

  /** The answer, once what it acknowledges survives the death of this process. */
  async #onceWritten(answer: OtlpAnswer, recorders: readonly SessionRecorder[]): Promise<OtlpAnswer> {
    for (const recorder of recorders) recorder.appendNow();
    const slow = recorders.filter(({ health }) => health.state !== "ok");
    if (slow.length === 0) return answer;
    try {
      await withLimit(this.#limits.syncMs, () => Promise.all(slow.map((recorder) => recorder.sync())));
      return answer;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { status: 503, message: `The spans are not on the disk yet: ${reason}`, headers: sentAgain };
    }
  }

  #send(request: IncomingMessage, response: ServerResponse, answer: OtlpAnswer): void {
    if (response.headersSent || response.destroyed) return;
    if (isRefusal(answer) && !quietStatuses.has(answer.status)) this.#tell(`Spans were refused: ${answer.message}`);
    const encoding = encodingOfType(request.headers["content-type"]) ?? "json";
    const body = answerBody(answer, encoding);
    response.writeHead(answer.status, {
      ...(isRefusal(answer) ? answer.headers : {}),
      "Content-Type": contentTypes[encoding],
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

  #tell(message: string, error?: Error): void {
    if (this.#told.has(message) || this.#told.size >= mostTold) return;
    this.#told.add(message);
    this.#onProblem(error === undefined ? { message } : { message, error });
  }
}

/** What was refused before anything was taken. */
interface Refused {
  readonly name: RejectedName;
  readonly count: number;
  readonly reasons: readonly string[];
  /** What is among them that is no fault of anybody. */
  readonly notKept?: string | undefined;
}

const unattachedText =
  "records of logs that belong to no span are not kept (OTEL_LOGS_EXPORTER=none stops sending logs)";

function reasonsOf(faults: readonly OtlpFault[]): string[] {
  const [fault] = faults;
  const more = faults.length > 1 ? `, and ${faults.length - 1} more` : "";
  return fault === undefined ? [] : [`${fault.sentence}${more}`];
}

interface Answered {
  readonly answer: OtlpAnswer;
  readonly recorders: readonly SessionRecorder[];
}

/** Seconds; the recorder tries again within that time. */
export const sentAgain = { "Retry-After": "1" };
export const tooSlow: Refusal = { status: 429, message: "The disk is slow at present", headers: sentAgain };
const notTaken: Refusal = {
  status: 503,
  message: "Tracekeeper could not take the request at present",
  headers: sentAgain,
};
const unknownType: Refusal = {
  status: 415,
  message: "The Content-Type must be application/x-protobuf or application/json",
};
/** They are no loss, or the recorder tells of the reason itself. */
const quietStatuses: ReadonlySet<number> = new Set([405, 410, 429, 503]);

/** What a recorder refuses at present. */
export function refuseNow({ phase, health }: SessionRecorder): Refusal | undefined {
  if (phase === "ended") return { status: 410, message: "The session has ended" };
  switch (health.state) {
    case "ok":
      return undefined;
    case "degraded":
      return tooSlow;
    case "failed":
      return { status: 503, message: `The disk can't be written: ${health.error?.message ?? ""}`, headers: sentAgain };
  }
}

function readRequest(bytes: Buffer, encoding: OtlpEncoding): OtlpRequest {
  return encoding === "protobuf" ? readOtlpProtobuf(bytes) : readOtlpRequest(parseOtlpJson(bytes));
}

function readLogs(bytes: Buffer, encoding: OtlpEncoding): OtlpEventList {
  return encoding === "protobuf" ? readOtlpProtobufLogs(bytes) : readOtlpLogs(parseOtlpJson(bytes));
}

/** Runs all steps; whatever else the process does goes on meanwhile, however many there are. */
export async function inTurns<T>(steps: Generator<undefined, T>): Promise<T> {
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

function compressionOf(request: IncomingMessage): string {
  return (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
}
