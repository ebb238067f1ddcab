import { describe, expect, it } from "vitest";
import { spansInMemory } from "../../src/trace/spanSource";
import { summarizeTrace } from "../../src/trace/summarizeTrace";
import { reportedUsage } from "../../src/trace/traceUsage";
import { madeUp, type Sample, sample } from "./traceSamples";

const summarize = ({ trace, columns }: Sample) =>
  summarizeTrace({
    header: trace,
    spans: spansInMemory(trace.spans),
    columns,
    usage: reportedUsage(trace.spans, columns.count),
  });

describe("the summary of a completed trace", () => {
  const view = summarize(sample("ses_completed_tax_rounding"));

  it("adds up what the producer added up", () => {
    const { tokens, totalCost } = sample("ses_completed_tax_rounding").trace.summary;
    expect(view.tokens).toEqual({ ...tokens, total: 362_080 });
    expect(view.cost).toBeCloseTo(totalCost ?? 0, 10);
    expect(view.usageSource).toBe("spans");
    expect(view.models).toMatchObject([{ model: "claude-sonnet-4-5", provider: "anthropic", calls: 9, failures: 0 }]);
  });

  it("lists the tools by number of calls, with failures and time", () => {
    const told = sample("ses_completed_tax_rounding").trace.summary.topTools ?? [];
    expect(view.tools.map((tool) => [tool.name, tool.count, Math.round(tool.durationMs)]).sort()).toEqual(
      told.map((tool) => [tool.name, tool.count, Math.round(tool.totalDuration ?? 0)]).sort(),
    );
    expect(view.tools.map((tool) => tool.count)).toEqual([8, 7, 7, 6, 4, 2]);
    expect(view.tools.filter((tool) => tool.failures > 0)).toMatchObject([{ name: "bash", failures: 1 }]);
    expect(view.toolCount).toBe(6);
  });

  it("counts spans by kind and by what came of them", () => {
    expect(view.counts).toEqual({
      spans: 45,
      elided: 0,
      kinds: { session: 1, generation: 9, tool: 34, text: 0, span: 0, "user-message": 1 },
      ok: 44,
      failed: 1,
      failures: 0,
      recovered: 1,
      interrupted: 0,
      open: 0,
    });
  });

  it("repeats the loops that the producer names, though each of these calls had another result", () => {
    expect(view.loops.map(({ tool, count, rows }) => [tool, count, rows.length])).toEqual([
      ["sql_execute", 3, 0],
      ["grep", 3, 0],
    ]);
  });

  it("says it in a sentence", () => {
    expect(view.narrative).toBe(
      "9 model calls and 34 tool calls in 1 m 13 s with claude-sonnet-4-5. Most used: glob (8), sql_execute (7) and bash (7). " +
        "1 failure was made good. sql_execute was called 3 times with the same input, and there is 1 more such loop. 362,080 tokens, $0.27.",
    );
    expect(view.producerNarrative).toMatch(/^Completed in 1m13s/);
  });

  it("takes the ten slowest steps by their own time", () => {
    expect(view.slowest).toHaveLength(10);
    const own = view.slowest.map((step) => step.ownMs);
    expect(own).toEqual([...own].sort((a, b) => b - a));
  });
});

describe("the summary of other samples", () => {
  it("finds the seven hours in which nothing ran", () => {
    const view = summarize(sample("ses_two_bursts_7h"));
    expect(view.gaps).toHaveLength(1);
    expect(view.gaps.map((gap) => Math.round((gap.endMs - gap.startMs) / 3_600_000))).toEqual([7]);
    expect(view.narrative).toContain("Nothing ran for 7 h 0 m.");
  });

  it("finds the call that was made eight times", () => {
    const view = summarize(sample("ses_loop_same_call"));
    expect(view.loops).toEqual([
      {
        pattern: "repeat",
        tool: "bash",
        label: "npm ci",
        length: 1,
        count: 8,
        failures: 8,
        rows: [2, 4, 6, 8, 10, 12, 14, 16],
      },
    ]);
  });
});

describe("tokens and cost", () => {
  it("are left out where nobody reported them", () => {
    const view = summarize(
      madeUp([{ kind: "session" }, { kind: "generation" }, { kind: "tool", name: "bash" }], {
        summary: { totalCost: 0, totalTokens: 0 },
      }),
    );
    expect([view.tokens, view.cost, view.usageSource]).toEqual([undefined, undefined, "none"]);
    expect(view.narrative).not.toMatch(/\$|tokens/);
  });

  it("come from the summary where no span has them", () => {
    const view = summarize(
      madeUp([{ kind: "session" }], { summary: { totalCost: 0.5, totalTokens: 7, tokens: { input: 3, output: 4 } } }),
    );
    expect([view.tokens?.total, view.tokens?.input, view.cost, view.usageSource]).toEqual([7, 3, 0.5, "summary"]);
  });

  it("come from the summary where spans were left out", () => {
    const spans = [
      { kind: "session" as const },
      { kind: "generation" as const, tokens: { input: 1, output: 1 }, cost: 0.1 },
      { name: "elided-1-1-of-5600", attributes: { elided: 600, totalSpans: 5_600 } },
    ];
    const view = summarize(madeUp(spans, { summary: { totalTokens: 900, totalCost: 9 } }));
    expect([view.tokens?.total, view.cost, view.usageSource, view.counts.elided]).toEqual([900, 9, "summary", 600]);
  });

  it("are counted once where an outer span repeats them", () => {
    const usage = { tokens: { input: 10, output: 5 }, cost: 0.2 };
    const view = summarize(
      madeUp([
        { kind: "session", ...usage },
        { kind: "span", spanId: "outer", ...usage },
        { kind: "generation", parentSpanId: "outer", ...usage },
        { kind: "generation", tokens: { input: 1 } },
      ]),
    );
    expect([view.tokens?.total, view.cost]).toEqual([16, 0.2]);
  });

  it("never become infinite", () => {
    const absurd = { kind: "generation" as const, tokens: { input: 1e308, output: 2 }, cost: 1e308 };
    const view = summarize(madeUp([absurd, absurd, { ...absurd, cost: 0.5 }]));
    expect([view.tokens?.total, view.cost]).toEqual([4, 0.5]);
  });

  it("are kept apart by model", () => {
    const view = summarize(
      madeUp([
        { kind: "session" },
        {
          kind: "generation",
          model: { modelId: "p/a", providerId: "p" },
          tokens: { output: 2 },
          startTime: 0,
          endTime: 30,
        },
        { kind: "generation", model: { modelId: "b" }, tokens: { output: 3 }, status: "error" },
        { kind: "generation", model: { modelId: "b" }, tokens: { output: 4 } },
      ]),
    );
    expect(
      view.models.map((usage) => [
        usage.model,
        usage.calls,
        usage.failures,
        usage.durationMs,
        usage.tokens?.total,
        usage.cost,
      ]),
    ).toEqual([
      ["b", 2, 1, 0, 7, undefined],
      ["a", 1, 0, 30, 2, undefined],
    ]);
  });
});

