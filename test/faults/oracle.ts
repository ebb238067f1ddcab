// What must be found again, kept as a plain array of steps beside the recorder. A step that was acknowledged must be in
// the trace; one that was only attempted may be; what nobody attempted must not be.
//
//   const steps: Step[] = []; ... recorder.text("a", "x"); steps.push({ spanId: "a", text: "x" }); ...
//   expectAll(steps.slice(0, acknowledged), loadFrom(disk.processKill(), "/traces", "S"), steps);

import { expect } from "vitest";
import { beginLost } from "../../src/trace/recordFields";
import { rootEventPrefix } from "../../src/trace/recordFold";
import type { LoadedSession } from "../../src/trace/sessionFiles";

type Fields = Readonly<Record<string, unknown>>;

/** One thing that was recorded. Values may be matchers, such as `expect.any(Number)`. */
export type Step =
  /** Fields that the span has from here on; null or undefined: it has none of that name. */
  | { readonly spanId: string; readonly fields: Fields }
  /** Attributes that it has from here on, beside others. */
  | { readonly spanId: string; readonly attributes: Fields }
  /** Appended to its output. */
  | { readonly spanId: string; readonly text: string }
  | { readonly spanId: string; readonly event: Fields }
  | { readonly spanId: string; readonly link: Fields }
  /** Fields that the trace's metadata has from here on. */
  | { readonly metadata: Fields };

/** The values that one thing may have: the acknowledged one, then those that later steps give it. */
type Candidates = unknown[];

/**
 * Fails unless everything acknowledged is there, once and in order. Things that steps do not name are not compared, a
 * status that none has named yet is `ok`, and what is first named by a step that was not acknowledged is that or missing.
 * The recorder's own root span and its events (`tracekeeper.*`) may be there beside them.
 * @param attempted all steps that were begun, those acknowledged first; where left out, nothing else was
 */
export function expectAll(
  acknowledged: readonly Step[],
  loaded: Pick<LoadedSession, "trace">,
  attempted: readonly Step[] = acknowledged,
): void {
  expect(differences(acknowledged, loaded, attempted)).toEqual([]);
}

export interface DifferenceOptions {
  /** Of what was not acknowledged any part may be missing, and not only the end: a power cut takes pages as it likes. */
  readonly mayHaveGaps?: boolean | undefined;
}

/** What is missing, wrong or invented, in words; 20 at most. */
export function differences(
  acknowledged: readonly Step[],
  { trace }: Pick<LoadedSession, "trace">,
  attempted: readonly Step[] = acknowledged,
  { mayHaveGaps = false }: DifferenceOptions = {},
): string[] {
  if (acknowledged.some((step, index) => step !== attempted[index])) {
    throw new Error("The acknowledged steps are not the first of those attempted");
  }
  const found: string[] = [];
  const say = (text: string) => {
    if (found.length < 20) found.push(text);
  };
  const spans = new Map<string, Fields>();
  for (const span of trace.spans) {
    if (spans.has(span.spanId)) say(`${span.spanId} is there twice`);
    spans.set(span.spanId, span);
  }
  const { bySpan, metadata } = candidatesOf(acknowledged.length, attempted, mayHaveGaps);
  for (const { spanId, kind, parentSpanId } of trace.spans) {
    const isRoot = kind === "session" && parentSpanId === null;
    if (!isRoot && !bySpan.has(spanId)) say(`${spanId} is there and was never recorded`);
  }
  const required = new Set(acknowledged.map((step) => ("spanId" in step ? step.spanId : undefined)));
  for (const [spanId, things] of bySpan) {
    const span = spans.get(spanId);
    if (span === undefined) {
      if (required.has(spanId)) say(`${spanId} is missing`);
      continue;
    }
    for (const [thing, candidates] of things) {
      const actual = actualOf(span, thing);
      if (mayHaveGaps && candidates.includes(undefined) && placeholders[thing]?.includes(actual)) continue;
      if (!candidates.some((candidate) => isSame(thing, actual, candidate))) {
        say(`${spanId} ${thing}: ${show(actual)} instead of ${candidates.map(show).join(" or ")}`);
      }
    }
  }
  for (const [name, candidates] of metadata) {
    const actual = (trace.metadata as Fields)[name];
    if (!candidates.some((candidate) => isSame(name, actual, candidate))) {
      say(`metadata ${name}: ${show(actual)} instead of ${candidates.map(show).join(" or ")}`);
    }
  }
  return found;
}

