// When a run of a playbook is recorded: from the moment at which something in it is to be saved, and that alone.
import { describe, expect, it } from "vitest";
import { EventBus } from "../../../src/session/bus/eventBus";
import { ProgramSpans } from "../../../src/session/guardrails/programSpans";
import { parsePlaybook } from "../../../src/session/playbook/parsePlaybook";
import { SecretMask } from "../../../src/session/secrets/secretMask";
import { PlaybookRun } from "../../../src/session/steps/playbookRun";
import { isRecordedEvent, type RunEvent } from "../../../src/session/steps/runEvent";
import type { RunServices } from "../../../src/session/steps/runServices";
import { defaultGuardrails } from "../../../src/trace/guardrails/guardrail";

const asks = (id: string, more = "") =>
  `  - { id: ${id}, action: http, with: { url: "http://127.0.0.1/${id}" }${more} }\n`;
const runs = (id: string, path: string, more = "") =>
  `  - { id: ${id}, action: playbook, with: { path: ${path} }${more} }\n`;

interface Recording {
  /** At the end of each step whether the run was recorded. */
  readonly armedAt: readonly string[];
  /** Steps whose results are in the record, or undefined where there is none. */
  readonly saved: readonly string[] | undefined;
  readonly sources: readonly string[] | undefined;
}

/** @param files texts of playbooks by name; the run's own is `outer` */
async function record(
  files: Readonly<Record<string, string>>,
  { canRecord = true, ...session }: { readonly canRecord?: boolean; readonly isSaved?: boolean } = {},
): Promise<Recording> {
  const parse = (name: string) => parsePlaybook(`name: ${name}\n${files[name]}`, `/${name}`);
  const { playbook, problems } = parse("outer");
  if (playbook === undefined) throw new Error(problems.map(({ message }) => message).join("; "));
  const bus = new EventBus<RunEvent>({ nowMs: () => 0, onHandlerError: () => {}, isRecorded: isRecordedEvent });
  const services: RunServices = {
    bus,
    mask: new SecretMask(),
    fetch: async () => new Response("yes"),
    environment: {},
    secret: () => undefined,
    nowMs: () => 0,
    readPlaybook: async (path) => parse(path.slice(1)),
    fileExists: async () => false,
    realPath: (path) => path,
    guardrails: defaultGuardrails,
    programSpans: new ProgramSpans(),
    commands: {
      recorder: undefined,
      shown: { show: () => undefined, queuedBytes: 0 },
      pauses: { terminateAfterMs: 0, killAfterMs: 0 },
      onShown: () => () => undefined,
      environment: () => ({}),
    },
  };
  const scope = bus.openRun("run");
  const armedAt: string[] = [];
  bus.on("test", ["stepFinished"], ({ event }) => {
    armedAt.push(`${event.result.step.path} ${scope.isRecording ? "armed" : "disarmed"}`);
  });
  const arm = () => scope.enableRecording();
  const run = new PlaybookRun({ playbook, params: {}, scope, services, ...session, ...(canRecord ? { arm } : {}) });
  await run.publish(await run.run());
  const { events, sources } = scope.runtimeState ?? {};
  return {
    armedAt,
    saved: events?.flatMap(({ event }) => (event.type === "stepFinished" ? [event.result.step.path] : [])),
    sources: sources?.map(({ id }) => id),
  };
}

describe("the recording of a playbook", () => {
  it("is armed by the playbook, which is by default, before the run begins", async () => {
    for (const more of ["", "checkpoints: true\n"]) {
      const recording = await record({ outer: `${more}steps:\n${asks("one")}${asks("two")}` });
      expect(recording).toEqual({
        armedAt: ["one armed", "two armed"],
        saved: ["one", "two"],
        sources: ["run", "run/one", "run/two"],
      });
    }
  });

  it("is never armed where nothing is to be saved: no source is registered, and no event is kept", async () => {
    const nothing = { armedAt: ["one disarmed", "two disarmed"], saved: undefined, sources: undefined };
    expect(await record({ outer: `checkpoints: false\nsteps:\n${asks("one")}${asks("two")}` })).toEqual(nothing);
    const each = ", checkpoints: false";
    expect(await record({ outer: `steps:\n${asks("one", each)}${asks("two", each)}` })).toEqual(nothing);
  });

  it("is never armed where nothing can be recorded", async () => {
    const recording = await record({ outer: `steps:\n${asks("one")}` }, { canRecord: false });
    expect(recording.armedAt).toEqual(["one disarmed"]);
  });

  it("is armed by the session, which says so by default; where it says no, by a playbook or a step that says yes", async () => {
    const steps = `steps:\n${asks("one")}${asks("two")}`;
    expect((await record({ outer: steps }, { isSaved: true })).saved).toEqual(["one", "two"]);
    const nothing = { armedAt: ["one disarmed", "two disarmed"], saved: undefined, sources: undefined };
    expect(await record({ outer: steps }, { isSaved: false })).toEqual(nothing);
    expect((await record({ outer: `checkpoints: true\n${steps}` }, { isSaved: false })).saved).toEqual(["one", "two"]);
    const oneStep = `steps:\n${asks("one", ", checkpoints: true")}${asks("two")}`;
    expect((await record({ outer: oneStep }, { isSaved: false })).saved).toEqual(["one"]);
  });

  it("is armed by a step alone, and holds what that one comes to and how the run began", async () => {
    const outer = `checkpoints: false\nsteps:\n${asks("one")}${asks("two", ", checkpoints: true")}${asks("three")}`;
    expect(await record({ outer })).toEqual({
      armedAt: ["one armed", "two armed", "three armed"],
      saved: ["two"],
      sources: ["run", "run/two"],
    });
  });

  it("leaves out a step that says so", async () => {
    const outer = `steps:\n${asks("one")}${asks("two", ", checkpoints: false")}${asks("three")}`;
    expect(await record({ outer })).toMatchObject({
      saved: ["one", "three"],
      sources: ["run", "run/one", "run/three"],
    });
  });

  it("is armed by a playbook that a step runs, from there on", async () => {
    const files = {
      outer: `checkpoints: false\nsteps:\n${asks("before")}${runs("deploy", "inner")}${asks("after")}`,
      inner: `checkpoints: true\nsteps:\n${asks("one")}${asks("two", ", checkpoints: false")}`,
    };
    expect(await record(files)).toMatchObject({
      armedAt: ["before disarmed", "deploy/one armed", "deploy/two armed", "deploy armed", "after armed"],
      saved: ["deploy/one"],
    });
  });

  it("goes in a playbook without a word of its own by the step that runs it", async () => {
    const inner = `steps:\n${asks("one")}${asks("two", ", checkpoints: true")}`;
    const outer = (more: string) => `steps:\n${runs("deploy", "inner", more)}${asks("after")}`;
    expect((await record({ outer: outer(""), inner })).saved).toEqual(["deploy/one", "deploy/two", "deploy", "after"]);
    expect((await record({ outer: outer(", checkpoints: false"), inner })).saved).toEqual(["deploy/two", "after"]);
    const own = `checkpoints: false\n${inner}`;
    expect((await record({ outer: outer(""), inner: own })).saved).toEqual(["deploy/two", "deploy", "after"]);
  });
});
