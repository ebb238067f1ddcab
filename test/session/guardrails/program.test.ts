// Guardrails of a session that runs one program, by the spans that the program sends itself.

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../../src/base/logger";
import { loopsOf } from "../../../src/reader/loopAnswers";
import { OpenedTrace } from "../../../src/reader/openedTrace";
import { ScannedSource } from "../../../src/reader/scannedSource";
import { TailedSource } from "../../../src/reader/tailedSource";
import { makeProbeLiveness } from "../../../src/recorder/liveness";
import { nodeFileAccess } from "../../../src/store/fileAccess";
import { defaultGuardrails, type GuardrailSettings } from "../../../src/trace/guardrails/guardrail";
import { safeId, traceFileNames } from "../../../src/trace/safeId";
import { hexId, type SpanParts } from "../../importers/otlpPayload";
import { type Folder, makeFolder, stopRun, until } from "../runs";
import { type AgentManners, agentLine, answer, call, failed, findingsOf } from "./toldSpans";

let folder: Folder;

beforeAll(async () => {
  folder = await makeFolder();
}, 300_000);

afterAll(() => folder[Symbol.asyncDispose]());

interface Sent extends AgentManners {
  readonly guardrails?: Partial<GuardrailSettings> & { readonly stopsPrograms?: boolean };
}

let runs = 0;

async function runAgent(requests: readonly (readonly SpanParts[])[], { guardrails, ...manners }: Sent = {}) {
  const line = await agentLine(folder, `agent${runs++}`, requests, manners);
  const run = await folder.start({
    line,
    ...(guardrails === undefined ? {} : { guardrails: { ...defaultGuardrails, ...guardrails } }),
  });
  const { code } = await run.ended;
  const recorded = await folder.recorded(run.launch);
  return { code, recorded, findings: findingsOf(recorded.trace), shown: run.stdout().toString() };
}

/** The same call again and again, each in a request of its own. */
function again(times: number): SpanParts[][] {
  return Array.from({ length: times }, (_, at) => [call("bash", { command: "npm test" }, { atMs: at * 10 })]);
}

