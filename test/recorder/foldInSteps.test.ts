// What takes long to fold is folded in steps, between which the program that is recorded has its turn.
import { describe, expect, it } from "vitest";
import { generalFold } from "../../src/recorder/generalFold";
import { type FileCallName, type Io, nodeFs, runAsync, runSync } from "../../src/recorder/recorderFs";
import { recoverOne } from "../../src/recorder/recoverSession";
import type { TraceSpan } from "../../src/trace/schema";
import { makeTempDir } from "../support/tempDir";
import { baseMs, begin, journal, lay, liveMarker, load, rootSpan, snapshot, toolSpan, writerOf } from "./recoveryFiles";

const perIncarnation = 12_000;
const idOf = (index: number) => `step-${index}`;

function steps(from: number): TraceSpan[] {
  return Array.from({ length: perIncarnation }, (_, index) =>
    toolSpan(idOf(from + index), { endTime: baseMs + 5, input: { order: from + index }, output: "x".repeat(60) }),
  );
}

/** An incarnation that is in `S.json`, and one that goes on with it. */
const files = {
  "S.json": snapshot([rootSpan(), ...steps(0)], { incarnation: 1, seq: perIncarnation + 2 }),
  "S.2.journal.ndjson": journal([begin(rootSpan()), ...steps(perIncarnation).map(begin)], {
    incarnation: 2,
    continues: { instance: writerOf(1).instance, incarnation: 1 },
  }),
  "S.live": liveMarker(2),
};

/** Runs the task and counts how often others may have had a turn. */
function pausesOf<T>(task: Io<T>): { readonly pauses: number; readonly result: T } {
  const calls = nodeFs.sync as unknown as Record<FileCallName, (...args: readonly unknown[]) => unknown>;
  let pauses = 0;
  for (let step = task.next(); ; ) {
    if (step.done) return { pauses, result: step.value };
    if (step.value === undefined) {
      pauses++;
      step = task.next();
      continue;
    }
    const [name, ...args] = step.value;
    let made: unknown;
    try {
      made = calls[name](...args);
    } catch (error) {
      step = task.throw(error);
      continue;
    }
    step = task.next(made);
  }
}

/** Pieces of 256 KB that are read, and passes over some thousand spans each: snapshot, ids, records, totals, evidence. */
const leastPauses = files["S.2.journal.ndjson"].length / 262_144 + 6 * (perIncarnation / 4_096);

describe("a session of several incarnations", () => {
  it("is folded with a pause for some thousand spans in each thing that is done with them", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, files);
    const source = {
      journalPath: `${folder.path}/S.2.journal.ndjson`,
      lengthBytes: files["S.2.journal.ndjson"].length,
      safeId: "S",
      writer: { ...writerOf(2), incarnation: 2, seq: perIncarnation + 1, offsetBytes: 0 },
      durability: {},
      endedAt: undefined,
      summary: { status: "running" },
    } as const;
    const written: Uint8Array[] = [];
    // biome-ignore lint/correctness/useYield: it makes no call.
    const folded = generalFold(source, function* (bytes) {
      written.push(bytes);
    });
    const { pauses, result } = pausesOf(folded);
    expect(result).toBe(true);
    expect(pauses).toBeGreaterThan(leastPauses);
    const { spans } = JSON.parse(Buffer.concat(written).toString()) as { spans: TraceSpan[] };
    expect(spans).toHaveLength(2 * perIncarnation + 1);
    expect(spans.at(-1)?.spanId).toBe(idOf(2 * perIncarnation - 1));
  });

  it("is recovered so as well", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, files);
    const context = { directory: folder.path, instance: "me", foldUnknown: false, probe: () => "gone" as const };
    const { pauses, result } = pausesOf(recoverOne(context, "S"));
    expect(result.action).toBe("folded");
    expect(pauses).toBeGreaterThan(leastPauses);
    expect((await load(folder.path)).trace.spans).toHaveLength(2 * perIncarnation + 1);
  });
});

describe("a task that pauses", () => {
  function* pausing(isOver: () => boolean): Io<number> {
    let pauses = 0;
    for (; !isOver() && pauses < 10_000_000; pauses++) yield;
    return pauses;
  }

  it("lets others have their turn, but where nobody else can have one", async () => {
    let isOver = false;
    setImmediate(() => {
      isOver = true;
    });
    expect(
      await runAsync(
        nodeFs,
        pausing(() => isOver),
      ),
    ).toBeLessThan(10_000_000);
    expect(
      runSync(
        nodeFs,
        pausing(() => false),
      ),
    ).toBe(10_000_000);
  });
});
