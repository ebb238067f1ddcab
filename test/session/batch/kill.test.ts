// The process that runs a batch is killed with SIGKILL at its own calls and in the middle of its items, and started again. No
// item is lost, none that has finished runs twice, no attempt begins twice, and attempts are counted as they were made.
// KILL_POINTS=all kills it at every call.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LaunchPlace } from "../../../src/session/batch/launchPlace";
import { readClaim } from "../../../src/session/launch";
import { until } from "../runs";
import { type EngineCase, type EngineKill, KilledEngines } from "./killedEngines";

let engines: KilledEngines;

beforeAll(async () => {
  engines = await KilledEngines.make();
}, 300_000);
afterAll(() => engines[Symbol.asyncDispose]());

/** The second item fails at its first attempt, the third at both; the last one has no task that is known. */
const sample: EngineCase = {
  command: `read item || true
echo "$TRACEKEEPER_BATCH_INDEX:$TRACEKEEPER_BATCH_ATTEMPT $item" >> begun
case $TRACEKEEPER_BATCH_INDEX:$TRACEKEEPER_BATCH_ATTEMPT in 1:1|2:*) exit 3;; esac
echo "$TRACEKEEPER_BATCH_INDEX" >> done`,
  runCount: 5,
  maxAttempts: 2,
  unknown: [4],
};

const undisturbed = {
  status: "COMPLETED",
  runs: [
    { state: "succeeded", attempts: ["succeeded"] },
    { state: "succeeded", attempts: ["failed", "succeeded"] },
    { state: "failed", attempts: ["failed", "failed"], error: "exit 3" },
    { state: "succeeded", attempts: ["succeeded"] },
    { state: "prefailed", attempts: ["failed"], error: expect.stringContaining('There is no task "no such task"') },
  ],
};

/** @returns calls of the process that came to the end */
async function expectSame(kills: readonly EngineKill[]): Promise<number> {
  const { report, lines, calls, left, kills: made } = await engines.run(sample, kills);
  expect(report).toMatchObject(undisturbed);
  expect([...(await lines("begun"))].sort()).toEqual([
    '0:1 {"index":0}',
    '1:1 {"index":1}',
    '1:2 {"index":1}',
    '2:1 {"index":2}',
    '2:2 {"index":2}',
    '3:1 {"index":3}',
  ]);
  expect([...(await lines("done"))].sort()).toEqual(["0", "1", "3"]);
  // Nothing that was only needed on the way, and nobody's claim to the batch.
  expect(left.filter((name) => /[/\\]|\.owner$|\.tmp/.test(name))).toEqual([]);
  expect(made, JSON.stringify({ kills, calls })).toBe(kills.length);
  return calls;
}

const points = process.env["KILL_POINTS"];
const whens = ["before", "half", "after"] as const;

describe("a batch whose engine is killed", () => {
  it(
    "loses nothing and repeats nothing at any of its calls",
    async () => {
      const calls = await expectSame([]);
      expect(calls).toBeGreaterThan(50);
      const all = Array.from({ length: calls }, (_, index) => index + 1);
      // Spread over the whole life of a batch, at another place of the call each time.
      const some = all.filter((number) => number % Math.ceil(calls / 12) === 1);
      for (const [index, number] of (points === "all" ? all : some).entries()) {
        for (const when of points === "all" ? whens : [whens[index % 3] ?? "before"]) {
          await expectSame([{ number, when }]);
        }
      }
    },
    points === "all" ? 7_200_000 : undefined,
  );

  it("loses nothing and repeats nothing when it is killed again and again", async () => {
    await expectSame([
      { number: 20, when: "after" },
      { number: 7, when: "half" },
      { number: 12, when: "before" },
      { number: 9, when: "after" },
    ]);
  });

  it("waits for items that went on without it, whose ends nobody saw", async () => {
    const asked: EngineCase = {
      command: `echo $TRACEKEEPER_BATCH_INDEX >> begun; until test -e go; do sleep 0.02; done; echo $TRACEKEEPER_BATCH_INDEX >> done; exit $TRACEKEEPER_BATCH_INDEX`,
      runCount: 2,
      maxAttempts: 1,
      unknown: [],
    };
    const place = await engines.place();
    const first = engines.start(place, asked);
    await until(async () => (await place.lines("begun")).length === 2 || undefined, "both are under way");
    first.child.kill("SIGKILL");
    await first.ended;
    await engines.folder.dir.write(`${place.folder.slice(engines.folder.dir.path.length + 1)}/work/go`, "");
    await until(async () => (await place.lines("done")).length === 2 || undefined, "both have ended");
    const second = await engines.start(place, asked).ended;
    expect(JSON.parse(second.stdout)).toMatchObject({
      status: "COMPLETED",
      runs: [
        { state: "succeeded", attempts: ["succeeded"] },
        { state: "failed", attempts: ["failed"], error: "exit 1" },
      ],
    });
    expect([...(await place.lines("begun"))].sort()).toEqual(["0", "1"]);
  });
});

describe("an item whose session is killed", () => {
  it("has crashed at that attempt, which is counted, and gets another one", async () => {
    const asked: EngineCase = {
      command: `echo $$ $TRACEKEEPER_RUN_ID $TRACEKEEPER_BATCH_ATTEMPT >> begun; test $TRACEKEEPER_BATCH_ATTEMPT = 2 || exec sleep 1000`,
      runCount: 1,
      maxAttempts: 2,
      unknown: [],
    };
    const place = await engines.place();
    const { ended } = engines.start(place, asked);
    const [line = ""] = await until(async () => {
      const lines = await place.lines("begun");
      return lines.length === 1 ? lines : undefined;
    }, "it is under way");
    const [, runId = ""] = line.split(" ");
    const claim = await readClaim(new LaunchPlace(place.directory, runId).launchPath);
    process.kill(claim?.pid ?? Number.NaN, "SIGKILL");
    const { stdout } = await ended;
    expect(JSON.parse(stdout)).toMatchObject({
      status: "COMPLETED",
      runs: [{ state: "succeeded", attempts: ["crashed", "succeeded"] }],
    });
    expect((await place.lines("begun")).map((each) => each.split(" ").at(-1))).toEqual(["1", "2"]);
  });

  it("has crashed also where the engine is killed with it", async () => {
    const asked: EngineCase = {
      command: `echo $TRACEKEEPER_RUN_ID $TRACEKEEPER_BATCH_ATTEMPT >> begun; test $TRACEKEEPER_BATCH_ATTEMPT = 2 || exec sleep 1000`,
      runCount: 1,
      maxAttempts: 2,
      unknown: [],
    };
    const place = await engines.place();
    const first = engines.start(place, asked);
    const [line = ""] = await until(async () => {
      const lines = await place.lines("begun");
      return lines.length === 1 ? lines : undefined;
    }, "it is under way");
    const claim = await readClaim(new LaunchPlace(place.directory, line.split(" ")[0] ?? "").launchPath);
    first.child.kill("SIGKILL");
    process.kill(claim?.pid ?? Number.NaN, "SIGKILL");
    await first.ended;
    const second = await engines.start(place, asked).ended;
    expect(JSON.parse(second.stdout)).toMatchObject({ runs: [{ attempts: ["crashed", "succeeded"] }] });
    expect(await place.lines("begun")).toHaveLength(2);
  });
});
