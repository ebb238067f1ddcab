// An event of a trace batch as crewAI sends it, with what pairing and ordering need taken out. The event itself is kept
// whole. Shapes: crewAI 1.15, `TraceEvent` and the events that are serialised into its `event_data`.

import { createHash } from "node:crypto";
import type { Fields } from "./otlpFields";

export interface CrewEvent {
  readonly id: string;
  readonly type: string;
  /** Counted from 1 in each context; several contexts may use the same one. */
  readonly sequence: number | undefined;
  /** Milliseconds since the epoch. */
  readonly timeMs: number | undefined;
  readonly parentId: string | undefined;
  /** `event_data`; empty where that is missing or no object. */
  readonly data: Fields;
  readonly sent: Fields;
}

const longestId = 200;

/** Undefined for what is no object. */
export function readCrewEvent(sent: unknown): CrewEvent | undefined {
  if (!isFields(sent)) return undefined;
  const { event_id: id, type, timestamp, emission_sequence: sequence, parent_event_id: parent } = sent;
  const data = sent["event_data"];
  return {
    id: isId(id) ? id : `sha256-${createHash("sha256").update(canonicalJson(sent)).digest("hex")}`,
    type: typeof type === "string" && type !== "" ? type : "unknown",
    sequence: typeof sequence === "number" && Number.isFinite(sequence) ? sequence : undefined,
    timeMs: readTime(timestamp),
    parentId: isId(parent) ? parent : undefined,
    data: isFields(data) ? data : {},
    sent,
  };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= longestId;
}

/** The order in which crewAI sends them; where two are equal in that, their ids decide, so that arrival never does. */
export function compareEvents(one: CrewEvent, other: CrewEvent): number {
  return (
    missingLast(one.sequence, other.sequence) ||
    missingLast(one.timeMs, other.timeMs) ||
    (one.id < other.id ? -1 : one.id > other.id ? 1 : 0)
  );
}

function missingLast(one: number | undefined, other: number | undefined): number {
  if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined);
  return one - other;
}

const isoTime = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;

/** Milliseconds to the microsecond; a time without a zone is UTC, which crewAI's clock is. */
export function readTime(value: unknown): number | undefined {
  const parts = typeof value === "string" ? isoTime.exec(value) : null;
  if (parts?.[1] === undefined) return undefined;
  const zone = parts[3]?.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2") ?? "Z";
  const seconds = Date.parse(`${parts[1].replace(" ", "T")}${zone}`);
  if (Number.isNaN(seconds)) return undefined;
  return seconds + Number((parts[2] ?? "").slice(0, 6).padEnd(6, "0")) / 1000;
}

/** The same text for the same value, whatever the order of its fields. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    isFields(part) ? Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)) : part,
  );
}
