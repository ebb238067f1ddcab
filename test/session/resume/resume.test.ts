import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeResumableRuns, type ResumableRuns } from "./resumableRuns";

let sample: ResumableRuns;

beforeEach(async () => {
  sample = await makeResumableRuns();
});

afterEach(() => sample[Symbol.asyncDispose]());

describe("a run that was cut off", () => {
  it("goes on where its process was killed: what finished is taken from its trace and not run again", async () => {
    const inner = `name: Inner
steps:
  - { id: one, action: run, with: { command: "echo one >> done" } }
  - { id: two, action: run, with: { command: "echo two >> done; test -e go || exec sleep 1000" } }
`;
    await sample.write(inner, "inner");
    const path = await sample.write(`name: Sample
params: { who: { default: world } }
steps:
  - { id: first, action: run, with: { command: "echo first >> done; echo hello {who}" } }
  - { id: inner, action: playbook, with: { path: inner.playbook.yaml } }
  - { id: last, action: run, with: { command: "echo last >> done; echo 'got {steps.first.output}'" } }
`);
    const run = await sample.start(path, { params: { who: "you" } });
    await sample.killAfter(run, "two");
    await sample.runs.folder.dir.write("work/go", "");
    const { code, tree, span, recorded } = await sample.resume(run);
    expect(code).toBe(0);
    expect(await sample.done()).toEqual(["first", "one", "two", "two", "last"]);
    expect(tree).toEqual([
      "sample ok",
      "  first ok",
      "  inner ok",
      "    playbook inner.playbook.yaml ok",
      "      one ok",
      "      two ok",
      "        run ok",
      "  last ok",
      "    run ok",
    ]);
    expect(recorded.output("stdout")).toBe("got hello you\n");
    const old = await sample.runs.folder.recorded(run.launch);
    const first = old.trace.spans.find(({ name }) => name === "first");
    expect(span("first").attributes).toMatchObject({
      "tracekeeper.step": { id: "first", replayed: true },
      "tracekeeper.replayed": {
        sessionId: run.launch.sessionId,
        traceId: old.trace.traceId,
        spanId: first?.spanId,
        startMs: expect.closeTo(first?.startTime ?? 0, -2),
        endMs: expect.closeTo(first?.endTime ?? 0, -2),
      },
    });
    expect(recorded.root.attributes?.["tracekeeper.resumed"]).toMatchObject({ sessionId: run.launch.sessionId });
    expect(recorded.root.links).toEqual([
      {
        spanId: old.root.spanId,
        traceId: old.trace.traceId,
        attributes: { relation: "resumes", "session.id": run.launch.sessionId },
      },
    ]);
  });
});
