// Processes that record and recover are killed at random instants, and nothing that they acknowledged is lost. The same
// with ten thousand kills: `npm run bench -- kill`.
import { randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { loadSession } from "../../src/store/loadSession";
import { safeId, traceFileNames } from "../../src/trace/safeId";
import type { TraceSpan } from "../../src/trace/schema";
import { deriveState } from "../../src/trace/state";
import { makeTempDir } from "../support/tempDir";
import { type FoundSession, SessionLedger } from "./killLedger";
import { killMany } from "./killMany";
import { phases, planRuns, type Run } from "./killPlan";
import { noProgress, type Progress } from "./killReport";
import { recordRun } from "./recordRun";

test("300 kills lose nothing, leave nothing that does not open, and no clean end looks like a crash", async () => {
  await using folder = await makeTempDir();
  const seed = Number(process.env["TRACEKEEPER_KILL_SEED"] ?? randomInt(2 ** 31));
  process.stdout.write(`\nTRACEKEEPER_KILL_SEED=${seed}\n`);
  const tally = await killMany({ folder: folder.path, seed, kills: 300 });
  process.stdout.write(`${tally}\n`);
  expect(tally.faults).toEqual([]);
  const { kills, ...found } = tally.total;
  expect(kills).toBeGreaterThanOrEqual(300);
  expect(found).toMatchObject({ lost: 0, invented: 0, unopenable: 0, falseCrashes: 0, otherFaults: 0 });
  expect(found.acknowledged).toBeGreaterThan(1000);
  for (const phase of phases) expect(tally.byPhase[phase].kills, `kills in the phase ${phase}`).toBeGreaterThan(0);
}, 900_000);

describe("what is wrong after a kill is noticed:", () => {
  const [run] = planRuns({ directory: "", seed: 1, firstRun: 1, runs: 1, emphasis: "end" });
  if (!run) throw new Error("There is no run");
  const count = run.bursts.flatMap(({ calls }) => calls).length;
  const done: Progress = { ...noProgress(), attempted: count, acknowledged: count };

  async function recorded(): Promise<FoundSession> {
    await using folder = await makeTempDir();
    await recordRun(folder.path, run as Run, () => {});
    const path = folder.join(traceFileNames.snapshot(safeId((run as Run).id)));
    const loaded = await loadSession(path, () => "gone");
    return { ...loaded, state: deriveState(loaded.evidence, Date.now()) };
  }

  function faultsOf(found: FoundSession | undefined, progress = done): string[] {
    const ledger = new SessionLedger((run as Run).id);
    ledger.add(run as Run, progress);
    return ledger.check(found).map(({ type }) => type);
  }

  function withSpans(found: FoundSession, change: (spans: TraceSpan[]) => void): FoundSession {
    const spans = structuredClone(found.trace.spans);
    change(spans);
    return { ...found, trace: { ...found.trace, spans } };
  }

  test("nothing is", async () => {
    expect(faultsOf(await recorded())).toEqual([]);
  });

  test("an acknowledged span is missing, or a part of one", async () => {
    const found = await recorded();
    expect(faultsOf(withSpans(found, (spans) => spans.pop()))).toContain("lost");
    const part = withSpans(found, (spans) => {
      const last = spans.at(-1);
      if (last) last.output = `${JSON.stringify(last.output)} `;
    });
    expect(faultsOf(part)).toContain("lost");
    expect(faultsOf(undefined)).toEqual(["lost"]);
  });

  test("a span is there twice, or was never recorded", async () => {
    const found = await recorded();
    const [, first] = found.trace.spans;
    if (!first) throw new Error("There is no span");
    expect(faultsOf(withSpans(found, (spans) => spans.push(first)))).toContain("invented");
    const stranger = { ...first, spanId: "x", tool: { callId: "call-1" } };
    expect(faultsOf(withSpans(found, (spans) => spans.push(stranger)))).toContain("invented");
  });

  test("a session that ended cleanly looks as if it had crashed", async () => {
    const found = await recorded();
    expect(faultsOf({ ...found, state: { status: "crashed", reasons: [] } })).toEqual(["falseCrash"]);
  });

  test("a later call has landed and an earlier one has not", async () => {
    const found = await recorded();
    const halfway: Progress = { ...done, acknowledged: 1 };
    expect(faultsOf(found, halfway)).toEqual([]);
    expect(
      faultsOf(
        withSpans(found, (spans) => spans.splice(1, 1)),
        halfway,
      ),
    ).not.toEqual([]);
  });

  test("a session could not be resumed", async () => {
    expect(faultsOf(await recorded(), { ...done, isRefused: true })).toEqual(["refused"]);
  });
});
