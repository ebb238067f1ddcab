import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CrewEvent } from "../../src/importers/crewaiEvent";
import { sentEvents } from "../../src/importers/crewaiSent";
import { crewSpan } from "../../src/importers/crewaiSpan";
import { type CrewStep, type CrewTree, crewSteps } from "../../src/importers/crewaiSteps";
import type { TraceSpan } from "../../src/trace/schema";
import { renderTree } from "../trace/renderTree";
import { arbitraryRun, crewEvent, readAll, researchRun, runStartMs, type SentEvent } from "./crewaiEvents";

const treeOf = (sent: readonly unknown[]): CrewTree => crewSteps(readAll(sent), runStartMs);

/** Spans that are called by the ids of their first events, below "root". */
function spansOf(sent: readonly unknown[]): TraceSpan[] {
  const { run, steps } = treeOf(sent);
  const idOf = (step: CrewStep | undefined) => (step === undefined || step === run ? "root" : step.first.id);
  const root: TraceSpan = {
    spanId: "root",
    parentSpanId: null,
    name: "run",
    kind: "session",
    startTime: runStartMs,
    status: "ok",
  };
  const below = steps.map((step) => crewSpan(step, idOf(step), idOf(step.parent)));
  return [run ? { ...root, ...crewSpan(run, "root", ""), parentSpanId: null, kind: "session" } : root, ...below];
}

const treeText = (sent: readonly unknown[]) => renderTree(spansOf(sent));
const spanOf = (sent: readonly unknown[], id: string) => spansOf(sent).find(({ spanId }) => spanId === id);

describe("a run in the shapes that crewAI sends", () => {
  test("becomes the tree of its steps", () => {
    expect(treeText(researchRun())).toBe(
      [
        "Tax crew session 0-14",
        "  Find the rate span 1-13",
        "    Researcher span 2-12",
        "      gpt-4o-mini generation 3-4",
        "      search tool 5-6 error",
        "      search tool 7-8",
        "      memory_save span 9-10 error",
        "      skill_used span 11-11",
      ].join("\n"),
    );
  });

  test("tells model, tokens, payloads and why a step failed", () => {
    expect(spanOf(researchRun(), "call-1")).toMatchObject({
      model: { modelId: "gpt-4o-mini" },
      tokens: { input: 60, output: 20, reasoning: 0, cacheRead: 40, cacheWrite: 0, total: 120 },
      finishReason: "stop",
      input: [{ role: "user", content: "Find the tax rate" }],
      output: "I shall search",
    });
    expect(spanOf(researchRun(), "tool-1")).toMatchObject({
      input: { query: "tax" },
      output: "no results",
      statusMessage: "The index is empty",
      attributes: { agent_role: "Researcher", failure: { reason: "tool_reported" } },
    });
    expect(spanOf(researchRun(), "memory")).toMatchObject({ statusMessage: "The store is locked", input: "25 %" });
    expect(spanOf(researchRun(), "root")).toMatchObject({ input: { year: 2026 }, output: "25 %" });
  });

  test("keeps what the end repeats of its start once", () => {
    const json = JSON.stringify(spanOf(researchRun(), "call-1"));
    expect(json.split("Find the tax rate")).toHaveLength(2);
  });
});

const start = (id: string, at: number, data: object, parent = "p") =>
  crewEvent(id, "tool_usage_started", at, parent, { tool_name: "t", ...data });
const end = (id: string, at: number, data: object, parent = "p") =>
  crewEvent(id, "tool_usage_finished", at, parent, { tool_name: "t", ...data });
/** Which end each start has. */
const pairs = (...sent: SentEvent[]) =>
  treeOf(sent).steps.map(({ first, end: last, role }) => (last ? `${first.id}-${last.id}` : `${first.id} ${role}`));

