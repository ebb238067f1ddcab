import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePlaybookRuns, type PlaybookEnd, type PlaybookRuns } from "./playbookRuns";

let runs: PlaybookRuns;

beforeAll(async () => {
  runs = await makePlaybookRuns();
});

afterAll(() => runs[Symbol.asyncDispose]());

/** In the session process: a disk that answers to no request for such a file, and a clock that runs ahead of long waits. */
const hangs = (call: "link" | "rm", file: string) => `
const promises = require("node:fs/promises");
const real = promises.${call};
promises.${call} = (...args) => args.some((arg) => ${file}.test(String(arg))) ? new Promise(() => {}) : real(...args);
const wait = globalThis.setTimeout;
globalThis.setTimeout = (run, ms, ...args) => wait(run, ms >= 5000 ? ms / 10 : ms, ...args);
`;

const playbook = `name: Two steps
steps:
  - { id: one, action: run, with: { command: echo one } }
  - { id: two, action: run, with: { command: echo two } }
`;

function problems({ recorded }: PlaybookEnd): string[] {
  const events = (recorded.root.events ?? []).filter(({ name }) => name === "tracekeeper.run-problem");
  return events.map(({ attributes }) => String(attributes?.["message"]));
}

async function runWith(preload: string): Promise<PlaybookEnd> {
  const path = await runs.folder.dir.write("preload.cjs", preload);
  return await runs.run(playbook, {}, { env: { NODE_OPTIONS: `--require ${path}` } });
}

describe("the session of a playbook on a disk that hangs", () => {
  it("goes on with its steps and ends where no action can be logged, and says so once", async () => {
    const end = await runWith(hangs("link", "/action_\\d+\\.json$/"));
    expect(end.code).toBe(0);
    expect(end.recorded.state.status).toBe("completed");
    expect(end.tree.join("\n")).toMatch(/one ok[\s\S]*two ok/);
    expect(problems(end)).toEqual([
      "actionLog could not take actionFinished: the disk takes nothing; no further action of this run is logged",
    ]);
  });

  it("records its end where a part of the end hangs, and says what was given up", async () => {
    const end = await runWith(hangs("rm", "/owner_\\d+\\.json$/"));
    expect(end.code).toBe(0);
    expect(end.recorded.state.status).toBe("completed");
    expect(problems(end)).toEqual(["the action log could not be closed: given up after 10.0 s"]);
  });
});
