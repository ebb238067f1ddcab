// Events of which nobody says when they happened. They are known again by what they say, in the same order within a
// request: that a request is sent again is likely, that a program says the same twice is as well, and no more can be told
// apart. What they are known by is kept with them, for a collector that goes on with the session.

import type { OtlpEvent } from "../importers/otlpLogs";
import type { SpanEvent } from "../trace/schema";
import { fingerprintOf } from "./fingerprints";

/** Of an event that names no time: its own is when it came, and the value tells it from others. */
export const untimedAttribute = "tracekeeper.untimed";

/** Those of one request. */
export class UntimedEvents {
  /** How many of each have been seen, by span and content. */
  readonly #counts = new Map<string, number>();

  /** What an event is known by; undefined for one that names its time. To be asked once for each, in their order. */
  markOf({ traceId, spanId, name, timeMs, attributes, origin }: OtlpEvent): string | undefined {
    if (timeMs !== undefined) return undefined;
    const { resource, scopeName, scopeVersion, scopeAttributes } = origin;
    const around = JSON.stringify([traceId, spanId, resource, scopeName, scopeVersion, scopeAttributes]);
    const content = hexOf(around, JSON.stringify([name, attributes]));
    const count = (this.#counts.get(content) ?? 0) + 1;
    this.#counts.set(content, count);
    return count === 1 ? content : hexOf(content, String(count));
  }
}

/** @param mark see `UntimedEvents.markOf` */
export function withMark(event: SpanEvent, mark: string | undefined): SpanEvent {
  return mark === undefined ? event : { ...event, attributes: { ...event.attributes, [untimedAttribute]: mark } };
}

/** What an event that was recorded is known by. @param json its text */
export function identityOf({ attributes }: SpanEvent, json: string): string {
  const mark = attributes?.[untimedAttribute];
  return typeof mark === "string" ? mark : json;
}

function hexOf(first: string, second: string): string {
  const { high, low } = fingerprintOf(first, second);
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}