describe("pairing", () => {
  test("takes the start that the end names before any other", () => {
    expect(
      pairs(start("a", 1, {}), start("b", 2, {}), end("x", 3, { started_event_id: "a" }), end("y", 4, {})),
    ).toEqual(["a-x", "b-y"]);
  });

  test("finds a start that is named and comes later in the order", () => {
    expect(pairs(end("x", 1, { started_event_id: "a" }), start("a", 2, {}))).toEqual(["a-x"]);
  });

  test("ends no other step where the start that is named is missing or has ended", () => {
    const twice = { started_event_id: "a" };
    expect(pairs(start("b", 1, {}), end("x", 2, { started_event_id: "lost" }))).toEqual(["b open", "x lone-end"]);
    expect(pairs(start("a", 1, {}), start("b", 2, {}), end("x", 3, twice), end("y", 4, twice))).toEqual([
      "a-x",
      "b open",
      "y lone-end",
    ]);
  });

  test("does not believe a name of a start of another type", () => {
    const task = crewEvent("task", "task_started", 1, null);
    expect(pairs(task, start("a", 2, {}), end("x", 3, { started_event_id: "task" }))).toEqual([
      "task open",
      "a open",
      "x lone-end",
    ]);
  });

  test("takes the latest open start below the same parent", () => {
    expect(pairs(start("a", 1, {}), start("b", 2, {}), end("x", 3, {}), end("y", 4, {}))).toEqual(["a-y", "b-x"]);
    expect(pairs(start("a", 1, {}), start("b", 2, {}, "q"), end("x", 3, {}))).toEqual(["a-x", "b open"]);
  });

  test("tells steps apart by what identifies them, where both say it", () => {
    expect(
      pairs(start("a", 1, { agent_role: "A" }), start("b", 2, { agent_role: "B" }), end("x", 3, { agent_role: "A" })),
    ).toEqual(["a-x", "b open"]);
    expect(pairs(start("a", 1, {}), end("x", 2, { agent_role: "A" }))).toEqual(["a-x"]);
    const call = (id: string, type: string, at: number, call_id: string) =>
      crewEvent(id, `llm_call_${type}`, at, "p", { call_id });
    expect(
      pairs(
        call("a", "started", 1, "1"),
        call("b", "started", 2, "2"),
        call("x", "failed", 3, "1"),
        call("y", "completed", 4, "2"),
      ),
    ).toEqual(["a-x", "b-y"]);
  });

  test("prefers the call of a tool with the same arguments", () => {
    const one = { tool_args: { q: 1 } };
    const two = { tool_args: { q: 2 } };
    expect(pairs(start("a", 1, one), start("b", 2, two), end("x", 3, one), end("y", 4, two))).toEqual(["a-x", "b-y"]);
  });

  test("never ends a step before it has begun in the order of the events", () => {
    expect(pairs(end("x", 1, {}), start("a", 2, {}))).toEqual(["x lone-end", "a open"]);
  });
});

test("an end looks through no more open steps than a thousand", () => {
  const count = 3_000;
  let looks = 0;
  const events = Array.from({ length: 2 * count }, (_, index): CrewEvent => {
    const type = index < count ? "llm_call_started" : "llm_call_completed";
    const [event] = readAll([crewEvent(`e${index}`, type, index, null)]);
    const data = {
      get call_id() {
        looks++;
        return type;
      },
    };
    return { ...(event as CrewEvent), data };
  });
  expect(crewSteps(events, runStartMs).steps).toHaveLength(2 * count);
  expect(looks).toBeGreaterThan(count);
  expect(looks).toBeLessThanOrEqual(2 * 1_000 * count);
});

