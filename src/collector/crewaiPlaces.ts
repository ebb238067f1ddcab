// Under which ids the steps of a run are recorded. A span that was recorded stays, so a step that comes to be otherwise
// paired takes the place of what it was before: there are never fewer steps of a family than there were (see
// `src/importers/crewaiSteps.ts`), so none is left over.

import { createHash } from "node:crypto";
import { readCrewEvent } from "../importers/crewaiEvent";
import { sentEvents } from "../importers/crewaiSent";
import type { CrewStep, CrewTree } from "../importers/crewaiSteps";
import { endedFamily, isRun, startedFamily } from "../importers/crewaiTypes";
import type { TraceSpan } from "../trace/schema";

/** Span id for a text: the same in every process, so that what is recorded again is recorded once. */
export function spanIdOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** @param recorded the spans that are there, without the root */
export function placeSteps(
  { steps }: CrewTree,
  recorded: readonly TraceSpan[],
  rootId: string,
): ReadonlyMap<CrewStep, string> {
  const byEvent = new Map<string, TraceSpan>();
  for (const span of recorded) {
    const [first] = sentEvents(span).map(readCrewEvent);
    if (first) byEvent.set(first.id, span);
  }
  const free = new Set(byEvent.values());
  const places = new Map<CrewStep, string>();
  const take = (step: CrewStep, span: TraceSpan | undefined) => {
    if (span === undefined || places.has(step) || !free.delete(span)) return;
    places.set(step, span.spanId);
  };
  for (const step of steps) take(step, byEvent.get(step.first.id));
  // The end was there before its start.
  for (const step of steps) if (step.end) take(step, byEvent.get(step.end.id));
  const left = new Map<string, TraceSpan[]>();
  for (const [id, span] of byEvent) {
    if (!free.has(span)) continue;
    const family = familyOf(sentEvents(span)[0]?.["type"], id);
    left.set(family, [...(left.get(family) ?? []), span]);
  }
  const used = new Set([rootId, ...recorded.map(({ spanId }) => spanId)]);
  for (const step of steps) {
    if (places.has(step)) continue;
    take(step, left.get(familyOf(step.first.type, step.first.id))?.pop());
    if (places.has(step)) continue;
    let spanId = spanIdOf(step.first.id);
    for (let attempt = 1; used.has(spanId); attempt++) spanId = spanIdOf(`${step.first.id} ${attempt}`);
    used.add(spanId);
    places.set(step, spanId);
  }
  return places;
}

/** What a place may be taken over within. An event at one time keeps its own. */
function familyOf(type: unknown, id: string): string {
  const family = typeof type === "string" ? (startedFamily(type) ?? endedFamily(type)) : undefined;
  return family === undefined ? `event ${id}` : isRun(family) ? "run" : family.name;
}
