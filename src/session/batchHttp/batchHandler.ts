// The batch API over HTTP for programs of this machine: trigger.dev's two phases, what is told of batches and runs, and
// their control. An answer of success is given once what it acknowledges is in the batch's log. Nobody without the token
// gets anything, and a client that goes in the middle leaves what was taken.

import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { describeError } from "../../base/logger";
import { type BatchEngine, BatchOwnedElsewhere, BatchRefused, type BatchRequest } from "../../batch/batchEngine";
import { PacketRefused, PacketStore, packetsFolder } from "../../batch/packetStore";
import { batchFolder } from "../../trace/batch/batchIds";
import type { BatchSettings } from "../../trace/batch/batchRecord";
import { refuseForeignHost, tokenCheck } from "../otlpAccess";
import { askedForHeader, askOwner } from "./askOwner";
import { type BatchAnswer, drain, refusal, sendAnswer, shouldRetry } from "./batchAnswer";
import { controlSchema, createSchema, JsonBodies } from "./batchBodies";
import { BatchReadings, type BatchSource } from "./batchReadings";
import { type BatchControl, type BatchRoute, batchRoute, type FoundRoute } from "./batchRoutes";
import { BodyFault, ClientGone } from "./bodyChunks";
import { ItemStreams } from "./itemStreams";
import { PacketRoutes } from "./packetRoutes";
import { PathSigner } from "./signedPath";

/** What is served: the batches of a directory, whichever engine runs them. See `BatchHost`. */
export type ServedBatches = BatchSource &
  Pick<BatchEngine, "create" | "streamItems" | "cancel" | "pause" | "unpause" | "retryFailed">;

export interface BatchHandlerOptions {
  /** The trace directory. */
  readonly directory: string;
  readonly batches: ServedBatches;
  /** What clients send as `Authorization: Bearer <token>`. */
  readonly token: string;
  /** Does not throw. */
  readonly onProblem: (problem: { readonly message: string; readonly error?: Error }) => void;
  readonly limits?: Partial<BatchHttpLimits> | undefined;
  readonly nowMs?: (() => number) | undefined;
}

export type BatchHttpLimits = typeof defaultLimits;

const defaultLimits = {
  /** Of the first phase's body. As at trigger.dev. */
  createBytes: 128 * 1024,
  /** Of a control's body: 100,000 indexes have room. */
  controlBytes: 1024 * 1024,
  allBodiesBytes: 32 * 1024 * 1024,
  /** From the head of a request to the end of a small body; of a stream of items, how long it may say nothing. */
  bodyMs: 30_000,
  /** Of a stream of items, how long it may say nothing in all. */
  streamWaitMs: 10 * 60_000,
  /** Of a stream of items: 100,000 of them with what is just not uploaded apart. */
  streamBytes: 16 * 1024 * 1024 * 1024,
  /** Streams of items, and uploads, at once. */
  mostStreams: 32,
  packetBytes: 64 * 1024 * 1024,
};

export interface BatchHandler {
  /** Takes a request; resolves when it is answered, with false where its path is none of the API's. Never rejects. */
  (request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  dispose(): void;
}

const sweepEveryMs = 10 * 60_000;

/** For a server on the loopback, whichever else it answers. */
export function batchHandler(options: BatchHandlerOptions): BatchHandler {
  const handler = new Handler(options);
  return Object.assign((request: IncomingMessage, response: ServerResponse) => handler.handle(request, response), {
    dispose: () => handler.dispose(),
  });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: string;
}

class Handler {
  readonly #options: BatchHandlerOptions;
  readonly #limits: BatchHttpLimits;
  readonly #isToken: (token: string) => boolean;
  readonly #signer: PathSigner;
  readonly #bodies: JsonBodies;
  readonly #streams: ItemStreams;
  readonly #packets: PacketRoutes;
  readonly #readings: BatchReadings;
  readonly #sweeping: NodeJS.Timeout;
  readonly #nowMs: () => number;

