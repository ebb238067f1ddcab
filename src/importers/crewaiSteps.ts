// Events -> steps with their parents. A start and its end are siblings under one parent, and the start's id need not be on
// the end: they are paired by type, parent and what identifies the step. The result depends on the events alone, never on
// their order: adding an event never leaves fewer steps of a family than there were, so that a recorder can keep up.

import { type CrewEvent, compareEvents } from "./crewaiEvent";
import { type CrewFamily, endedFamily, isRun, startedFamily } from "./crewaiTypes";

export interface CrewStep {
  /** Undefined for an event at one time. */
  readonly family: CrewFamily | undefined;
  /** The start; else the event itself. */
  readonly first: CrewEvent;
  /** Of a step that has a start. */
  readonly end: CrewEvent | undefined;
  readonly role: "ended" | "open" | "lone-end" | "event";
  /** Undefined below the root. */
  readonly parent: CrewStep | undefined;
  /** When its first event and its end were, in ms; an event without a time has that of the one before it. */
  readonly startMs: number;
  readonly endMs: number | undefined;
}

export interface CrewTree {
  /** The run that the whole session is, where there is one. */
  readonly run: CrewStep | undefined;
  /** All other steps, in the order of their first events. */
  readonly steps: readonly CrewStep[];
  /** Of the last event; undefined without events that have a time. */
  readonly lastMs: number | undefined;
}

interface Draft extends CrewStep {
  end: CrewEvent | undefined;
  role: CrewStep["role"];
  parent: CrewStep | undefined;
  endMs: number | undefined;
}

/** So many open steps of one kind and parent are looked through for the one that an event ends. */
const mostCandidates = 1_000;

/**
 * @param events each once
 * @param fallbackMs for events before which none has a time
 */
export function crewSteps(events: readonly CrewEvent[], fallbackMs: number): CrewTree {
  const sorted = events.toSorted(compareEvents);
  const times = timesOf(sorted, fallbackMs);
  const starts = new Map(sorted.map((event) => [event.id, event]));
  const endOf = pair(sorted, starts);
  const ends = new Set(endOf.values());
  const drafts: Draft[] = [];
  const ofEvent = new Map<string, Draft>();
  for (const [index, first] of sorted.entries()) {
    if (ends.has(first)) continue;
    const draft = draftOf(first, endOf.get(first), times[index] ?? fallbackMs);
    drafts.push(draft);
    ofEvent.set(first.id, draft);
    if (draft.end) ofEvent.set(draft.end.id, draft);
  }
  for (const [index, event] of sorted.entries()) {
    const draft = ofEvent.get(event.id);
    if (draft?.end === event) draft.endMs = times[index];
  }
  for (const draft of drafts) {
    const parent = ofEvent.get(draft.first.parentId ?? "");
    draft.parent = parent === draft ? undefined : parent;
  }
  cutCircles(drafts);
  // A run of which the start and the end do not agree on that, or that stands in a circle, is a step like others.
  const isAtTop = (event: CrewEvent) => ofEvent.get(event.parentId ?? "") === undefined;
  const top = drafts.filter(
    ({ family, first, end }) => isRun(family) && isAtTop(first) && (end === undefined || isAtTop(end)),
  );
  const run = top.find(({ role }) => role !== "lone-end") ?? top[0];
  const lastMs = sorted.reduce<number | undefined>(
    (last, { timeMs }) => (timeMs === undefined || (last !== undefined && last > timeMs) ? last : timeMs),
    undefined,
  );
  return { run, steps: drafts.filter((draft) => draft !== run), lastMs };
}

function draftOf(first: CrewEvent, end: CrewEvent | undefined, startMs: number): Draft {
  const started = startedFamily(first.type);
  const family = started ?? endedFamily(first.type);
  const role = started ? (end ? "ended" : "open") : family ? "lone-end" : "event";
  const endMs = role === "open" ? undefined : startMs;
  return { family, first, end, role, parent: undefined, startMs, endMs };
}

/** Times in the order of the events, of which some have none. */
function timesOf(sorted: readonly CrewEvent[], fallbackMs: number): readonly number[] {
  let last = sorted.find(({ timeMs }) => timeMs !== undefined)?.timeMs ?? fallbackMs;
  return sorted.map(({ timeMs }) => {
    last = timeMs ?? last;
    return last;
  });
}

/** The end of each start that has one. */
function pair(sorted: readonly CrewEvent[], byId: ReadonlyMap<string, CrewEvent>): ReadonlyMap<CrewEvent, CrewEvent> {
  const endOf = new Map<CrewEvent, CrewEvent>();
  const unpaired = new Set<CrewEvent>();
  for (const event of sorted) {
    const family = endedFamily(event.type);
    if (family === undefined) continue;
    const named = event.data["started_event_id"];
    if (typeof named !== "string" || named === "") {
      unpaired.add(event);
      continue;
    }
    // What an end names is believed or not: it ends no other step, however alike. The start may be lost, or have ended;
    // one of another type is named where crewAI's own stack was out of step.
    const start = byId.get(named);
    if (start && startedFamily(start.type) === family && !endOf.has(start)) endOf.set(start, event);
  }
  const open = new Map<string, CrewEvent[]>();
  for (const event of sorted) {
    const started = startedFamily(event.type);
    const family = started ?? endedFamily(event.type);
    if (family === undefined) continue;
    const place = `${family.name} ${event.parentId ?? ""}`;
    if (started) {
      if (endOf.has(event)) continue;
      const others = open.get(place);
      if (others) others.push(event);
      else open.set(place, [event]);
    } else if (unpaired.has(event)) {
      const candidates = open.get(place) ?? [];
      const at = startOf(event, candidates, family);
      const [start] = at < 0 ? [] : candidates.splice(at, 1);
      if (start) endOf.set(start, event);
    }
  }
  return endOf;
}

/** Index of the start that the event ends: the latest, and of several calls of a tool rather one with the same arguments. */
function startOf(end: CrewEvent, candidates: readonly CrewEvent[], family: CrewFamily): number {
  const first = Math.max(0, candidates.length - mostCandidates);
  let latest = -1;
  let args: string | undefined;
  for (let at = candidates.length - 1; at >= first; at--) {
    const start = candidates[at];
    if (!start || !family.identity.every((name) => mayBeEqual(start.data[name], end.data[name]))) continue;
    if (family.kind !== "tool") return at;
    args ??= JSON.stringify(end.data["tool_args"] ?? null);
    if (JSON.stringify(start.data["tool_args"] ?? null) === args) return at;
    if (latest < 0) latest = at;
  }
  return latest;
}

/** Fields that identify are texts; one that is missing may be anything. */
function mayBeEqual(one: unknown, other: unknown): boolean {
  return one === other || typeof one !== "string" || typeof other !== "string";
}

/** A step of each circle of parents hangs below the root: the first in order, so that arrival does not decide. */
function cutCircles(drafts: readonly Draft[]): void {
  const visits = new Map<CrewStep, number>();
  const order = new Map<CrewStep, number>(drafts.map((draft, index) => [draft, index]));
  for (const [visit, draft] of drafts.entries()) {
    let step: CrewStep | undefined = draft;
    while (step !== undefined && !visits.has(step)) {
      visits.set(step, visit);
      step = step.parent;
    }
    if (step === undefined || visits.get(step) !== visit) continue;
    let least = step;
    for (let next = step.parent; next !== undefined && next !== step; next = next.parent) {
      if ((order.get(next) ?? 0) < (order.get(least) ?? 0)) least = next;
    }
    (least as Draft).parent = undefined;
  }
}