describe("the guardrails of a program", () => {
  it("hint and warn on the span of the call, and leave the program running where nobody wants it stopped", async () => {
    const { code, recorded, findings, shown } = await runAgent(again(7));
    expect(findings).toEqual([
      'bash: hint repeat: "bash npm test" 3 times within 12 actions',
      'bash: warn repeat: "bash npm test" 5 times within 12 actions',
      'bash: warn repeat: "bash npm test" 7 times within 12 actions; the program was left running',
    ]);
    const calls = recorded.trace.spans.filter(({ name }) => name === "bash");
    expect(calls.map(({ events = [] }) => events.length)).toEqual([0, 0, 1, 0, 1, 0, 1]);
    expect(code).toBe(0);
    expect(shown).toContain("all sent");
    expect(recorded.state.status).toBe("completed");
  });

  it("stop the program with a reason that names the pattern, where the person wants that", async () => {
    const { recorded, findings } = await runAgent(again(7), { guardrails: { stopsPrograms: true }, stays: true });
    expect(findings.at(-1)).toBe('bash: stop repeat: "bash npm test" 7 times within 12 actions');
    expect(recorded.state).toMatchObject({
      status: "failed",
      error: 'stopped by a guardrail: repeat: "bash npm test" 7 times within 12 actions',
    });
    const { command } = recorded;
    expect(command.status).toBe("error");
    expect(command.interrupted).toBeUndefined();
    expect(command.statusMessage).toBe("stopped by a guardrail: killed by SIGINT");
    const stops = command.events?.filter(({ name }) => name === "tracekeeper.stop").map(({ attributes }) => attributes);
    expect(stops).toEqual([{ step: "interrupt", by: "guardrail" }]);
  });

  it("ask a program once to end, whatever it does after that", async () => {
    const failures = [1, 2, 3, 4, 5].map((n) => [
      call("bash", { command: `try ${n}` }, { atMs: 100 + n, rest: failed }),
    ]);
    const { recorded, findings, shown } = await runAgent([...again(7), ...failures], {
      guardrails: { stopsPrograms: true },
      isDeaf: true,
    });
    expect(findings.filter((line) => line.startsWith("bash: stop"))).toHaveLength(2);
    expect(shown).toContain("all sent");
    const stops = recorded.command.events?.filter(({ name }) => name === "tracekeeper.stop");
    expect(stops?.map(({ attributes }) => attributes?.["step"])).toEqual(["interrupt"]);
    expect(recorded.state.error).toContain("repeat: ");
  });

  it("count failures, in the order in which the calls of a request ended", async () => {
    const calls = [1, 2, 3].map((n) => call("bash", { command: `try ${n}` }, { atMs: n * 10, rest: failed }));
    const { findings } = await runAgent([calls.reverse()]);
    expect(findings).toEqual([
      'bash: warn failure cluster: 3 of the latest 5 actions failed, the last one "bash try 3"',
    ]);
  });

  it("take the model's answers for no actions, and count what they use once", async () => {
    const agent = { id: hexId(9001), parent: "OWN", name: "invoke_agent a", atMs: 0, durationMs: 90 };
    const usage = { "gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 900 };
    const { findings } = await runAgent(
      [
        ...[1, 2, 3].map((n) => [answer(300, { parent: agent.id, atMs: n * 10 })]),
        // It says the sum of what is below it.
        [{ ...agent, attributes: usage }],
        [answer(300, { atMs: 95 })],
      ],
      { guardrails: { budget: { tokens: 1200 } } },
    );
    expect(findings).toEqual([
      "chat model: warn token budget: 1,200 of 1,200 tokens used; the program was left running",
    ]);
  });

  it("look at each agent by itself", async () => {
    const agents = [1, 2, 3].map((n): SpanParts => {
      const attributes = { "gen_ai.operation.name": "invoke_agent" };
      return { id: hexId(9100 + n), parent: "OWN", name: `invoke_agent ${n}`, isOpen: true, attributes };
    });
    const reads = agents.map(({ id }, at) => call("read", { path: "README.md" }, { parent: id, atMs: at }));
    expect((await runAgent([agents, reads])).findings).toEqual([]);
    const [first] = agents;
    const more = [10, 20].map((atMs) => call("read", { path: "README.md" }, { parent: first?.id, atMs }));
    expect((await runAgent([agents, reads, more])).findings).toEqual([
      'read: hint repeat: "read README.md" 3 times within 12 actions',
    ]);
  });

  it("see a loop through frames that come after the calls within them", async () => {
    const root = hexId(9200);
    const turns = [1, 2, 3].flatMap((n) => {
      const frame = { id: hexId(9200 + n), parent: root, name: "tools", atMs: n * 10, durationMs: 9 };
      return [[call("read", { path: "a" }, { parent: frame.id, atMs: n * 10 })], [frame]];
    });
    expect((await runAgent(turns)).findings).toEqual(['read: hint repeat: "read a" 3 times within 12 actions']);
  });

  it("take calls of sub-agents beside each other for no repeats, although the agents' own spans come last", async () => {
    const agents = [1, 2, 3].map((n): SpanParts => {
      const attributes = { "gen_ai.operation.name": "invoke_agent" };
      return {
        id: hexId(9300 + n),
        parent: hexId(9300),
        name: `invoke_agent ${n}`,
        atMs: n,
        durationMs: 90,
        attributes,
      };
    });
    const turn = (n: number) => ({
      id: hexId(9310 + n),
      parent: agents[n]?.id ?? "",
      name: "turn",
      atMs: 10,
      durationMs: 50,
    });
    const read = (parent: string | undefined, atMs: number) => [call("read", { path: "README.md" }, { parent, atMs })];
    const direct = agents.map(({ id }, at) => read(id, 10 + at));
    const inTurns = agents.map((_agent, n) => read(turn(n).id, 20 + n));
    const turns = agents.map((_agent, n) => [turn(n)]);
    const root = { id: hexId(9300), parent: "OWN", name: "crew", atMs: 0, durationMs: 100 };
    const { findings } = await runAgent([...direct, ...inTurns, ...turns, ...agents.map((agent) => [agent]), [root]]);
    expect(findings).toEqual([]);
  });

  it("see that an agent repeats itself before its own span has come", async () => {
    const agent = hexId(9400);
    const reads = [10, 20, 30].map((atMs) => [call("read", { path: "a" }, { parent: agent, atMs })]);
    expect((await runAgent(reads)).findings).toEqual(['read: hint repeat: "read a" 3 times within 12 actions']);
  });

  it("see a cycle through turns of several calls, and tell of what repeats within a turn once", async () => {
    const root = hexId(9500);
    const turns = [1, 2, 3].flatMap((n) => {
      const frame = { id: hexId(9500 + n), parent: root, name: "turn", atMs: n * 100, durationMs: 90 };
      const inTurn = (tool: string, atMs: number) => [
        call(tool, { path: "a" }, { parent: frame.id, atMs: n * 100 + atMs }),
      ];
      return [inTurn("edit", 1), inTurn("test", 20), [frame]];
    });
    expect((await runAgent(turns)).findings).toEqual([
      'edit: hint repeat: "edit a" 3 times within 12 actions',
      'test: warn cycle: "edit a", "test a" in this order 3 times',
    ]);
    const frame = { id: hexId(9510), parent: root, name: "turn", atMs: 100, durationMs: 90 };
    const reads = [1, 20, 40].map((atMs) => [call("read", { path: "a" }, { parent: frame.id, atMs: 100 + atMs })]);
    const after = [call("read", { path: "a" }, { parent: root, atMs: 200 })];
    expect((await runAgent([...reads, [frame], after])).findings).toEqual([
      'read: hint repeat: "read a" 3 times within 12 actions',
    ]);
  });

  it("make no cycle of turns that were under way at the same time", async () => {
    const root = hexId(9600);
    const frames = [1, 2, 3].map((n) => ({ id: hexId(9600 + n), parent: root, name: "turn", atMs: 0, durationMs: 90 }));
    const inTurns = (tool: string, atMs: number) =>
      frames.map(({ id }, n) => [call(tool, { path: "a" }, { parent: id, atMs: atMs + n })]);
    const { findings } = await runAgent([
      ...inTurns("edit", 1),
      ...inTurns("test", 20),
      ...frames.map((frame) => [frame]),
    ]);
    expect(findings).toEqual([]);
  });

  it("compare no calls of which nobody tells what they did", async () => {
    const calls = Array.from({ length: 8 }, (_, at) => [call("bash", undefined, { atMs: at })]);
    expect((await runAgent(calls)).findings).toEqual([]);
  });

  it("tell once what was sent twice", async () => {
    const [first = [], second = []] = again(2);
    expect((await runAgent([first, second, first, second, first])).findings).toEqual([]);
  });

  it("stop a program that tells nothing when its time is used up", async () => {
    const guardrails = { ...defaultGuardrails, budget: { timeMs: 2_000 }, stopsPrograms: true };
    const run = await folder.start({ line: "exec sleep 1000", guardrails });
    await run.ended;
    const { state, trace } = await folder.recorded(run.launch);
    expect(state.error).toMatch(/^stopped by a guardrail: time budget: /);
    expect(findingsOf(trace).map((line) => line.replace(/: [\d.]+ s of .*/, ""))).toEqual([
      "command: warn time budget",
      "command: stop time budget",
    ]);
  });

  it("go by the defaults where the launch holds settings that don't fit each other, and say so", async () => {
    const { recorded, findings } = await runAgent(again(3), { guardrails: { window: 2 } });
    expect(findings).toEqual(['bash: hint repeat: "bash npm test" 3 times within 12 actions']);
    const problems = recorded.root.events?.filter(({ name }) => name === "tracekeeper.run-problem") ?? [];
    expect(problems.map(({ attributes }) => attributes?.["message"])).toEqual([
      expect.stringMatching(/^the guardrails can't be kept: .*the defaults are used$/),
    ]);
  });

  it("are shown while the session runs", async () => {
    const line = await agentLine(folder, "shown", again(3), { stays: true });
    const run = await folder.start({ line });
    await until(() => run.stdout().includes("all sent") || undefined, "all is sent");
    const key = join(run.launch.directory, traceFileNames.snapshot(safeId(run.launch.sessionId)));
    const options = { key, access: nodeFileAccess, probe: makeProbeLiveness() };
    const source = new ScannedSource({ ...options, journaled: new TailedSource(options) });
    const trace = new OpenedTrace({ source, firstEpoch: 1, logger: silentLogger, now: Date.now, onNews() {} });
    try {
      await trace.update();
      const { picture } = trace;
      if (picture === undefined) throw new Error("There is no picture");
      const { loops } = await loopsOf(trace, () => picture, new AbortController().signal);
      expect(loops.map(({ told }) => told)).toEqual([
        expect.objectContaining({ level: "hint", message: 'repeat: "bash npm test" 3 times within 12 actions' }),
      ]);
    } finally {
      trace.dispose();
      await stopRun(run.launchPath);
      await run.ended;
    }
  });
});
