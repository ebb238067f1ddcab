// Pictures of sessions for tests of what is made of them: the real reader and model, with files that a test decides.
import { silentLogger } from "../../src/base/logger";
import { OpenedTrace } from "../../src/reader/openedTrace";
import type { TracePicture } from "../../src/reader/picture";
import { readSession } from "../../src/trace/readSession";
import type { TraceSpan } from "../../src/trace/schema";
import { wholeSource } from "../support/wholeSource";

export const nowMs = Date.parse("2026-11-20T23:00:00Z");

export interface PictureOptions {
  /** Writer and clock: how long ago the snapshot was written. */
  readonly ageMs?: number;
  readonly title?: string | null;
  readonly prompt?: string;
  readonly summary?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** A tool call that ended well; `fields` replace or add. */
export function spanOf(spanId: string, fields: Readonly<Record<string, unknown>> = {}): TraceSpan {
  return {
    spanId,
    parentSpanId: null,
    name: "tool",
    kind: "tool",
    startTime: nowMs - 60_000,
    endTime: nowMs - 59_000,
    status: "ok",
    ...fields,
  } as TraceSpan;
}

export function traceOf(spans: readonly TraceSpan[], options: PictureOptions = {}): Record<string, unknown> {
  const { ageMs: _, title = "A title", prompt, summary, ...rest } = options;
  return {
    version: 2,
    traceId: "t",
    sessionId: "s",
    startedAt: new Date(nowMs - 60_000).toISOString(),
    metadata: { ...(title === null ? {} : { title }), ...(prompt === undefined ? {} : { prompt }) },
    spans,
    summary: { totalTokens: 12, totalCost: 0, duration: 0, status: "completed", ...summary },
    ...rest,
  };
}

export async function pictureOf(spans: readonly TraceSpan[], options: PictureOptions = {}): Promise<TracePicture> {
  return pictureOfBytes(new TextEncoder().encode(JSON.stringify(traceOf(spans, options))), options.ageMs);
}

export async function pictureOfBytes(bytes: Uint8Array, ageMs = 0): Promise<TracePicture> {
  const snapshot = { name: "s.json", bytes, mtimeMs: nowMs - ageMs };
  const session = readSession({ safeId: "s", snapshot, journals: [] }, () => "unknown");
  const opened = new OpenedTrace({
    source: wholeSource(async () => session),
    firstEpoch: 1,
    logger: silentLogger,
    now: () => nowMs,
    onNews() {},
  });
  await opened.update();
  if (!opened.picture) throw new Error("There is no picture.");
  return opened.picture;
}
