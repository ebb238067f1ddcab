import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bestPlace, findPlaces } from "../../../src/trace/places";
import { spanError } from "../../../src/trace/spanError";
import { startOpenAiServer } from "../../support/openAiServer";
import { failuresOf } from "../../trace/spanOutline";
import { makePlaybookRuns, type PlaybookEnd, type PlaybookRuns } from "./playbookRuns";

let runs: PlaybookRuns;

beforeAll(async () => {
  runs = await makePlaybookRuns();
});

afterAll(() => runs[Symbol.asyncDispose]());

/** What the panel opens at, what it says there, and where "Go to Source" leads. */
function failingStep({ recorded }: PlaybookEnd) {
  const { spans } = recorded.trace;
  const { failingStep: found } = failuresOf(spans, recorded.state);
  const span = spans[found?.row ?? -1];
  if (span === undefined) throw new Error("No step failed");
  const place = bestPlace(findPlaces(span));
  const file = place?.path.split("/").at(-1);
  return { name: span.name, error: spanError(span)?.message, source: `${file}:${place?.line}` };
}

/** Each with what is above it. */
function failuresIn({ recorded }: PlaybookEnd) {
  const { spans } = recorded.trace;
  const { failures, recovered } = failuresOf(spans, recorded.state);
  const nameOf = (row: number) => {
    const above = spans.find(({ spanId }) => spanId === spans[row]?.parentSpanId);
    return `${above?.name}/${spans[row]?.name}`;
  };
  return { failures: [...failures].map(nameOf), recovered: [...recovered].map(nameOf) };
}

const failing = (step: string) => `name: Failing\nsteps:\n  - id: step\n    name: The step\n    action: run\n${step}`;

describe("the failing step of a playbook", () => {
  it("is the action, says the failure message of its step, and leads to the line of the step", async () => {
    const end = await runs.run(
      failing(`    with: { command: "echo 'src/x.ts:3:4 - error'; exit 3" }\n    failure_message: It is broken\n`),
    );
    expect(failingStep(end)).toEqual({ name: "run", error: "It is broken", source: "sample.playbook.yaml:3" });
    expect(end.recorded.trace.summary).toMatchObject({ failures: 1 });
  });

  it("is the step itself where its action did well and what was expected did not hold", async () => {
    const end = await runs.run(failing(`    with: { command: "true" }\n    expect: { output_matches: x }\n`));
    expect(failingStep(end)).toEqual({
      name: "The step",
      error: "the output does not match x",
      source: "sample.playbook.yaml:3",
    });
    expect(end.recorded.trace.summary).toMatchObject({ failures: 1 });
  });

  it("is of several attempts the last one, whether its action failed or what was expected", async () => {
    const line = "n=$(cat n.txt 2>/dev/null || echo 0); echo $((n+1)) > n.txt; test $n -ge 1";
    const end = await runs.run(
      failing(
        `    with: { command: "${line}" }\n    retries: { times: 1, backoff: 1ms }\n    expect: { output_matches: x }\n    failure_message: It is broken\n`,
      ),
    );
    expect(failingStep(end)).toEqual({ name: "attempt 2", error: "It is broken", source: "sample.playbook.yaml:3" });
  });

  it("is none where another attempt did well, whether the action failed before or what was expected", async () => {
    const step = (command: string) =>
      failing(
        `    with: { command: "echo . >> tries.txt; ${command}" }\n    retries: { times: 1, backoff: 1ms }\n    expect: { output_matches: "^2" }\n`,
      );
    for (const command of ["n=$(wc -l < tries.txt); echo $n; test $n -ge 2", "wc -l < tries.txt | tr -d ' '"]) {
      await runs.folder.remove("work/tries.txt");
      const end = await runs.run(step(command));
      expect(end.code).toBe(0);
      expect(() => failingStep(end)).toThrow("No step failed");
    }
  });

  it("passes over what a corrected attempt made good, and keeps what failed in a step that failed, where a later one fails", async () => {
    const server = await startOpenAiServer("sk-key-123");
    try {
      server.answers = [{ content: JSON.stringify({ with: { command: "echo corrected" } }) }];
      const yaml = `name: Failing
steps:
  - id: corrected
    action: run
    with: { command: "exit 3" }
    recover: { action: model, with: { base_url: "${server.url}", model: small, key_env: MODEL_KEY } }
  - { id: first, action: run, with: { command: "test -e again.txt" }, on_failure: continue }
  - { id: mend, action: run, with: { command: "touch again.txt" } }
  - { id: second, action: run, with: { command: "test -e again.txt" } }
  - { id: last, action: run, with: { command: "exit 9" } }
`;
      const end = await runs.run(yaml, {}, { env: { MODEL_KEY: "sk-key-123" } });
      expect(failingStep(end)).toMatchObject({ name: "run", error: "exit code 9" });
      expect(failuresIn(end)).toEqual({ failures: ["first/run", "last/run"], recovered: ["attempt 1/run"] });
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });

  it("is the recovery that failed, too, and says both errors, the step's first", async () => {
    const end = await runs.run(
      failing(`    with: { command: "exit 7" }\n    recover: { action: run, with: { command: "exit 8" } }\n`),
    );
    expect(failingStep(end)).toEqual({
      name: "run",
      error: "exit code 7; the recovery failed: exit code 8",
      source: "sample.playbook.yaml:3",
    });
  });

  it("is within another playbook the inner one, in the inner file, unless the outer step has words of its own", async () => {
    await runs.folder.dir.write(
      "work/inner.playbook.yaml",
      `name: Inner
steps:
  - { id: one, action: run, with: { command: "exit 5" }, failure_message: One is broken }
`,
    );
    const outer = (more: string) => `name: Outer
steps:
  - { id: deploy, action: playbook, with: { path: inner.playbook.yaml }${more} }
`;
    const plain = await runs.run(outer(""));
    expect(failingStep(plain)).toEqual({ name: "run", error: "One is broken", source: "inner.playbook.yaml:3" });
    const worded = await runs.run(outer(", failure_message: Could not deploy"));
    expect(failingStep(worded)).toMatchObject({ name: "run", error: "Could not deploy" });
  });
});
