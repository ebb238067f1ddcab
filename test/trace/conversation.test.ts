import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildColumns } from "../../src/trace/buildColumns";
import {
  type ConversationItem,
  ConversationTally,
  conversationItems,
  conversationPage,
  hasConversation,
  itemOfRow,
  conversation as readConversation,
} from "../../src/trace/conversation";
import { conversationOutline } from "../../src/trace/conversationOutline";
import type { TraceSpan } from "../../src/trace/schema";
import { spansInMemory } from "../../src/trace/spanSource";
import { madeUp, type Sample, sample } from "./traceSamples";

const conversation = ({ trace, columns }: Sample) => readConversation(spansInMemory(trace.spans), columns);

function show(item: ConversationItem): string {
  const inside = item.insideRow === undefined ? "" : ` (inside ${item.insideRow})`;
  const calls =
    "calls" in item && item.calls.length > 0
      ? ` [${item.calls.map((call) => `${call.name} ${call.label}${call.outcome === "" ? "" : ` ${call.outcome}`}`).join("; ")}]`
      : "";
  const text = "text" in item ? ` ${item.text}` : "";
  const error = item.type === "assistant" && item.error !== undefined ? ` !${item.error.text}` : "";
  return `${item.row} ${item.type}${text}${calls}${error}${inside}`;
}

function shown(spans: Parameters<typeof madeUp>[0]): string[] {
  return conversation(madeUp(spans)).map(show);
}

