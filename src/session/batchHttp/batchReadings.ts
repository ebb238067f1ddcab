// What is asked of batches and their runs without changing them. It is read from their logs, so that each process that
// has the directory can tell it, whoever runs them.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { BatchRun } from "../../trace/batch/batchFacts";
import { parseRunId, runIdOf } from "../../trace/batch/batchIds";
import type { PayloadPlace } from "../../trace/batch/batchRecord";
import type { BatchState } from "../../trace/batch/batchState";
import { type BatchAnswer, refusal, shouldRetry } from "./batchAnswer";
import { pathOfPayload, type Reading } from "./batchRoutes";
import { batchDetails, listedBatch, retrievedBatch } from "./batchViews";
import { newestFirst } from "./newestBatches";
import { sendBytes, signedForMs, urlOf } from "./packetRoutes";
import { batchResults, listedRun, retrievedRun, runResult } from "./runViews";
import type { PathSigner } from "./signedPath";

export interface BatchSource {
  /** As it is in the log; undefined where there is no such batch. It may go on changing: nobody keeps it. */
  state(id: string): Promise<BatchState | undefined>;
  /** Undefined where the bytes are not those that came. */
  payload(id: string, place: PayloadPlace): Promise<Uint8Array | undefined>;
  /** Ids of all batches. */
  list(): Promise<readonly string[]>;
}

export interface BatchReadingsOptions {
  /** Of the batches. */
  readonly folder: string;
  readonly source: BatchSource;
  readonly signer: PathSigner;
  readonly nowMs: () => number;
}

/** A larger payload is fetched apart. */
const mostInlineBytes = 128 * 1024;
const usualPage = 20;
const largestPage = 100;

export class BatchReadings {
  readonly #options: BatchReadingsOptions;

  constructor(options: BatchReadingsOptions) {
    this.#options = options;
  }

  async answer(route: Reading, request: IncomingMessage): Promise<BatchAnswer> {
    switch (route.type) {
      case "list":
        return await this.#list(new URLSearchParams(request.url?.split("?", 2)[1]));
      case "runs":
        return await this.#runs(new URLSearchParams(request.url?.split("?", 2)[1]));
      case "retrieve":
        return await this.#ofBatch(route.id, retrievedBatch);
      case "details":
        return await this.#ofBatch(route.id, batchDetails);
      case "results":
        return await this.#ofBatch(route.id, batchResults);
      case "run":
        return await this.#run(route.runId, request);
      case "runResult":
        return await this.#ofRun(route.runId, (run) => runResult(run));
      case "packetOfRun":
        return await this.#packetOfRun(route.runId, request);
    }
  }

  /** @returns an answer where it has not sent one */
  async sendPayload(runId: string, response: ServerResponse): Promise<BatchAnswer | undefined> {
    const found = await this.#find(runId);
    const bytes = found && (await this.#payload(found.state.id, found.run));
    if (bytes === undefined) return noPayload;
    sendBytes(response, found?.run.payloadType ?? "application/json", bytes);
    return undefined;
  }

  async #list(query: URLSearchParams): Promise<BatchAnswer> {
    const size = pageSizeOf(query);
    if (size === undefined) return wrongSize;
    const ids = await newestFirst(this.#options.folder, await this.#options.source.list());
    const after = query.get("page[after]");
    const from = after === null ? 0 : ids.indexOf(after) + 1;
    if (after !== null && from === 0) return refusal(400, "page[after] is no batch that is there");
    const page = ids.slice(from, from + size);
    const data: object[] = [];
    for (const id of page) {
      const state = await this.#options.source.state(id);
      if (state !== undefined) data.push(listedBatch(state));
    }
    const next = from + size < ids.length ? page.at(-1) : undefined;
    return { status: 200, body: { data, pagination: { next } } };
  }

  /** Of one batch, by index: nobody asks here for the runs of all of them. */
  async #runs(query: URLSearchParams): Promise<BatchAnswer> {
    const size = pageSizeOf(query);
    if (size === undefined) return wrongSize;
    const id = query.get("filter[batch]") ?? "";
    const after = query.get("page[after]");
    const from = after === null ? 0 : Number(/_(\d{1,6})$/.exec(after)?.[1] ?? Number.NaN) + 1;
    if (Number.isNaN(from)) return refusal(400, "page[after] is no run");
    const state = await this.#options.source.state(id);
    if (state === undefined) return refusal(id === "" ? 400 : 404, "filter[batch] must name a batch");
    const data: object[] = [];
    let index = from;
    for (; index < state.runCount && data.length < size; index++) {
      const run = state.run(index);
      const listed = run && listedRun(run, this.#options.nowMs());
      if (listed !== undefined) data.push(listed);
    }
    const next = index < state.runCount && data.length > 0 ? runIdOf(state.id, index - 1) : undefined;
    return { status: 200, body: { data, pagination: { next } } };
  }

  async #ofBatch(id: string, tell: (state: BatchState) => object): Promise<BatchAnswer> {
    const state = await this.#options.source.state(id);
    return state === undefined ? refusal(404, `There is no batch ${id}`) : { status: 200, body: tell(state) };
  }

