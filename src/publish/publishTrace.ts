// A recorded trace is published in two steps: it is prepared, so that a person sees what would leave and what is masked in it,
// and then it goes through the outbox. Nothing is read or sent in the first one.

import { nodeFs, runAsync } from "../recorder/recorderFs";
import type { TraceFile } from "../trace/schema";
import { accessFor, expiresAtMs, type PublishAs, type TokenSource } from "./consent";
import type { Outbox } from "./outbox";
import type { PublishClock } from "./publishClock";
import type { BatchStart } from "./publishRecord";
import { type Mask, type Redaction, type RedactOptions, redactInSteps } from "./redactTrace";
import { batchStartOf, eventsInSteps } from "./spanEvents";
import { type PublishResult, TraceBatch } from "./traceBatch";
import type { TraceEvent } from "./traceEvent";
import { UploadApi, viewUrl } from "./uploadApi";

export interface PreparedTrace {
  /** Without its secrets; what other exports send as well. */
  readonly trace: TraceFile;
  readonly start: BatchStart;
  readonly events: readonly TraceEvent[];
  readonly masks: readonly Mask[];
  readonly maskCounts: Redaction["counts"];
  readonly maskTotal: number;
}

/** Others are served meanwhile. */
export async function prepareTrace(trace: TraceFile, options: RedactOptions = {}): Promise<PreparedTrace> {
  const redaction = await runAsync(nodeFs, redactInSteps(trace, options));
  const events = await runAsync(nodeFs, eventsInSteps(redaction.trace));
  return {
    trace: redaction.trace,
    start: batchStartOf(redaction.trace),
    events,
    masks: redaction.masks,
    maskCounts: redaction.counts,
    maskTotal: redaction.total,
  };
}

export interface PublishOptions {
  /** As the trace's list names it. */
  readonly session: string;
  /** See `checkBaseUrl`. */
  readonly baseUrl: string;
  readonly as: PublishAs;
  readonly outbox: Outbox;
  readonly clock: PublishClock;
  readonly token: TokenSource;
  newTraceId(): string;
  isEnabled(): boolean;
  api?(token: string | undefined): UploadApi;
}

export interface Published {
  readonly result: PublishResult;
  /** Where a person looks at it. */
  readonly url: string | undefined;
  /** When the server forgets it, in ms since the epoch. */
  readonly expiresAtMs: number | undefined;
}

/** Never rejects. */
export async function publishTrace({ start, events }: PreparedTrace, options: PublishOptions): Promise<Published> {
  const { session, baseUrl, as, outbox, clock, token, newTraceId, isEnabled } = options;
  const api = options.api ?? ((known) => new UploadApi({ baseUrl, clock, token: known }));
  const openLog: ConstructorParameters<typeof TraceBatch>[0]["openLog"] = (job) => outbox.create(job);
  const batch = new TraceBatch({ session, baseUrl, clock, api, openLog, newTraceId, isEnabled });
  for (const event of events) batch.add(event);
  const access = () => accessFor(as, token, clock);
  batch.begin({ owner: "publish", start, isExplicit: as.isExplicit, access });
  const result = await batch.end();
  if (result.type !== "published") return { result, url: undefined, expiresAtMs: undefined };
  const { family, id, accessCode, atMs } = result;
  return { result, url: viewUrl(baseUrl, family, id, accessCode), expiresAtMs: expiresAtMs(family, atMs) };
}