function candidatesOf(acknowledgedCount: number, attempted: readonly Step[], mayHaveGaps: boolean) {
  const bySpan = new Map<string, Map<string, Candidates>>();
  const metadata = new Map<string, Candidates>();
  for (const [index, step] of attempted.entries()) {
    const isAcknowledged = index < acknowledgedCount;
    const put = (things: Map<string, Candidates>, thing: string, next: (last: unknown) => unknown) => {
      const candidates = things.get(thing) ?? [thing === "status" ? "ok" : undefined];
      things.set(thing, candidates);
      const isLoose = mayHaveGaps && !isAcknowledged;
      const values = isLoose ? new Set(candidates.map((last) => next(last))) : [next(candidates.at(-1))];
      if (isAcknowledged) candidates.length = 0;
      candidates.push(...values);
    };
    if ("metadata" in step) {
      for (const [name, value] of Object.entries(step.metadata)) put(metadata, name, () => value ?? undefined);
      continue;
    }
    const things = bySpan.get(step.spanId) ?? new Map<string, Candidates>();
    bySpan.set(step.spanId, things);
    if ("fields" in step) {
      for (const [name, value] of Object.entries(step.fields)) put(things, name, () => value ?? undefined);
    } else if ("attributes" in step) {
      for (const [name, value] of Object.entries(step.attributes)) {
        put(things, `${attributePrefix}${name}`, () => value ?? undefined);
      }
    } else if ("text" in step) {
      put(things, "output", (last) => (typeof last === "string" ? last : "") + step.text);
    } else if ("event" in step) {
      put(things, "events", (last) => [...listOf(last), step.event]);
    } else {
      put(things, "links", (last) => [...listOf(last), step.link]);
    }
  }
  return { bySpan, metadata };
}

const attributePrefix = "attribute ";
/** What a reader puts in place of what was lost of a span. */
const placeholders: Readonly<Record<string, readonly unknown[]>> = {
  name: [beginLost, "(no name)"],
  kind: ["span"],
  parentSpanId: [null],
};

function actualOf(span: Fields, thing: string): unknown {
  if (thing.startsWith(attributePrefix)) {
    return (span["attributes"] as Fields | undefined)?.[thing.slice(attributePrefix.length)];
  }
  // A time that nobody knows any more.
  if (thing === "startTime" && Number.isNaN(span[thing])) return undefined;
  if (thing !== "events") return span[thing];
  return listOf(span["events"]).filter((event) => !String(event["name"]).startsWith(rootEventPrefix));
}

/** Of events and links only what the step names is compared. */
function isSame(thing: string, actual: unknown, expected: unknown): boolean {
  if (thing !== "events" && thing !== "links") return isEqual(actual, expected);
  const actuals = listOf(actual);
  const list = listOf(expected);
  return (
    actuals.length === list.length &&
    list.every((wanted, index) =>
      Object.entries(wanted).every(([name, value]) => isEqual(actuals[index]?.[name], value)),
    )
  );
}

function isEqual(actual: unknown, expected: unknown): boolean {
  if (expected === null || typeof expected !== "object") return Object.is(actual, expected);
  try {
    expect(actual).toEqual(expected);
    return true;
  } catch {
    return false;
  }
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value : [];
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 60)}…${text.slice(-50)} (${text.length} characters)` : text;
}