describe("conversation", () => {
  it("folds the calls under the answers of a real trace", () => {
    const items = conversation(sample("ses_completed_tax_rounding"));
    expect(items.slice(0, 3).map(show)).toEqual([
      "1 user The tax total on invoices is off by one cent. Find out why and fix it.",
      "2 assistant Now I will run the tests again. [bash npx tsc --noEmit]",
      "4 assistant The failing test expects banker's rounding. I will update the helper. [sql_execute select order_id, sum(amount) as revenue]",
    ]);
    const calls = items.flatMap((item) => (item.type === "assistant" || item.type === "calls" ? item.calls : []));
    expect(calls).toHaveLength(34);
    expect(calls.filter((call) => call.status === "failed").map((call) => [call.row, call.outcome])).toEqual([
      [16, "exit 1"],
    ]);
  });

  it("ends with the error of the session", () => {
    expect(conversation(sample("ses_loop_same_call")).at(-1)).toMatchObject({
      type: "error",
      row: 0,
      text: "stuck: same call failed 8 times",
    });
  });

  it("is empty where nobody speaks", () => {
    expect(shown([{ kind: "session", input: "npm test" }, { kind: "tool", name: "bash" }, { kind: "span" }])).toEqual(
      [],
    );
    expect(shown([{ kind: "session" }, { kind: "generation", output: "[tool calls: bash]" }])).toEqual([]);
    expect(shown([])).toEqual([]);
    const { trace, columns } = sample("ses_two_bursts_7h");
    expect(hasConversation(spansInMemory(trace.spans), columns)).toBe(true);
  });

  it("begins with the prompt where no message was recorded", () => {
    expect(
      shown([
        { kind: "session", input: "Fix it" },
        { kind: "generation", output: "Done" },
      ]),
    ).toEqual(["0 user Fix it", "1 assistant Done"]);
  });

  it("keeps answers without words and says what went wrong", () => {
    expect(
      shown([
        { kind: "session" },
        { kind: "user-message", input: "Go" },
        { kind: "generation", spanId: "g", output: "[tool calls: bash]", status: "error", statusMessage: "overloaded" },
        {
          kind: "tool",
          name: "bash",
          parentSpanId: "g",
          input: { command: "ls" },
          status: "error",
          statusMessage: "exit code 2",
        },
        { kind: "generation", status: "error", interrupted: true, statusMessage: "restarted", output: "half" },
      ]),
    ).toEqual(["1 user Go", "2 assistant  [bash ls exit 2] !overloaded", "4 assistant half"]);
  });

  it("puts items in order of time whatever the order in the file", () => {
    expect(
      shown([
        { kind: "session", startTime: 0 },
        { kind: "generation", output: "second", startTime: 20 },
        { kind: "user-message", input: "first", startTime: 10 },
        { kind: "text", output: "third", startTime: 30 },
      ]),
    ).toEqual(["2 user first", "1 assistant second", "3 assistant third"]);
  });

  it("gathers calls that belong to no answer", () => {
    expect(
      shown([
        { kind: "session" },
        { kind: "user-message", input: "Go" },
        { kind: "tool", name: "bash", input: { command: "a" } },
        { kind: "tool", name: "bash", input: { command: "b" } },
      ]),
    ).toEqual(["1 user Go", "2 calls [bash a; bash b]"]);
  });

  it("tells what a sub-agent said within a call, also below plain steps", () => {
    expect(
      shown([
        { kind: "session" },
        { kind: "generation", spanId: "g", output: "Asking" },
        { kind: "tool", name: "task", spanId: "t", parentSpanId: "g", input: { description: "Look" } },
        { kind: "span", spanId: "step", parentSpanId: "t" },
        { kind: "generation", spanId: "h", parentSpanId: "step", output: "Looking" },
        { kind: "span", spanId: "wrap", parentSpanId: "h" },
        { kind: "tool", name: "read", parentSpanId: "wrap", input: { filePath: "a.ts" } },
        { kind: "generation", output: "Done" },
      ]),
    ).toEqual(["1 assistant Asking [task Look]", "4 assistant Looking [read a.ts] (inside 2)", "7 assistant Done"]);
  });

  it("reads the messages of APIs", () => {
    const output = [
      {
        role: "assistant",
        parts: [
          { type: "reasoning", content: "hmm" },
          { type: "text", content: "One" },
          { type: "tool_call", name: "x" },
          { type: "text", content: "Two" },
        ],
      },
    ];
    const input = [
      { role: "system", content: "Be good" },
      { role: "user", content: [{ type: "text", text: "Hi" }] },
    ];
    expect(shown([{ kind: "session" }, { kind: "user-message", input }, { kind: "generation", output }])).toEqual([
      "1 user Hi",
      "2 assistant One\n\nTwo",
    ]);
  });

  it("cuts a text at 4,000 characters and tells its length", () => {
    const said = madeUp([{ kind: "user-message", input: "x".repeat(5_000) }]);
    expect(conversation(said)).toMatchObject([{ text: "x".repeat(4_000), totalLength: 5_000 }]);
  });

  it("survives a circle of parents, a deep chain and many siblings", () => {
    const circle = [
      { kind: "generation" as const, spanId: "a", parentSpanId: "b", output: "x" },
      { kind: "tool" as const, spanId: "b", parentSpanId: "a" },
    ];
    expect(conversation(madeUp(circle))).toHaveLength(1);
    const chain = Array.from({ length: 50_000 }, (_, index) => ({
      kind: "span" as const,
      parentSpanId: index === 0 ? null : `s${index - 1}`,
    }));
    const end = { kind: "text" as const, output: "end", parentSpanId: "s49999" };
    expect(conversation(madeUp([...chain, end]))).toHaveLength(1);
    const siblings = Array.from({ length: 50_000 }, () => ({ kind: "tool" as const, name: "bash" }));
    const [, calls] = conversation(madeUp([{ kind: "user-message", input: "x" }, ...siblings]));
    expect(calls?.type === "calls" && [calls.calls.length, calls.callsLeftOut]).toEqual([200, 49_800]);
  });

  it("tells of failed and open calls also where it does not tell of all", () => {
    const calls = Array.from({ length: 300 }, (_, index) => ({
      kind: "tool" as const,
      parentSpanId: "s1",
      ...(index === 250 ? {} : { endTime: 5_000 }),
      status: index === 270 ? ("error" as const) : ("ok" as const),
    }));
    const [, answer] = conversation(madeUp([{ kind: "user-message", input: "x" }, { kind: "generation" }, ...calls]));
    if (answer?.type !== "assistant") throw new Error("not an answer");
    expect(answer.calls.slice(99).map(({ row, status }) => [row, status])).toEqual([
      [101, "ok"],
      [252, "open"],
      [272, "failed"],
    ]);
    expect(answer.callsLeftOut).toBe(198);
  });

  it("is read in parts, which are those of the whole, and finds the part of a row", () => {
    for (const name of ["ses_completed_tax_rounding", "ses_loop_same_call", "ses_live_refactor"]) {
      const { trace, columns } = sample(name);
      const spans = spansInMemory(trace.spans);
      const whole = readConversation(spans, columns);
      const outline = conversationOutline(spans, columns);
      expect(outline.count).toBe(whole.length);
      for (const size of [1, 4, 1_000]) {
        const parts: ConversationItem[] = [];
        for (let from = 0; from < outline.count; from += size) {
          parts.push(...conversationItems(outline, spans, columns, from, size));
        }
        expect(parts).toEqual(whole);
      }
      for (const [index, item] of whole.entries()) {
        if (item.type !== "error") expect(itemOfRow(outline, item.row)).toBe(index);
        for (const { row } of "calls" in item ? item.calls : []) expect(itemOfRow(outline, row)).toBe(index);
      }
      expect(itemOfRow(outline, trace.spans.length)).toBe(-1);
    }
  });

  it("gives the part in which a row is said, with some of what came before", () => {
    const said = madeUp(Array.from({ length: 500 }, (_, row) => ({ kind: "user-message", input: `${row}` })));
    const spans = spansInMemory(said.trace.spans);
    const outline = conversationOutline(spans, said.columns);
    const part = (wish: { readonly from?: number; readonly row?: number }) => {
      const { from, items, total, at } = conversationPage(outline, spans, said.columns, wish, 100);
      expect(items.map(({ row }) => row)).toEqual(items.map((_, index) => from + index));
      return [from, items.length, total, at];
    };
    expect(part({})).toEqual([0, 100, 500, -1]);
    expect(part({ row: 99 })).toEqual([0, 100, 500, 99]);
    expect(part({ row: 250 })).toEqual([230, 100, 500, 250]);
    expect(part({ row: 499 })).toEqual([400, 100, 500, 499]);
    expect(part({ row: 700 })).toEqual([0, 100, 500, -1]);
    expect(part({ from: 450 })).toEqual([450, 50, 500, -1]);
    expect(part({ from: 900 })).toEqual([500, 0, 500, -1]);
  });
});

