import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { loopsResultSchema } from "../../src/protocol/loopMessages";
import { answerRequest } from "../../src/reader/answerRequest";
import { OpenedTrace } from "../../src/reader/openedTrace";
import { defaultGuardrails, type GuardrailSettings } from "../../src/trace/guardrails/guardrail";
import { readSession } from "../../src/trace/readSession";
import type { TraceSpan } from "../../src/trace/schema";
import { wholeSource } from "../support/wholeSource";
import { madeUp } from "../trace/traceSamples";

const never = new AbortController().signal;
const call = (command: string, row: number, more: Partial<TraceSpan> = {}): Partial<TraceSpan> => ({
  kind: "tool",
  name: "bash",
  input: { command },
  output: "same",
  startTime: row,
  endTime: row + 1,
  ...more,
});
const session: Partial<TraceSpan> = { kind: "session" };
const calls = (command: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => call(command, from + index));

async function opened(first: readonly Partial<TraceSpan>[]) {
  let spans = first;
  const load = async () => {
    const bytes = new TextEncoder().encode(JSON.stringify(madeUp(spans).trace));
    const snapshot = { name: "s.json", bytes, mtimeMs: 1 };
    return readSession({ safeId: "s", snapshot, journals: [] }, () => "unknown");
  };
  const trace = new OpenedTrace({
    source: wholeSource(load),
    firstEpoch: 1,
    logger: silentLogger,
    now: () => 2_000_000,
    onNews() {},
  });
  await trace.update();
  const ask = async (guardrails?: GuardrailSettings) => {
    const epoch = trace.picture?.epoch ?? 0;
    const request = { method: "loops", id: 1, params: { epoch } } as const;
    const context = { trace, guardrails };
    const answer = await answerRequest(
      request,
      () => trace.picture,
      never,
      () => {},
      context,
    );
    const { loops } = loopsResultSchema.parse(answer);
    return loops.map(({ pattern, count, rows, told }) => {
      const at = told?.at.map(({ row, level }) => `${level} at ${row}`).join(", ");
      const words = told === undefined ? "" : ` ${told.level} ${told.message} (${at})`;
      return `${pattern} ${count}: ${rows.join(" ")}${words}`;
    });
  };
  return {
    trace,
    ask,
    async grow(more: readonly Partial<TraceSpan>[]) {
      spans = more;
      await trace.update();
    },
  };
}

describe("a question for loops", () => {
  it("is answered of what came since the last one as of the whole", async () => {
    const spans = [session, ...calls("ls", 1, 3)];
    const { ask, grow, trace } = await opened(spans);
    expect(await ask()).toEqual([]);
    const more = [...spans, ...calls("ls", 3, 6)];
    await grow(more);
    expect(trace.picture?.epoch).toBe(1);
    expect(await ask()).toEqual(["repeat 5: 1 2 3 4 5"]);
    await grow([...more, ...calls("cat", 6, 9)]);
    expect(await ask()).toEqual(["repeat 5: 1 2 3 4 5", "repeat 3: 6 7 8"]);
    expect(await ask()).toEqual(["repeat 5: 1 2 3 4 5", "repeat 3: 6 7 8"]);
  });

  it("is answered of all anew where a call that was part of a loop is another one", async () => {
    const spans = [session, ...calls("ls", 1, 4)];
    const { ask, grow } = await opened(spans);
    expect(await ask()).toEqual(["repeat 3: 1 2 3"]);
    await grow(spans.map((span, row) => (row === 2 ? { ...span, status: "error", statusMessage: "no" } : span)));
    expect(await ask()).toEqual([]);
  });

  it("follows other settings", async () => {
    const { ask } = await opened([session, ...calls("ls", 1, 4)]);
    expect(await ask()).toEqual(["repeat 3: 1 2 3"]);
    expect(await ask({ ...defaultGuardrails, repeats: { hint: 4, warn: 5, stop: 7 } })).toEqual([]);
  });

  it("has the same answer for all who ask at a time", async () => {
    const { ask } = await opened([session, ...calls("ls", 1, 4)]);
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(answers).toEqual([["repeat 3: 1 2 3"], ["repeat 3: 1 2 3"], ["repeat 3: 1 2 3"]]);
  });

  it("shows what was told while the session ran with the calls it was told of, and alone where they are not there", async () => {
    const event = (level: string, pattern: string, message: string) => ({
      name: "tracekeeper.guardrail",
      timeMs: 1,
      attributes: { level, pattern, message },
    });
    const { ask } = await opened([
      session,
      {
        kind: "span",
        name: "step",
        startTime: 1,
        endTime: 9,
        events: [event("hint", "repeat", 'repeat: "bash ls" 3 times')],
      },
      ...calls("ls", 2, 5).map((span) => ({ ...span, parentSpanId: "s1" })),
      call("ls", 5, { parentSpanId: "s1", events: [event("warn", "repeat", 'repeat: "bash ls" 5 times')] }),
      call("x", 6, { events: [event("hint", "revisit", 'revisit: "bash x" again')] }),
      call("x", 7, { events: [event("warn", "revisit", 'revisit: "bash x" again, 5 times')] }),
      call("y", 8, { events: [event("stop", "token-budget", "token budget: 5 of 5 tokens used")] }),
      call("z", 9, { events: [event("maybe", "repeat", "no level"), event("hint", "nothing", "no pattern")] }),
    ]);
    expect(await ask()).toEqual([
      'repeat 4: 2 3 4 5 warn repeat: "bash ls" 5 times (hint at 1, warn at 5)',
      'revisit 2: 6 7 warn revisit: "bash x" again, 5 times (hint at 6, warn at 7)',
      "token-budget 1: 8 stop token budget: 5 of 5 tokens used (stop at 8)",
    ]);
  });
});
