// What guardrails said while a session ran: events of its spans. They are shown in place of what would be found now.

import { oneLine } from "../plainText";
import { kindCodes, type SpanColumns } from "../spanColumns";
import type { SpanSource } from "../spanSource";
import { asFields } from "../toolCall";
import {
  type GuardrailFinding,
  type GuardrailLevel,
  type GuardrailPattern,
  guardrailLevels,
  guardrailPatterns,
} from "./guardrail";

export const guardrailEvent = "tracekeeper.guardrail";
/** Of the root of a session that runs one program: guardrails have said something of a span. */
export const toldAttribute = "tracekeeper.guardrailsTold";
const launchAttribute = "tracekeeper.launch";
const session = kindCodes.indexOf("session");
const longestMessage = 500;

export type RecordedFinding = Pick<GuardrailFinding, "level" | "pattern" | "message">;

/** @throws TraceReplacedError */
export function recordedFindings(spans: SpanSource, row: number): RecordedFinding[] {
  const events = spans.fieldAt(row, "events");
  if (!Array.isArray(events)) return [];
  return events.flatMap((event: unknown) => {
    const fields = asFields(event);
    const finding = fields?.["name"] === guardrailEvent ? findingOf(asFields(fields["attributes"]) ?? {}) : undefined;
    return finding === undefined ? [] : [finding];
  });
}

function findingOf({ level, pattern, message }: Readonly<Record<string, unknown>>): RecordedFinding | undefined {
  if (!guardrailLevels.includes(level as GuardrailLevel)) return undefined;
  if (!guardrailPatterns.includes(pattern as GuardrailPattern)) return undefined;
  const words = typeof message === "string" ? oneLine(message, longestMessage) : "";
  return { level: level as GuardrailLevel, pattern: pattern as GuardrailPattern, message: words };
}

/**
 * Which rows may tell of findings, without reading them: of a file it is known which spans have events at all, and in
 * journals only sessions of ours are looked at that ran a playbook, or say that something was told.
 */
export function mayTellOfFindings(spans: SpanSource, columns: SpanColumns): (row: number) => boolean {
  const { file, records } = spans;
  if (records === undefined && file === undefined) return () => true;
  if (records !== undefined && !tellsOfFindings(spans, columns)) return () => false;
  if (file === undefined) return () => true;
  return (row) => file.isMended(row) || file.fieldRanges(row).some(({ field }) => field === "events");
}

function tellsOfFindings(spans: SpanSource, { kind, parent }: SpanColumns): boolean {
  if (spans.count === 0 || kind[0] !== session || parent[0] !== -1) return false;
  const attributes = asFields(spans.fieldAt(0, "attributes"));
  if (attributes?.[toldAttribute] === true) return true;
  const launch = asFields(attributes?.[launchAttribute]);
  return asFields(launch?.["origin"])?.["type"] === "playbook";
}
