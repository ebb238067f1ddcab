// A scanned `S.json` as `readSnapshot` and `buildColumns` would give it, the same problems included, but for the spans
// themselves, which stay in the file.

import type { Problem } from "./problem";
import { groupDigits, ProblemList } from "./problemList";
import { fallbackId } from "./readSnapshot";
import { repairHeader } from "./repairHeader";
import { longestSpanBytes, scannedSpans } from "./scannedSpans";
import type { ReadBytes } from "./scanRows";
import type { ScannedField, ScannedTrace } from "./scanTrace";
import type { SnapshotHead } from "./sessionEvidence";
import type { SpanColumns } from "./spanColumns";
import { evidenceOfColumns, type SpanEvidence } from "./spanEvidence";
import type { SpanSource, TraceHeader } from "./spanSource";

export interface ScannedSnapshot extends SnapshotHead {
  /** Without fields of more than 1 MiB that nobody knows. */
  readonly header: TraceHeader;
  readonly spans: SpanSource;
  /** `label` and `outcome` are empty. */
  readonly columns: SpanColumns;
  /** What `buildColumns` reports. */
  readonly treeProblems: readonly Problem[];
  readonly evidence: SpanEvidence;
  readonly scanned: ScannedTrace;
}

/** Fields of the trace that are read however long they are. */
const knownFields = ["version", "traceId", "sessionId", "startedAt", "endedAt", "metadata", "summary", "writer"];

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * @param fileName name of the file without directory: the session's id where the file names none
 * @param loss why only the beginning of the file was scanned, where that is so
 * @throws TraceReplacedError
 */
export function scannedSnapshot(
  scanned: ScannedTrace,
  read: ReadBytes,
  fileName?: string,
  loss?: Problem,
): ScannedSnapshot {
  const { columns, spanCount, spanProblems, treeProblems } = scanned;
  const problems = new ProblemList();
  if (loss !== undefined) problems.add(loss);
  problems.addAll(spanProblems);
  const firstStartMs = () => earliest(columns, spanCount);
  const header = repairHeader(headerFields(scanned, read, problems), fallbackId(fileName), problems, firstStartMs);
  problems.addAll(scanned.cutMarkProblems);
  if (header.writer === undefined) problems.addAll(scanned.cutTextProblems);
  reportLongSpans(scanned, problems);
  const spans = scannedSpans(scanned, read);
  const evidence = evidenceOfColumns(columns, spans, scanned.latestEventMs, scanned.reversedEndMs);
  const truncated = loss !== undefined;
  return { header, problems: problems.toArray(), truncated, spans, columns, treeProblems, evidence, scanned };
}

function headerFields({ header }: ScannedTrace, read: ReadBytes, problems: ProblemList): Record<string, unknown> {
  const fields: [string, unknown][] = [];
  for (const [name, field] of header) {
    if (Object.hasOwn(field, "value")) fields.push([name, field.value]);
    else if (knownFields.includes(name)) fields.push([name, longValue(name, field, read, problems)]);
  }
  // Not by assignment, which would not make a field of `__proto__`.
  return Object.fromEntries(fields);
}

function longValue(name: string, field: ScannedField, read: ReadBytes, problems: ProblemList): unknown {
  const lengthBytes = field.endBytes - field.startBytes;
  if (lengthBytes <= longestSpanBytes) return JSON.parse(decoder.decode(read(field))) as unknown;
  problems.add({
    code: "invalid-field",
    severity: "error",
    message: `The field ${name} of the trace has ${groupDigits(lengthBytes)} bytes, which is more than fits into a text; it is not read`,
    offsetBytes: field.startBytes,
  });
  return undefined;
}

function reportLongSpans(
  { spanCount, spanRange, longestSpanBytes: longest }: ScannedTrace,
  problems: ProblemList,
): void {
  if (longest <= longestSpanBytes) return;
  for (let row = 0; row < spanCount; row++) {
    const { startBytes, endBytes } = spanRange(row);
    if (endBytes - startBytes <= longestSpanBytes) continue;
    problems.add({
      code: "invalid-field",
      severity: "warning",
      message: `A span has ${groupDigits(endBytes - startBytes)} bytes, which is more than fits into a text; of its long fields only the beginning and the end are shown`,
      offsetBytes: startBytes,
      spanIndex: row,
    });
  }
}

function earliest({ startMs }: SpanColumns, spanCount: number): number {
  let first = Number.POSITIVE_INFINITY;
  for (let row = 0; row < spanCount; row++) {
    const start = startMs[row] ?? Number.NaN;
    if (start < first) first = start;
  }
  return first;
}
