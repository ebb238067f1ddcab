// What the two ends of `S.json` tell: identity and metadata from the head, the first span for whether the session's
// root is open, the claimed result from `summary`, wherever that stands. Nothing is guessed for what lies between.

import { finish } from "../base/steps";
import { readBatchRun } from "../trace/batch/batchRun";
import { countFailures } from "../trace/countFailures";
import { isPossibleTime } from "../trace/possibleTime";
import type { Problem } from "../trace/problem";
import { readSnapshot } from "../trace/readSnapshot";
import { type SummaryStatus, summaryStatuses, type TraceSpan, type Writer, writerSchema } from "../trace/schema";
import { evidenceOfSpans, type SpanEvidence } from "../trace/spanEvidence";
import type { FileEdges } from "./fileEdges";
import {
  firstElement,
  parseJson,
  readCutString,
  readMembers,
  scanDocumentEnd,
  scanNestedEnd,
  scanObject,
  skipSpace,
} from "./jsonEdges";
import { readLaunchedPlaybook } from "./launchedPlaybook";
import { readMetadata, type SessionHeader, toText } from "./sessionHeader";

export interface SnapshotListing extends SessionHeader {
  /** Undefined where the file is sound as far as its ends show it. */
  readonly problem?: Problem | undefined;
  /** The file is a trace, if perhaps a damaged one. */
  readonly isTrace: boolean;
  /** The file ends before the document does. */
  readonly truncated: boolean;
  readonly claimedEndMs?: number | undefined;
  readonly claimedStatus?: SummaryStatus | undefined;
  readonly claimedError?: string | undefined;
  readonly claimedDurationMs?: number | undefined;
  readonly totalTokens?: number | undefined;
  readonly totalCost?: number | undefined;
  readonly failures?: number | undefined;
  readonly openSpans?: number | undefined;
  /** Of the session's root span; undefined where the head does not show it whole. */
  readonly rootOpen?: boolean | undefined;
  readonly rootStatus?: "ok" | "error" | undefined;
  readonly rootError?: string | undefined;
  readonly rootEndMs?: number | undefined;
  /** Known only where the file was read whole. */
  readonly openGenerations?: number | undefined;
  readonly finalFinishReason?: string | undefined;
  readonly lastActivityMs?: number | undefined;
  readonly writer?: Writer | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const topKeys = ["version", "traceId", "sessionId", "startedAt", "endedAt", "metadata", "spans", "summary", "writer"];
const summaryKeys = [
  "totalTokens",
  "totalCost",
  "totalToolCalls",
  "totalGenerations",
  "duration",
  "status",
  "error",
  "tokens",
  "loops",
  "narrative",
  "topTools",
  "failures",
  "openSpans",
];

/** Never throws for bad bytes. */
export function listSnapshot(edges: FileEdges): SnapshotListing {
  const decoder = new TextDecoder();
  const head = decoder.decode(edges.head);
  const end = edges.isWhole ? head : decoder.decode(edges.tail);
  // A file that was read whole is read as the reader of sessions reads it, so that both say the same of it.
  const allSpans = edges.isWhole ? readSnapshot(edges.head).trace?.spans : undefined;
  const whole = edges.isWhole ? parseJson(head) : undefined;
  if (whole !== undefined) return isFields(whole) ? listFields(whole, allSpans, undefined) : notATrace(describe(whole));

  const start = skipSpace(head, 0);
  const damage = findDamage(edges, head, end);
  if (head[start] !== "{") {
    const isJsonList = head[start] === "[" && damage === undefined;
    return isJsonList ? notATrace("a list") : { isTrace: false, truncated: false, problem: damage ?? notJson };
  }
  const { members } = scanObject(head, start);
  const cut = members.find((member) => member.to === undefined);
  const fields: Record<string, unknown> = {
    ...readMembers(head, members),
    ...(cut && { [cut.key]: readCutValue(head, cut.key, cut.from) }),
    ...readEnd(end),
  };
  return listFields(fields, allSpans, damage);
}

/** The first span and the metadata are worth having even when the head ends within them. */
function readCutValue(head: string, key: string, from: number): unknown {
  if (key === "spans") {
    const first = firstElement(head, from);
    return first === undefined || head[first] !== "{" ? [] : [readCutObject(head, first)];
  }
  return (key === "metadata" || key === "summary") && head[from] === "{" ? readCutObject(head, from) : undefined;
}

/** The members that the head holds; the one that it cuts too where that is a string, and undefined where it is not. */
function readCutObject(head: string, from: number): Fields {
  const { members, end } = scanObject(head, from);
  const fields = readMembers(head, members);
  const last = members.at(-1);
  if (last && last.to === undefined) fields[last.key] = readCutString(head, last.from);
  if (end === undefined) fields[cutMark] = true;
  return fields;
}

/** Set on a span of which not all members were seen. */
const cutMark = "\0cut";

/** The last members of the document, with as much of the summary as there is. */
function readEnd(end: string): Fields {
  const last = scanDocumentEnd(end, topKeys);
  const fields = last ? readMembers(end, last.members) : {};
  if (isFields(fields["summary"])) return fields;
  const inSummary = scanNestedEnd(end, summaryKeys);
  if (!inSummary) return withoutSpans(fields);
  const summary = readMembers(end, inSummary.members);
  return isStatus(summary["status"]) ? withoutSpans({ ...fields, summary }) : withoutSpans(fields);
}

/** Whether the root is open is told by the head alone. */
function withoutSpans(fields: Fields): Fields {
  const { spans: _spans, ...rest } = fields;
  return rest;
}

/** @param allSpans all spans of the trace, where the file was read whole */
function listFields(
  fields: Fields,
  allSpans: readonly TraceSpan[] | undefined,
  damage: Problem | undefined,
): SnapshotListing {
  const truncated = damage?.code === "truncated" || damage?.code === "nul-bytes";
  if (!isTrace(fields)) {
    return damage === undefined ? notATrace("an object without spans") : { isTrace: false, truncated, problem: damage };
  }
  const metadata = isFields(fields["metadata"]) ? fields["metadata"] : {};
  const summary = isFields(fields["summary"]) ? fields["summary"] : {};
  const first: unknown = Array.isArray(fields["spans"]) ? fields["spans"][0] : undefined;
  const root = isFields(first) ? first : undefined;
  const startedMs = toTimeMs(fields["startedAt"]) ?? toPossibleTime(root?.["startTime"]);
  const claimedEndMs = toTimeMs(fields["endedAt"]);
  const evidence = allSpans ? evidenceOfSpans(allSpans) : evidenceOfRoot(root);
  const writer = writerSchema.safeParse(fields["writer"]);
  const claimedStatus = isStatus(summary["status"]) ? summary["status"] : undefined;
  return {
    isTrace: true,
    truncated,
    problem: newerVersion(fields["version"]) ?? damage,
    sessionId: toText(fields["sessionId"]),
    ...readMetadata({ ...metadata, prompt: metadata["prompt"] ?? root?.["input"] }),
    startedMs,
    playbook: readLaunchedPlaybook(root?.["attributes"]),
    batch: readBatchRun(root?.["attributes"]),
    claimedEndMs,
    claimedStatus,
    claimedError: toText(summary["error"]),
    claimedDurationMs: toNumber(summary["duration"]),
    totalTokens: toNumber(summary["totalTokens"]),
    totalCost: toNumber(summary["totalCost"]),
    failures: toNumber(summary["failures"]) ?? (allSpans && finish(countFailures(allSpans, claimedStatus))),
    ...evidence,
    openSpans: allSpans ? evidence.openSpans : toNumber(summary["openSpans"]),
    lastActivityMs: latest([claimedEndMs, evidence.lastActivityMs]),
    writer: writer.success ? writer.data : undefined,
  };
}

function isTrace(fields: Fields): boolean {
  const hasId =
    typeof fields["traceId"] === "string" || (typeof fields["sessionId"] === "string" && fields["version"] === 2);
  if (!Array.isArray(fields["spans"])) return hasId;
  const first: unknown = fields["spans"][0];
  return hasId || (isFields(first) && typeof first["spanId"] === "string");
}

/** What the first span tells, if it is the root; in the order in which recorders write them it is. */
function evidenceOfRoot(root: Fields | undefined): Partial<SpanEvidence> {
  if (root?.["kind"] !== "session" || root["parentSpanId"] !== null) return {};
  const startMs = toPossibleTime(root["startTime"]);
  const hasEnd = toNumber(root["endTime"]) !== undefined;
  // An impossible end is an end all the same, and the reader of sessions puts it at the start.
  const rootEndMs = hasEnd ? (toPossibleTime(root["endTime"]) ?? startMs) : undefined;
  const status = root["status"];
  return {
    rootOpen: hasEnd ? false : root[cutMark] === true ? undefined : true,
    rootStatus: status === "ok" || status === "error" ? status : undefined,
    rootError: toText(root["statusMessage"]),
    rootEndMs,
    lastActivityMs: latest([startMs, rootEndMs]),
  };
}

/** What the ends of a file that does not parse show to be wrong with it. */
function findDamage(edges: FileEdges, head: string, end: string): Problem | undefined {
  const size = edges.stamp.sizeBytes;
  if (size === 0) return { code: "empty-file", severity: "error", message: "The file is empty", offsetBytes: 0 };
  if (end.endsWith("\0")) {
    const bytes = edges.isWhole ? edges.head : edges.tail;
    let from = bytes.length;
    while (from > 0 && bytes[from - 1] === 0) from--;
    const offsetBytes = from === 0 ? undefined : size - bytes.length + from;
    return { code: "nul-bytes", severity: "error", message: "The file ends in NUL bytes instead of text", offsetBytes };
  }
  const last = end.trimEnd().at(-1);
  if (head.trimStart().startsWith("{") && last !== "}") {
    return {
      code: "truncated",
      severity: "error",
      message: "The file ends in the middle of the trace",
      offsetBytes: size,
    };
  }
  if (!edges.isWhole) return undefined;
  // Read whole, begins and ends as an object does, and is none.
  return { code: "syntax", severity: "error", message: "The file is damaged: it is not valid JSON" };
}

const notJson: Problem = { code: "syntax", severity: "error", message: "The file is not JSON", offsetBytes: 0 };

function notATrace(what: string): SnapshotListing {
  const problem: Problem = {
    code: "not-a-trace",
    severity: "error",
    message: `The file is not a trace: it holds ${what}`,
  };
  return { isTrace: false, truncated: false, problem };
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return value === null ? "null" : `a ${typeof value}`;
}

function newerVersion(version: unknown): Problem | undefined {
  if (typeof version !== "number" || version <= 2) return undefined;
  const message = `The trace has format version ${version}, which is newer than the version 2 that is read here`;
  return { code: "newer-version", severity: "error", message };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStatus(value: unknown): value is SummaryStatus {
  return (summaryStatuses as readonly unknown[]).includes(value);
}

function toNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function toPossibleTime(value: unknown): number | undefined {
  const timeMs = toNumber(value);
  return timeMs !== undefined && isPossibleTime(timeMs) ? timeMs : undefined;
}

function toTimeMs(value: unknown): number | undefined {
  return typeof value === "string" ? toNumber(Date.parse(value)) : undefined;
}

function latest(times: readonly (number | undefined)[]): number | undefined {
  let result: number | undefined;
  for (const time of times) if (time !== undefined && (result === undefined || time > result)) result = time;
  return result;
}
