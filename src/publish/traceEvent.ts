// An event as a trace batch holds it, and the order and the parts in which events are sent. Shape: crewAI 1.15, `TraceEvent`.

import { crc32Of } from "../recorder/recordBuffer";
import { jsonOf } from "../recorder/safeJson";
import type { EventPart } from "./publishRecord";

export interface TraceEvent {
  readonly event_id: string;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly type: string;
  readonly event_data: Readonly<Record<string, unknown>>;
  /** Counted from 1 in the whole trace. */
  readonly emission_sequence?: number | null | undefined;
  readonly parent_event_id?: string | null | undefined;
  readonly previous_event_id?: string | null | undefined;
  readonly triggered_by_event_id?: string | null | undefined;
}

/** Those without a sequence come last; of equal ones the earlier. */
export function compareTraceEvents(one: TraceEvent, other: TraceEvent): number {
  const first = one.emission_sequence ?? Number.POSITIVE_INFINITY;
  const second = other.emission_sequence ?? Number.POSITIVE_INFINITY;
  if (first !== second) return first - second;
  return one.timestamp < other.timestamp ? -1 : one.timestamp > other.timestamp ? 1 : 0;
}

/** One piece of the events' file, and where it belongs. */
export interface EncodedPart {
  readonly bytes: Uint8Array;
  readonly part: EventPart;
}

/**
 * Events as JSON, one a line, in parts of about so many bytes; crewAI sends all in one request, and so do we where they are
 * not too many for one. Where nothing is yielded others can be served.
 */
export function* encodeParts(events: Iterable<TraceEvent>, partBytes: number): Generator<EncodedPart | undefined> {
  let lines: Buffer[] = [];
  let length = 0;
  let offset = 0;
  const cut = (): EncodedPart => {
    const bytes = Buffer.concat(lines);
    const part = { offset, length, events: lines.length, crc32: crc32Of(bytes) };
    offset += length;
    lines = [];
    length = 0;
    return { bytes, part };
  };
  for (const event of events) {
    // An event that has no JSON must not keep the others from being sent.
    const json = jsonOf(event) ?? "{}";
    const line = Buffer.from(`${json}\n`);
    if (length > 0 && length + line.length > partBytes) yield cut();
    lines.push(line);
    length += line.length;
    if (lines.length % eventsPerPause === 0) yield undefined;
  }
  if (length > 0) yield cut();
}

const eventsPerPause = 64;

/** The lines of a part as the items of a JSON list. Text of JSON holds no line feed, so that each one ends a line. */
export function listItems(lines: Uint8Array): Uint8Array {
  const items = lines.slice(0, -1);
  for (let at = items.indexOf(0x0a); at >= 0; at = items.indexOf(0x0a, at + 1)) items[at] = 0x2c;
  return items;
}