describe("loops", () => {
  const call = (command: string) => ({ kind: "tool" as const, name: "bash", input: { command }, endTime: 2_000_000 });
  const loops = (commands: readonly string[], rest = {}) =>
    summarize(madeUp([{ kind: "session" }, ...commands.map(call)], rest)).loops.map(
      (loop) => `${loop.tool} ${loop.label} ${loop.count}`,
    );
  const others = (count: number) => Array.from({ length: count }, (_, index) => `other ${index}`);

  it("are three calls within twelve", () => {
    expect(loops(["a", "a"])).toEqual([]);
    expect(loops(["a", "b", "a", "c", "a"])).toEqual(["bash a 3"]);
    expect(loops(["a", ...others(9), "a", "a"])).toEqual(["bash a 3"]);
    expect(loops(["a", ...others(10), "a", "a"])).toEqual([]);
    expect(loops(["a", "a", "a", ...others(20), "a"])).toEqual(["bash a 3"]);
  });

  it("are told apart by inputs that differ only at their end", () => {
    const long = "x".repeat(100_000);
    expect(loops([`${long}1`, `${long}2`, `${long}3`])).toEqual([]);
  });

  it("are taken from the producer where they can't be seen in the spans", () => {
    const summary = {
      loops: [
        { tool: "bash", count: 3 },
        { tool: "read", count: 4 },
      ],
    };
    expect(loops(["a", "a", "a"], { summary })).toEqual(["bash a 3", "read  4"]);
  });
});

describe("times", () => {
  it("counts what ran at the same time once, and gives a parent only its own", () => {
    const view = summarize(
      madeUp([
        { kind: "session", startTime: 0, endTime: 300_000 },
        { kind: "generation", spanId: "g", startTime: 0, endTime: 100_000 },
        { kind: "tool", name: "a", parentSpanId: "g", startTime: 20_000, endTime: 60_000 },
        { kind: "tool", name: "b", parentSpanId: "g", startTime: 40_000, endTime: 90_000 },
        { kind: "tool", name: "c", startTime: 200_000, endTime: 230_000 },
      ]),
    );
    expect([view.wallMs, view.busyMs]).toEqual([300_000, 130_000]);
    expect(view.gaps.map((gap) => [gap.startMs - 1_000_000, gap.endMs - 1_000_000])).toEqual([
      [100_000, 200_000],
      [230_000, 300_000],
    ]);
    expect(view.slowest.map(({ row, durationMs, ownMs }) => [row, durationMs, ownMs])).toEqual([
      [3, 50_000, 50_000],
      [2, 40_000, 40_000],
      [1, 100_000, 30_000],
      [4, 30_000, 30_000],
    ]);
  });

  it("invents no duration for an open step and no pause behind it", () => {
    const view = summarize(
      madeUp([
        { kind: "session", startTime: 0 },
        { kind: "tool", startTime: 10 },
        { kind: "tool", startTime: 200_000, endTime: 200_100 },
      ]),
    );
    expect([view.wallMs, view.gaps, view.slowest]).toEqual([200_100, [], [{ row: 2, durationMs: 100, ownMs: 100 }]]);
    expect(view.counts.open).toBe(2);
  });

  it("tells a failure that was made good from one that counts", () => {
    const call = (name: string, startTime: number, status: "ok" | "error") => {
      return { kind: "tool" as const, name, status, input: { command: "x" }, startTime, endTime: startTime + 5 };
    };
    const calls = [call("a", 10, "error"), call("a", 20, "ok"), call("b", 30, "error")];
    const view = summarize(madeUp([{ kind: "session", startTime: 0, endTime: 40 }, ...calls]));
    expect([view.counts.failed, view.counts.failures, view.counts.recovered]).toEqual([2, 1, 1]);
    expect(view.narrative).toContain("1 step failed, 1 failure was made good.");
  });

  it("is empty for a trace without spans", () => {
    expect(summarize(madeUp([]))).toMatchObject({
      wallMs: undefined,
      narrative: "",
      tools: [],
      loops: [],
      slowest: [],
      gaps: [],
    });
  });
});
