// The second phase over HTTP: lines are read from the body as fast as the engine writes them down. What was taken stays
// taken whatever becomes of the connection, so that the client may send all of it again.

import type { IncomingMessage } from "node:http";
import type { BatchEngine, StreamAnswer } from "../../batch/batchEngine";
import type { ItemLine } from "../../batch/itemLine";
import { readItemLines } from "../../batch/itemLines";
import { withPackets } from "../../batch/itemPayloads";
import type { PacketStore } from "../../batch/packetStore";
import { allowLong } from "../longRequests";
import { type BatchAnswer, refusal, tooMany } from "./batchAnswer";
import { encodingOf, mediaTypeOf } from "./batchBodies";
import { BodyFault, bodyChunks } from "./bodyChunks";

export interface ItemStreamsOptions {
  readonly batches: Pick<BatchEngine, "streamItems">;
  readonly packets: PacketStore;
  readonly bodyMs: number;
  readonly streamWaitMs: number;
  readonly streamBytes: number;
  readonly mostStreams: number;
  readonly nowMs: () => number;
}

export class ItemStreams {
  readonly #options: ItemStreamsOptions;
  #open = 0;

  constructor(options: ItemStreamsOptions) {
    this.#options = options;
  }

  /** Undefined where the client is gone. Rejects with `BodyFault`, and where the log can't be written. */
  async take(id: string, request: IncomingMessage): Promise<BatchAnswer | undefined> {
    const { mostStreams, nowMs } = this.#options;
    const refused = refuseHead(request);
    if (refused !== undefined) return refused;
    if (this.#open >= mostStreams) return tooMany("Too many streams of items at once", mostStreams, nowMs());
    this.#open++;
    try {
      return await this.#take(id, request);
    } finally {
      this.#open--;
    }
  }

  async #take(id: string, request: IncomingMessage): Promise<BatchAnswer | undefined> {
    const { batches, packets } = this.#options;
    allowLong(request);
    const body = new ItemBody(request, this.#options);
    const gone = new AbortController();
    // One that has sent everything may go: what it sent counts.
    const onClose = () => {
      if (!request.complete) gone.abort(new Error("The client is gone"));
    };
    request.once("close", onClose);
    try {
      const answer = await batches.streamItems(id, withPackets(body.lines(), packets), gone.signal);
      if (body.fault !== undefined && "error" in answer) throw body.fault;
      return gone.signal.aborted ? undefined : answerOf(answer);
    } finally {
      request.off("close", onClose);
    }
  }
}

/** The lines of one body. */
class ItemBody {
  readonly #request: IncomingMessage;
  readonly #options: ItemStreamsOptions;
  /** Why it was given up. */
  fault: BodyFault | undefined;

  constructor(request: IncomingMessage, options: ItemStreamsOptions) {
    this.#request = request;
    this.#options = options;
  }

  async *lines(): AsyncGenerator<ItemLine> {
    const { bodyMs, streamWaitMs, streamBytes, nowMs } = this.#options;
    const chunks = bodyChunks(this.#request, { idleMs: bodyMs, waitMs: streamWaitMs, mostBytes: streamBytes });
    try {
      yield* readItemLines(chunks, nowMs);
    } catch (error) {
      if (error instanceof BodyFault) this.fault = error;
      throw error;
    }
  }
}

function refuseHead(request: IncomingMessage): BatchAnswer | undefined {
  const type = mediaTypeOf(request);
  if (type !== "application/x-ndjson" && type !== "application/ndjson") {
    return refusal(415, "Content-Type must be application/x-ndjson or application/ndjson");
  }
  if (encodingOf(request) !== "identity") {
    return refusal(415, "The items must not be encoded", { "Accept-Encoding": "identity" });
  }
  const { "content-length": length, "transfer-encoding": transfer } = request.headers;
  if (transfer === undefined && Number(length ?? 0) === 0) return refusal(400, "The body must have the items");
  return undefined;
}

function answerOf(answer: StreamAnswer): BatchAnswer {
  if (!("error" in answer)) {
    const { status, retryReason: _, ...body } = { retryReason: undefined, ...answer };
    return { status, body };
  }
  const { status, error, ...facts } = answer;
  return { status, body: { error, ...facts } };
}