  async #run(runId: string, request: IncomingMessage): Promise<BatchAnswer> {
    const found = await this.#find(runId);
    if (found === undefined) return noRun(runId);
    const { state, run } = found;
    const payload = await this.#payloadFields(state.id, run, request);
    const body = retrievedRun(state, run, this.#options.nowMs(), payload);
    if (body !== undefined) return { status: 200, body };
    // It comes with the next records of a batch that is under way.
    return refusal(404, `There is no run ${runId} yet`, shouldRetry(!state.isFinal && run.state === "waiting"));
  }

  async #ofRun(runId: string, tell: (run: BatchRun) => object | undefined): Promise<BatchAnswer> {
    const found = await this.#find(runId);
    const body = found && tell(found.run);
    if (body !== undefined) return { status: 200, body };
    return found === undefined ? noRun(runId) : refusal(404, `Run ${runId} has not ended`);
  }

  async #packetOfRun(runId: string, request: IncomingMessage): Promise<BatchAnswer> {
    const found = await this.#find(runId);
    if (found === undefined) return noRun(runId);
    if (found.run.place === undefined) return noPayload;
    return { status: 200, body: { presignedUrl: this.#payloadUrl(runId, request) } };
  }

  async #payloadFields(
    id: string,
    run: BatchRun,
    request: IncomingMessage,
  ): Promise<{ payload?: unknown; payloadPresignedUrl?: string }> {
    if (run.place === undefined || run.runId === undefined) return {};
    if (run.place.length > mostInlineBytes) return { payloadPresignedUrl: this.#payloadUrl(run.runId, request) };
    const bytes = await this.#payload(id, run);
    return bytes === undefined ? {} : { payload: payloadValue(bytes, run.payloadType) };
  }

  #payloadUrl(runId: string, request: IncomingMessage): string {
    const { signer, nowMs } = this.#options;
    return urlOf(request, signer.sign("GET", pathOfPayload(runId), nowMs() + signedForMs));
  }

  async #payload(id: string, { place }: BatchRun): Promise<Uint8Array | undefined> {
    return place && (await this.#options.source.payload(id, place));
  }

  /** The run of an id of ours, as it is now. */
  async #find(runId: string): Promise<{ readonly state: BatchState; readonly run: BatchRun } | undefined> {
    const place = parseRunId(runId);
    const state = place && (await this.#options.source.state(place.batchId));
    const run = place && state?.run(place.index);
    return state === undefined || run === undefined ? undefined : { state, run };
  }
}

const wrongSize = refusal(400, `page[size] must be a whole number from 1 to ${largestPage}`);

function pageSizeOf(query: URLSearchParams): number | undefined {
  const size = Number(query.get("page[size]") ?? usualPage);
  return Number.isInteger(size) && size >= 1 && size <= largestPage ? size : undefined;
}

const noPayload = refusal(404, "The run has no payload, or it is damaged");

function noRun(runId: string): BatchAnswer {
  return refusal(404, `There is no run ${runId}`);
}

/** As the SDK hands it to whoever asks: what super+json adds for types that JSON lacks is left out. */
function payloadValue(bytes: Uint8Array, type: string | undefined): unknown {
  const text = new TextDecoder().decode(bytes);
  if (type !== "application/json" && type !== "application/super+json") return text;
  try {
    const value = JSON.parse(text) as unknown;
    const isWrapped = type === "application/super+json" && typeof value === "object" && value !== null;
    return isWrapped && "json" in value ? value.json : value;
  } catch {
    return text;
  }
}
