// Where the fields of an event stand in its span. Most are attributes under their own names; one may be the input and one
// the output; null, what the envelope says too, and what the end repeats of its start are listed by name. An attribute of
// the event says all of that, so that the event can be told from the span again: see `crewaiSent.ts`.

import type { CrewEvent } from "./crewaiEvent";
import { type Fields, setOwn } from "./otlpFields";

/** Attributes that hold an `EventRecord`: of a start, of an end, and of an event at one time. */
export const recordAttributes = { start: "crewai.start", end: "crewai.end", event: "crewai.event" } as const;

export interface EventRecord {
  /** The event without its `event_data`. */
  readonly envelope: Fields;
  /** `event_data` where it is no object. */
  readonly raw?: unknown;
  /** True where the event has no `event_data`. */
  readonly isBare?: true;
  /** Fields that are the span's input and output. */
  readonly input?: string;
  readonly output?: string;
  /** Fields that are null. */
  readonly nulls?: readonly string[];
  /** Fields that say the same as the envelope, and as the start. */
  readonly repeats?: readonly string[];
  readonly sameAsStart?: readonly string[];
  /** Of an end after a start: fields that are attributes. Of any other event all those are that no other list names. */
  readonly fields?: readonly string[];
  /** Fields that can't be attributes of their own, because there is one of that name. */
  readonly data?: Fields;
}

export interface Moved {
  readonly input?: string | undefined;
  readonly output?: string | undefined;
}

/**
 * Adds the fields of an event to `attributes`.
 * @param start where the event is an end that has one
 */
export function recordEvent(
  event: CrewEvent,
  attributes: Record<string, unknown>,
  moved: Moved,
  start?: CrewEvent,
): EventRecord {
  const { event_data: eventData, ...envelope } = event.sent;
  if (eventData !== event.data) {
    return Object.hasOwn(event.sent, "event_data") ? { envelope, raw: eventData } : { envelope, isBare: true };
  }
  const lists = { nulls: [] as string[], repeats: [] as string[], sameAsStart: [] as string[], fields: [] as string[] };
  const data: Record<string, unknown> = {};
  // By name, so that an event that was told from its span again makes the same one.
  for (const [name, value] of Object.entries(event.data).sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (name === moved.input || name === moved.output) continue;
    if (value === null) lists.nulls.push(name);
    else if (start && isSame(start.data, name, value)) lists.sameAsStart.push(name);
    else if (isSame(envelope, name, value)) lists.repeats.push(name);
    else if (isReserved(name) || Object.hasOwn(attributes, name)) setOwn(data, name, value);
    else {
      attributes[name] = value;
      lists.fields.push(name);
    }
  }
  if (!start) lists.fields = [];
  return {
    envelope,
    ...(moved.input === undefined ? {} : { input: moved.input }),
    ...(moved.output === undefined ? {} : { output: moved.output }),
    ...Object.fromEntries(Object.entries(lists).filter(([, names]) => names.length > 0)),
    ...(Object.keys(data).length === 0 ? {} : { data }),
  };
}

/** Names that attributes of ours may have. */
export function isReserved(name: string): boolean {
  return name === "__proto__" || name.startsWith("crewai.") || name.startsWith("tracekeeper.");
}

function isSame(fields: Fields, name: string, value: unknown): boolean {
  if (!Object.hasOwn(fields, name)) return false;
  const other = fields[name];
  if (typeof value !== "object" || typeof other !== "object") return value === other;
  return JSON.stringify(value) === JSON.stringify(other);
}
