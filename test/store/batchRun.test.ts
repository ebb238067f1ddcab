import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folder, journal, listOnce, memory, setUp, tearDown } from "./listedFolder";
import { largeBytes, makeTrace } from "./support";

beforeEach(setUp);
afterEach(tearDown);

const run = { id: "batch_A", name: "nightly", index: 6, runCount: 40, runId: "run_A_6", attempt: 2 };
const listed = { id: "batch_A", name: "nightly", index: 6, runCount: 40, attempt: 2 };

async function writeSnapshot(id: string, batch: unknown, padding?: number): Promise<void> {
  const trace = makeTrace(id, padding === undefined ? {} : { padding }) as { spans: Record<string, unknown>[] };
  const [root, ...others] = trace.spans;
  const spans = [{ ...root, attributes: { "tracekeeper.batch": batch } }, ...others];
  await folder.write(`d/${id}.json`, JSON.stringify({ ...trace, spans }));
}

const batches = async (): Promise<unknown> =>
  Object.fromEntries((await listOnce({ memory: memory() })).map(({ safeId, batch }) => [safeId, batch]));

describe("the batch of a session", () => {
  it("is told by the root of its snapshot or of its journal, also from what is remembered", async () => {
    await writeSnapshot("small", run);
    await writeSnapshot("large", run, largeBytes);
    const span = { spanId: "r", parentSpanId: null, name: "run", kind: "session" as const, startTime: 1 };
    const begun = { ...span, attributes: { "tracekeeper.batch": run } };
    await folder.write("d/running.1.journal.ndjson", journal([{ t: "begin" as const, span: begun }]));
    const expected = { small: listed, large: listed, running: listed };
    expect(await batches()).toEqual(expected);
    expect(await batches()).toEqual(expected);
  });

  it("is not believed where it can't be", async () => {
    await writeSnapshot("outside", { ...run, index: 40 });
    await writeSnapshot("negative", { ...run, index: -1 });
    await writeSnapshot("text", "batch_A");
    await writeSnapshot("nameless", { ...run, id: "" });
    expect(await batches()).toEqual({ outside: undefined, negative: undefined, text: undefined, nameless: undefined });
  });
});