describe("what is missing or odd", () => {
  test("an end without a start is a point that says so, and may be a failure", () => {
    const span = spanOf([end("x", 5, { failure: { message: "No" } }, "gone")], "x");
    expect(span).toMatchObject({ kind: "tool", startTime: runStartMs + 5, endTime: runStartMs + 5, status: "error" });
    expect(span?.attributes?.["crewai.note"]).toBe("crewAI sent the end of this step without its start");
  });

  test("a start without an end stays open", () => {
    expect(treeText([start("a", 1, {})])).toBe("run session 0-?  open\n  t tool 1-? open".replace("  open", " open"));
  });

  test("events without a sequence number come last, and then by time", () => {
    const late = crewEvent("late", "skill_used", 1, null, {}, { emission_sequence: null });
    const first = crewEvent("first", "skill_used", 9, null);
    const later = crewEvent("later", "skill_used", 3, null, {}, { emission_sequence: undefined });
    expect(treeOf([later, late, first]).steps.map((step) => step.first.id)).toEqual(["first", "late", "later"]);
  });

  test("steps whose parents lead in a circle hang below the root", () => {
    const events = [crewEvent("a", "task_started", 1, "b"), crewEvent("b", "task_started", 2, "a")];
    expect(treeText(events)).toBe("run session 0-? open\n  task span 1-? open\n    task span 2-? open");
  });

  test("a message of the conversation is one of its person or its agent", () => {
    const message = (id: string, role: string) =>
      crewEvent(id, "conversation_message_added", 1, null, { role, content: `Hello from ${role}` });
    expect(spanOf([message("a", "user")], "a")).toMatchObject({ kind: "user-message", input: "Hello from user" });
    expect(spanOf([message("a", "assistant")], "a")).toMatchObject({ kind: "text", output: "Hello from assistant" });
    expect(spanOf([message("a", "system")], "a")).toMatchObject({
      kind: "span",
      attributes: { content: "Hello from system" },
    });
  });
});

describe("for any events", () => {
  test("the order in which they come changes nothing", () => {
    fc.assert(
      fc.property(
        arbitraryRun.chain((run) => fc.tuple(fc.constant(run), fc.shuffledSubarray(run, { minLength: run.length }))),
        ([run, shuffled]) => {
          expect(spansOf(shuffled)).toEqual(spansOf(run));
        },
      ),
    );
  });

  test("each is in the tree once and can be told from it as it was sent", () => {
    const byId = (one: object, other: object) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);
    fc.assert(
      fc.property(arbitraryRun, (run) => {
        // As a reader gets them from a file.
        const spans = JSON.parse(JSON.stringify(spansOf(run))) as TraceSpan[];
        const told = spans.flatMap(sentEvents);
        const sorted = (events: readonly object[]) => events.map(canonical).sort(byId);
        expect(sorted(told)).toEqual(sorted(run));
      }),
      { numRuns: 300 },
    );
  });

  test("the steps reach the root, and their times are numbers", () => {
    fc.assert(
      fc.property(arbitraryRun, (run) => {
        const { steps } = treeOf(run);
        for (const step of steps) {
          let above: CrewStep | undefined = step;
          for (let depth = 0; above !== undefined; depth++) {
            expect(depth).toBeLessThan(30);
            above = above.parent;
          }
          expect(Number.isFinite(step.startMs)).toBe(true);
        }
      }),
    );
  });

  test("one more never leaves fewer steps of a family", () => {
    const counts = (run: readonly SentEvent[]) => {
      const { run: whole, steps } = treeOf(run);
      const families = new Map<string, number>();
      for (const { family, first } of steps) {
        const name = family?.name ?? first.type;
        // A run that is the session leaves its place to another one.
        const key = name === "flow" || name === "crew_kickoff" ? "run" : name;
        families.set(key, (families.get(key) ?? 0) + 1);
      }
      return { families, hasRun: whole !== undefined };
    };
    fc.assert(
      fc.property(arbitraryRun, (run) => {
        let before = counts([]);
        for (let length = 1; length <= run.length; length++) {
          const after = counts(run.slice(0, length));
          for (const [family, count] of before.families)
            expect(after.families.get(family) ?? 0).toBeGreaterThanOrEqual(count);
          before = after;
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** With its fields in the order of their names. */
function canonical(value: unknown): object {
  return JSON.parse(
    JSON.stringify(value, (_name, part: unknown) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
        : part,
    ),
  ) as object;
}