  constructor(options: BatchHandlerOptions) {
    const { directory, token, batches, nowMs = Date.now } = options;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#nowMs = nowMs;
    this.#isToken = tokenCheck(token);
    this.#signer = new PathSigner(token);
    this.#bodies = new JsonBodies(this.#limits);
    const folder = join(directory, batchFolder);
    const store = new PacketStore({
      folder: join(folder, packetsFolder),
      nowMs,
      packetBytes: this.#limits.packetBytes,
    });
    const shared = { ...this.#limits, nowMs };
    this.#packets = new PacketRoutes({ ...shared, store, signer: this.#signer });
    this.#streams = new ItemStreams({ ...shared, batches, packets: store });
    this.#readings = new BatchReadings({ folder, source: batches, signer: this.#signer, nowMs });
    const sweep = () => {
      store.sweep().catch((error: unknown) => this.#tell("Uploaded payloads can't be removed", error));
    };
    sweep();
    this.#sweeping = setInterval(sweep, sweepEveryMs);
    this.#sweeping.unref();
  }

  dispose(): void {
    clearInterval(this.#sweeping);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    const found = batchRoute(path);
    if (found === undefined) return false;
    const exchange = { request, response, path, query };
    try {
      const answer = this.#refuse(found, exchange) ?? (await this.#answer(found.route, exchange));
      if (answer !== undefined) sendAnswer(response, answer);
    } catch (thrown) {
      if (thrown instanceof ClientGone) response.destroy();
      else sendAnswer(response, this.#refusalOf(thrown));
    }
    drain(request, this.#limits.bodyMs);
    return true;
  }

  /** Whoever must not send, and what nobody can ask for. */
  #refuse({ route, methods }: FoundRoute, { request, path, query }: Exchange): BatchAnswer | undefined {
    const foreign = refuseForeignHost(request);
    if (foreign !== undefined) return refusal(foreign.status, foreign.message);
    const method = request.method ?? "";
    const token = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const isLetIn = token !== undefined && this.#isToken(token);
    const isOpen = (route.type === "packet" || route.type === "payload") && this.#isSigned(method, path, query);
    if (!isLetIn && !isOpen) return unauthorised;
    if (route.type === "unknown") return refusal(404, "This is not a part of the batch API");
    if (methods.includes(method)) return undefined;
    return refusal(405, `Use ${methods.join(" or ")}`, { Allow: methods.join(", ") });
  }

  #isSigned(method: string, path: string, query: string): boolean {
    return this.#signer.isSigned(method, path, query, this.#nowMs());
  }

  /** Undefined where it was answered, or nobody waits for an answer. */
  async #answer(route: BatchRoute, { request, response }: Exchange): Promise<BatchAnswer | undefined> {
    switch (route.type) {
      case "create":
        return await this.#create(request);
      case "items":
        return await this.#streams.take(route.id, request);
      case "control":
        return await this.#control(route.id, route.control, request);
      case "upload":
        return this.#packets.uploadTo(route.name, request);
      case "download":
        return await this.#packets.downloadOf(route.name, request);
      case "packet":
        return await this.#packets.content(route.key, request, response);
      case "payload":
        return await this.#readings.sendPayload(route.runId, response);
      case "list":
      case "runs":
      case "retrieve":
      case "details":
      case "results":
      case "run":
      case "runResult":
      case "packetOfRun":
        return await this.#readings.answer(route, request);
      case "unknown":
        return undefined;
    }
  }

  async #create(request: IncomingMessage): Promise<BatchAnswer | undefined> {
    const body = await this.#bodies.read(request, createSchema, this.#limits.createBytes);
    if (body.type === "gone") return undefined;
    if (body.type === "refused") return body.answer;
    const requestKey = request.headers["x-trigger-request-idempotency-key"];
    // JSON has no undefined.
    const settings = body.value.settings as Partial<BatchSettings> | undefined;
    const key = typeof requestKey === "string" ? requestKey : undefined;
    const wanted: BatchRequest = { ...body.value, settings, requestKey: key };
    const { id, runCount, isCached, idempotencyKey } = await this.#options.batches.create(wanted);
    return { status: isCached ? 200 : 202, body: { id, runCount, isCached, idempotencyKey } };
  }

  async #control(id: string, control: BatchControl, request: IncomingMessage): Promise<BatchAnswer | undefined> {
    const body = await this.#bodies.read(request, controlSchema, this.#limits.controlBytes);
    if (body.type === "gone") return undefined;
    if (body.type === "refused") return body.answer;
    try {
      return { status: 200, body: await this.#change(id, control, body.value) };
    } catch (error) {
      const isAskedFor = request.headers[askedForHeader] !== undefined;
      if (!(error instanceof BatchOwnedElsewhere) || isAskedFor) throw error;
      return await askOwner(error, id, control, body.value);
    }
  }

  #change(
    id: string,
    control: BatchControl,
    { by, indexes }: { by?: string | undefined; indexes?: number[] | undefined },
  ) {
    const { batches } = this.#options;
    switch (control) {
      case "cancel":
        return batches.cancel(id, by);
      case "pause":
        return batches.pause(id, by);
      case "resume":
        return batches.unpause(id, by);
      case "retry":
        return batches.retryFailed(id, indexes, by);
    }
  }

  #refusalOf(thrown: unknown): BatchAnswer {
    if (thrown instanceof BatchRefused) return refusal(thrown.status, thrown.message);
    if (thrown instanceof PacketRefused) return refusal(thrown.status, thrown.message, shouldRetry(false));
    if (thrown instanceof BodyFault) return refusal(thrown.status, thrown.message, { Connection: "close" });
    this.#tell("A request for batches could not be taken", thrown);
    return refusal(500, "Tracekeeper could not take the request");
  }

  #tell(what: string, thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.#options.onProblem({ message: `${what}: ${describeError(thrown)}`, error });
  }
}

const unauthorised = refusal(401, "The key is missing or wrong: TRIGGER_SECRET_KEY must be as Tracekeeper printed it", {
  "WWW-Authenticate": "Bearer",
});