describe("whether anybody speaks in a trace that grows", () => {
  it("is what looking at all of it says, and stays so once somebody has spoken", () => {
    const span = fc.record(
      {
        kind: fc.constantFrom<TraceSpan["kind"]>("session", "generation", "tool", "span", "tool", "span"),
        input: fc.constantFrom("Do it", "", undefined),
        output: fc.constantFrom("Done", "", undefined, undefined),
      },
      { requiredKeys: ["kind"] },
    );
    const step = fc.record({ changed: fc.array(fc.tuple(fc.nat(12), span), { maxLength: 2 }), added: fc.array(span) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
        const tally = new ConversationTally();
        const spans: TraceSpan[] = [];
        const made = (fields: Partial<TraceSpan>, row: number) =>
          ({ spanId: `s${row}`, parentSpanId: null, name: "n", startTime: row, status: "ok", ...fields }) as TraceSpan;
        let hasSpoken = false;
        for (const { changed, added } of steps) {
          const from = spans.length;
          const rows = changed.filter(([row]) => row < from);
          for (const [row, fields] of rows) spans[row] = made(fields, row);
          for (const fields of added) spans.push(made(fields, spans.length));
          const { columns } = buildColumns(spans);
          const changedRows = rows.map(([row]) => row);
          hasSpoken ||= hasConversation(spansInMemory(spans), columns);
          expect(tally.update(spansInMemory(spans), columns, changedRows, from)).toBe(hasSpoken);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
