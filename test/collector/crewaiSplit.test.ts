// However the events of a run are split and ordered, and however often the collector is started again between the
// requests, the session holds what the events say.
import fc from "fast-check";
import { expect, test } from "vitest";
import { CrewSessions } from "../../src/collector/crewaiSessions";
import { sentEvents } from "../../src/importers/crewaiSent";
import { crewSpan } from "../../src/importers/crewaiSpan";
import { type CrewStep, crewSteps } from "../../src/importers/crewaiSteps";
import { nodeFs } from "../../src/recorder/recorderFs";
import type { TraceSpan } from "../../src/trace/schema";
import { arbitraryRun, readAll, runStartMs, type SentEvent } from "../importers/crewaiEvents";
import { makeTempDir } from "../support/tempDir";
import { failuresOf, stateOf } from "../trace/spanOutline";
import { batchId, readBatch } from "./crewaiSetup";

const sessionsIn = (directory: string) =>
  new CrewSessions({
    directory,
    fs: nodeFs,
    fsync: "never",
    syncMs: 4_000,
    batchBytes: 1e9,
    silentMs: 1e8,
    finaliseMs: 1e8,
    mostOpen: 8,
    // A session that another one took over tells when its folder is gone.
    onProblem: () => {},
    onSession: () => {},
  });

const partsOf = arbitraryRun.chain((run) =>
  fc.record({
    run: fc.constant(run),
    shuffled: fc.shuffledSubarray(run, { minLength: run.length }),
    cuts: fc.array(fc.nat({ max: run.length }), { maxLength: 4 }),
    restarts: fc.boolean(),
  }),
);

test("a run that comes in parts is recorded as one that comes at once", async () => {
  await fc.assert(
    fc.asyncProperty(partsOf, async ({ run, shuffled, cuts, restarts }) => {
      await using folder = await makeTempDir();
      let sessions = sessionsIn(folder.path);
      await sessions.begin({ id: batchId, sent: {}, isEphemeral: true, startMs: runStartMs });
      const places = [0, ...cuts.toSorted((one, other) => one - other), run.length];
      for (const [index, from] of places.slice(0, -1).entries()) {
        // What came before comes again, as from a client that had no answer.
        const part = shuffled.slice(index % 2 === 0 ? from : 0, places[index + 1]);
        if (restarts) sessions = sessionsIn(folder.path);
        await sessions.record(batchId, true, part);
      }
      await sessions.end(batchId, { type: "completed" });
      const { trace, problems } = await readBatch(folder.path);
      expect(problems).toEqual([]);
      expect(named(trace.spans)).toEqual(expected(run));
      const totals = totalsOf(trace.spans);
      // A summary that a reader makes of several journals counts no failures.
      const { totalGenerations, totalToolCalls, totalTokens, failures = totals.failures, openSpans } = trace.summary;
      expect({ totalGenerations, totalToolCalls, totalTokens, failures, openSpans }).toEqual(totals);
    }),
    { numRuns: 60 },
  );
}, 120_000);

function totalsOf(spans: readonly TraceSpan[]) {
  const count = (is: (span: TraceSpan) => boolean) => spans.filter(is).length;
  return {
    totalGenerations: count(({ kind }) => kind === "generation"),
    totalToolCalls: count(({ kind }) => kind === "tool"),
    totalTokens: spans.reduce((sum, { tokens }) => sum + (tokens?.total ?? 0), 0),
    failures: failuresOf(spans, stateOf("completed")).failures.length,
    openSpans: count(({ endTime }) => endTime === undefined),
  };
}

type Compared = Readonly<Record<string, unknown>>;

/** The spans, called by their first events, in the order of these; without what the end of the session says. */
function named(spans: readonly TraceSpan[]): Compared[] {
  const [root] = spans;
  const names = new Map(spans.map((span) => [span.spanId, String(sentEvents(span)[0]?.["event_id"])]));
  if (root) names.set(root.spanId, "root");
  return spans
    .map((span) =>
      comparable(span, names.get(span.spanId), span.parentSpanId === null ? null : names.get(span.parentSpanId)),
    )
    .sort(byId);
}

function expected(run: readonly SentEvent[]): Compared[] {
  const { run: whole, steps } = crewSteps(readAll(run), runStartMs);
  const idOf = (step: CrewStep | undefined) => (step === undefined || step === whole ? "root" : step.first.id);
  const root = whole ? crewSpan(whole, "root", "") : { status: "ok" };
  return [
    comparable(root, "root", null),
    ...steps.map((step) => comparable(crewSpan(step, idOf(step), idOf(step.parent)), idOf(step), idOf(step.parent))),
  ].sort(byId);
}

function comparable(span: object, id: string | undefined, parent: string | null | undefined): Compared {
  const { attributes, kind, name, startTime, endTime, spanId, parentSpanId, events, ...rest } =
    span as Partial<TraceSpan>;
  const { "crewai.batch": _batch, ...said } = attributes ?? {};
  const isRoot = id === "root";
  const json = JSON.stringify({ ...rest, said: Object.entries(said).sort(([a], [b]) => (a < b ? -1 : 1)) });
  return { id, parent, ...(JSON.parse(json) as object), ...(isRoot ? {} : { kind, name, startTime, endTime }) };
}

function byId(one: Compared, other: Compared): number {
  return String(one["id"]) < String(other["id"]) ? -1 : 1;
}
