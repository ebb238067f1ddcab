// Which session a span belongs to: the one that its trace is in already; else the conversation that a span of its trace
// names; else the session whose endpoint it came to; else one of its trace alone. A trace is never split: whatever its
// spans say later, they stay together, below their parents.

import type { OtlpOrigin } from "../importers/otlpRequest";

/** Attributes that name a conversation: OpenTelemetry GenAI, OpenInference and OpenTelemetry, AI SDK. */
const conversationNames = ["gen_ai.conversation.id", "session.id", "ai.telemetry.metadata.sessionId"];
/** Longer ones are somebody's text, and no id. */
const longestConversation = 512;

export interface SessionPlace {
  /** The raw id of the session. */
  readonly sessionId: string;
  /** What decided: its conversation, its endpoint, or its trace. */
  readonly by: "conversation" | "endpoint" | "trace";
  /** The conversation or the trace as it was sent. */
  readonly of: string;
}

/** What is told of a span by itself or by an event of it. */
export interface Placeable {
  readonly traceId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly origin: OtlpOrigin;
}

export interface Placed<T extends Placeable = Placeable> {
  readonly place: SessionPlace;
  readonly spans: readonly T[];
}

/**
 * The sessions of a request's spans, in the order of their first spans.
 * @param knownPlace where a trace is already
 * @param endpoint the session whose endpoint the request came to
 */
export function placeSpans<T extends Placeable>(
  spans: readonly T[],
  knownPlace: (traceId: string) => SessionPlace | undefined,
  endpoint: string | undefined,
): readonly Placed<T>[] {
  const places = new Map<string, SessionPlace>();
  for (const span of spans) {
    const { traceId } = span;
    const place = places.get(traceId);
    if (place === undefined) {
      places.set(traceId, knownPlace(traceId) ?? conversationPlace(span) ?? placeOf(traceId, endpoint));
    } else if (place.by !== "conversation" && knownPlace(traceId) === undefined) {
      // Children come before the span that knows the conversation.
      places.set(traceId, conversationPlace(span) ?? place);
    }
  }
  const groups = new Map<string, { place: SessionPlace; spans: T[] }>();
  for (const span of spans) {
    const place = places.get(span.traceId) as SessionPlace;
    const group = groups.get(place.sessionId);
    if (group === undefined) groups.set(place.sessionId, { place, spans: [span] });
    else group.spans.push(span);
  }
  return [...groups.values()];
}

function conversationPlace({ attributes, origin }: Placeable): SessionPlace | undefined {
  const of = conversationIn(attributes) ?? conversationIn(origin.resource);
  return of === undefined ? undefined : { sessionId: collectedId(of), by: "conversation", of };
}

function conversationIn(attributes: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of conversationNames) {
    const value = attributes[name];
    if (typeof value === "string" && value !== "") return value.slice(0, longestConversation);
    if (typeof value === "number") return String(value);
  }
  return undefined;
}

function placeOf(traceId: string, endpoint: string | undefined): SessionPlace {
  if (endpoint !== undefined) return { sessionId: endpoint, by: "endpoint", of: endpoint };
  return { sessionId: collectedId(traceId), by: "trace", of: traceId };
}

/** No program can name a session that something else records in the same directory. */
function collectedId(name: string): string {
  return `otlp-${name}`;
}
