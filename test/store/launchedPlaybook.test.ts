import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folder, journal, listOnce, memory, setUp, tearDown } from "./listedFolder";
import { largeBytes, makeTrace } from "./support";

beforeEach(setUp);
afterEach(tearDown);

const origin = { type: "playbook", label: "night", path: "/home/ann/night.playbook.yaml" };
const launch = { "tracekeeper.launch": { id: "a", origin, capture: {} } };
const failed = { "tracekeeper.playbook": { name: "Night", failedStep: { id: "build", index: 3 } } };

async function writeSnapshot(id: string, attributes: unknown, padding?: number): Promise<void> {
  const trace = makeTrace(id, padding === undefined ? {} : { padding }) as { spans: Record<string, unknown>[] };
  const [root, ...others] = trace.spans;
  const { spans: _, ...rest } = trace;
  await folder.write(`d/${id}.json`, JSON.stringify({ ...rest, spans: [{ ...root, attributes }, ...others] }));
}

const playbooks = async (): Promise<unknown> =>
  Object.fromEntries((await listOnce({ memory: memory() })).map(({ safeId, playbook }) => [safeId, playbook]));

describe("the playbook of a session", () => {
  it("is told by the root of its snapshot or of its journal, also from what is remembered", async () => {
    await writeSnapshot("small", { ...launch, ...failed });
    await writeSnapshot("large", { ...launch, ...failed }, largeBytes);
    await writeSnapshot("other", { "tracekeeper.launch": { origin: { type: "command", path: "/bin/sh" } } });
    const span = {
      spanId: "r",
      parentSpanId: null,
      name: "night",
      kind: "session" as const,
      startTime: 1,
      attributes: launch,
    };
    const begun = [{ t: "begin" as const, span }];
    await folder.write("d/running.1.journal.ndjson", journal(begun));
    await folder.write(
      "d/ended.1.journal.ndjson",
      journal([...begun, { t: "attributes", id: "r", attributes: failed }]),
    );
    const expected = {
      small: { path: origin.path, failedStep: 3 },
      large: { path: origin.path, failedStep: 3 },
      other: undefined,
      running: { path: origin.path, failedStep: undefined },
      ended: { path: origin.path, failedStep: 3 },
    };
    expect(await playbooks()).toEqual(expected);
    expect(await playbooks()).toEqual(expected);
  });

  it("is not believed where it has another shape", async () => {
    await writeSnapshot("text", { "tracekeeper.launch": "playbook" });
    await writeSnapshot("number", { "tracekeeper.launch": { origin: { type: "playbook", path: 1 } } });
    await writeSnapshot("negative", { ...launch, "tracekeeper.playbook": { failedStep: { index: -1 } } });
    expect(await playbooks()).toEqual({
      text: undefined,
      number: undefined,
      negative: { path: origin.path, failedStep: undefined },
    });
  });
});
