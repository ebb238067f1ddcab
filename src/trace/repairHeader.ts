// Makes the parts of a trace around its spans sound: ids, dates, metadata, summary and writer. What does not fit is moved
// to `tracekeeper.<field>` beside it and reported; unknown fields stay.

import type * as z from "zod/mini";
import { describeJsonType } from "./jsonType";
import type { ProblemList } from "./problemList";
import { groupDigits } from "./problemList";
import { traceMetadataSchema, traceSummarySchema, writerSchema } from "./schema";
import { isFields, isFiniteNumber } from "./soundSpan";
import type { TraceHeader } from "./spanSource";

type MutableFields = Record<string, unknown>;

export const knownVersion = 2;

/**
 * Changes `root`, with or without spans, into what `traceFileSchema` says of everything but spans.
 * @param fallbackId the id to use where the file names none.
 * @param firstStartMs the earliest start of a span, Infinity for none; asked where the file does not say when it started
 */
export function repairHeader(
  root: MutableFields,
  fallbackId: string,
  problems: ProblemList,
  firstStartMs: () => number,
): TraceHeader {
  repairVersion(root, problems);
  repairId(root, "sessionId", fallbackId, problems);
  repairId(root, "traceId", String(root["sessionId"]), problems);
  repairDates(root, problems, firstStartMs);
  root["metadata"] = repairPart(root, "metadata", traceMetadataSchema, problems) ?? {};
  root["summary"] = repairPart(root, "summary", traceSummarySchema, problems) ?? {};
  const writer = repairPart(root, "writer", writerSchema, problems);
  if (writer === undefined) delete root["writer"];
  else root["writer"] = writer;
  return root as unknown as TraceHeader;
}

function repairVersion(root: MutableFields, problems: ProblemList): void {
  const { version } = root;
  if (version === knownVersion) return;
  root["version"] = knownVersion;
  if (version !== undefined) root["tracekeeper.version"] = version;
  if (isFiniteNumber(version) && version > knownVersion) {
    problems.add({
      code: "newer-version",
      severity: "warning",
      message: `The trace has format version ${groupDigits(version)}, and this Tracekeeper knows version ${knownVersion}; what it understands is shown, update Tracekeeper to see the rest`,
    });
    return;
  }
  const what = version === undefined ? "names no format version" : `has format version ${JSON.stringify(version)}`;
  problems.add({
    code: "invalid-field",
    severity: "info",
    message: `The trace ${what.slice(0, 100)}; it is read as version ${knownVersion}`,
  });
}

function repairId(root: MutableFields, field: "traceId" | "sessionId", fallback: string, problems: ProblemList): void {
  const value = root[field];
  if (typeof value === "string" && value !== "") return;
  if (typeof value === "number") {
    root[field] = String(value);
    return;
  }
  if (value !== undefined && value !== null && value !== "") root[`tracekeeper.${field}`] = value;
  root[field] = fallback;
  problems.add({
    code: "invalid-field",
    severity: "warning",
    message: `The trace has no ${field}; "${fallback}" is used`,
  });
}

function repairDates(root: MutableFields, problems: ProblemList, firstStartMs: () => number): void {
  const startedAt = toDateText(root["startedAt"]);
  if (startedAt === undefined) {
    if (root["startedAt"] !== undefined && root["startedAt"] !== null) {
      root["tracekeeper.startedAt"] = root["startedAt"];
    }
    // Empty where no span has a start time.
    root["startedAt"] = toDateText(firstStartMs()) ?? "";
    problems.add({
      code: "invalid-field",
      severity: "warning",
      message: "The trace does not say when it started; the start of its earliest span is used",
    });
  } else root["startedAt"] = startedAt;
  if (root["endedAt"] === undefined) return;
  const endedAt = toDateText(root["endedAt"]);
  if (endedAt !== undefined) {
    root["endedAt"] = endedAt;
    return;
  }
  if (root["endedAt"] !== null) {
    root["tracekeeper.endedAt"] = root["endedAt"];
    problems.add({ code: "invalid-field", severity: "warning", message: "The end of the trace is not a date" });
  }
  delete root["endedAt"];
}

/** Texts as they are, times in milliseconds as ISO 8601. */
function toDateText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  // The range of `Date`.
  return isFiniteNumber(value) && Math.abs(value) <= 8.64e15 ? new Date(value).toISOString() : undefined;
}

const numericSummaryFields = ["totalTokens", "totalCost", "totalToolCalls", "totalGenerations", "duration"] as const;

/** The part by its schema, without the fields that do not fit; undefined where nothing of it does. */
function repairPart<T extends MutableFields>(
  root: MutableFields,
  name: string,
  schema: z.ZodMiniType<T>,
  problems: ProblemList,
): T | undefined {
  const value = root[name];
  if (value === undefined || value === null) return undefined;
  if (!isFields(value)) {
    root[`tracekeeper.${name}`] = value;
    problems.add({
      code: "invalid-field",
      severity: "warning",
      message: `The field ${name} of the trace is ${describeJsonType(value)} instead of an object`,
    });
    return undefined;
  }
  const part = value as MutableFields;
  for (const field of numericSummaryFields) {
    const text = part[field];
    if (name === "summary" && typeof text === "string" && text.trim() !== "" && Number.isFinite(Number(text))) {
      part[field] = Number(text);
    }
  }
  // Every round takes away at least one field, so this ends.
  for (;;) {
    const result = schema.safeParse(part);
    if (result.success) return part as T;
    const fields = new Set(result.error.issues.map((issue) => String(issue.path[0] ?? "")));
    let removed = 0;
    for (const field of fields) {
      if (!Object.hasOwn(part, field)) continue;
      if (part[field] !== null) {
        part[`tracekeeper.${field}`] = part[field];
        problems.add({
          code: "invalid-field",
          severity: "warning",
          message: `The field ${name}.${field} of the trace does not fit; it is kept as ${name}.tracekeeper.${field}`,
        });
      }
      delete part[field];
      removed++;
    }
    // What is wrong is something missing, which only the writer's part can have.
    if (removed === 0) {
      root[`tracekeeper.${name}`] = part;
      problems.add({
        code: "invalid-field",
        severity: "warning",
        message: `The field ${name} of the trace lacks ${[...fields].join(", ")}; it is not used`,
      });
      return undefined;
    }
  }
}
