import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { TraceFile, TraceSpan } from "../../src/trace/schema";
import { summariseSpans } from "../../src/trace/traceSummary";

const folder = new URL("../fixtures/trace-v2/", import.meta.url);
const whole = readdirSync(folder).filter((name) => name.endsWith(".json") && !name.includes("damaged"));

describe("summariseSpans", () => {
  it.each(whole)("derives from the spans of %s what its producer added up", (name) => {
    const { spans, summary } = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as TraceFile;
    const derived = summariseSpans(spans);
    for (const field of ["totalTokens", "totalToolCalls", "totalGenerations", "tokens"] as const) {
      expect(derived[field], field).toEqual(summary[field]);
    }
    expect(derived.totalCost).toBeCloseTo(summary.totalCost ?? Number.NaN, 9);
    const counts = (tools: TraceFile["summary"]["topTools"]) => (tools ?? []).map(({ count }) => count);
    expect(counts(derived.topTools)).toEqual(counts(summary.topTools ?? derived.topTools));
  });

  it("invents no cost and no duration", () => {
    expect(summariseSpans([])).toEqual({
      totalTokens: 0,
      totalToolCalls: 0,
      totalGenerations: 0,
      openSpans: 0,
      tokens: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
    });
    const timeless = { spanId: "a", parentSpanId: null, name: "a", kind: "tool", startTime: Number.NaN, status: "ok" };
    expect(summariseSpans([timeless as TraceSpan])).not.toHaveProperty("duration");
  });

  it("counts open spans and a total that is all a producer knows", () => {
    const open: TraceSpan = {
      spanId: "a",
      parentSpanId: null,
      name: "g",
      kind: "generation",
      startTime: 5,
      status: "ok",
      tokens: { total: 9 },
    };
    expect(summariseSpans([open])).toMatchObject({ openSpans: 1, totalTokens: 9, duration: 0, totalGenerations: 1 });
  });
});
