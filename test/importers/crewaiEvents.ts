// Events in the shapes of crewAI's trace batches: a run as it is recorded, and arbitrary ones.
import fc from "fast-check";
import { type CrewEvent, readCrewEvent } from "../../src/importers/crewaiEvent";

export type SentEvent = Readonly<Record<string, unknown>> & { readonly event_id: string };

/** The time at which runs of tests begin. */
export const runStartMs = Date.UTC(2026, 10, 20, 9, 0, 0);

/** An event as the client sends it, `at` ms after the start of the run. */
export function crewEvent(
  id: string,
  type: string,
  at: number,
  parent: string | null,
  data: Readonly<Record<string, unknown>> = {},
  envelope: Readonly<Record<string, unknown>> = {},
): SentEvent {
  return {
    event_id: id,
    timestamp: new Date(runStartMs + at).toISOString().replace("Z", "000+00:00"),
    type,
    event_data: data,
    emission_sequence: at,
    parent_event_id: parent,
    previous_event_id: null,
    triggered_by_event_id: null,
    ...envelope,
  };
}

/** What events have that are serialised whole. */
function whole(id: string, type: string, parent: string | null, fields: Readonly<Record<string, unknown>>) {
  return { type, event_id: id, parent_event_id: parent, source_fingerprint: null, task_id: "t-1", ...fields };
}

/** A crew of one agent whose first search reports a failure and whose second one finds something. */
export function researchRun(): SentEvent[] {
  const messages = [{ role: "user", content: "Find the tax rate" }];
  const tool = (id: string, type: string, query: string, fields: Readonly<Record<string, unknown>> = {}) =>
    whole(id, type, "agent", {
      tool_name: "search",
      tool_args: { query },
      tool_class: "SearchTool",
      run_attempts: 1,
      agent_role: "Researcher",
      ...fields,
    });
  const times = { started_at: "2026-11-20T09:00:00.300000", finished_at: "2026-11-20T09:00:00.400000" };
  const agent = { agent_role: "Researcher", agent_goal: "Find facts", agent_backstory: "Was a librarian" };
  const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120, cached_prompt_tokens: 40 };
  return [
    crewEvent(
      "crew",
      "crew_kickoff_started",
      1,
      null,
      whole("crew", "crew_kickoff_started", null, {
        crew_name: "Tax crew",
        inputs: { year: 2026 },
      }),
    ),
    crewEvent("task", "task_started", 2, "crew", {
      task_description: "Find the tax rate\nof this year",
      expected_output: "A number",
      task_name: "find_rate",
      task_display_name: "Find the rate",
      context: "",
      agent_role: "Researcher",
      task_id: "t-1",
    }),
    crewEvent("agent", "agent_execution_started", 3, "task", agent),
    crewEvent(
      "call-1",
      "llm_call_started",
      4,
      "agent",
      whole("call-1", "llm_call_started", "agent", {
        call_id: "c-1",
        model: "gpt-4o-mini",
        messages,
        tools: null,
        temperature: 0.1,
      }),
    ),
    crewEvent(
      "call-1-end",
      "llm_call_completed",
      5,
      "agent",
      whole("call-1-end", "llm_call_completed", "agent", {
        call_id: "c-1",
        model: "gpt-4o-mini",
        messages,
        response: "I shall search",
        call_type: "llm_call",
        usage,
        finish_reason: "stop",
      }),
    ),
    crewEvent("tool-1", "tool_usage_started", 6, "agent", tool("tool-1", "tool_usage_started", "tax")),
    crewEvent(
      "tool-1-end",
      "tool_usage_finished",
      7,
      "agent",
      tool("tool-1-end", "tool_usage_finished", "tax", {
        ...times,
        from_cache: false,
        output: "no results",
        failure: { reason: "tool_reported", message: "The index is empty" },
      }),
    ),
    crewEvent("tool-2", "tool_usage_started", 8, "agent", tool("tool-2", "tool_usage_started", "tax rate 2026")),
    crewEvent(
      "tool-2-end",
      "tool_usage_finished",
      9,
      "agent",
      tool("tool-2-end", "tool_usage_finished", "tax rate 2026", {
        ...times,
        from_cache: true,
        output: { rate: 0.25 },
        failure: null,
      }),
    ),
    crewEvent(
      "memory",
      "memory_save_started",
      10,
      "agent",
      whole("memory", "memory_save_started", "agent", { value: "25 %" }),
    ),
    crewEvent(
      "memory-end",
      "memory_save_failed",
      11,
      "agent",
      whole("memory-end", "memory_save_failed", "agent", {
        value: "25 %",
        error: "The store is locked",
      }),
    ),
    crewEvent("skill", "skill_used", 12, "agent", { skill_name: "tables" }),
    crewEvent("agent-end", "agent_execution_completed", 13, "task", agent),
    crewEvent("task-end", "task_completed", 14, "crew", {
      task_description: "Find the tax rate\nof this year",
      task_name: "find_rate",
      task_id: "t-1",
      output_raw: "25 %",
      output_format: "raw",
      agent_role: "Researcher",
    }),
    crewEvent(
      "crew-end",
      "crew_kickoff_completed",
      15,
      null,
      whole("crew-end", "crew_kickoff_completed", null, {
        crew_name: "Tax crew",
        output: "25 %",
        total_tokens: 120,
      }),
    ),
  ];
}

const types = [
  "crew_kickoff_started",
  "crew_kickoff_completed",
  "crew_kickoff_failed",
  "flow_started",
  "flow_finished",
  "method_execution_started",
  "method_execution_failed",
  "task_started",
  "task_completed",
  "agent_execution_started",
  "agent_execution_error",
  "llm_call_started",
  "llm_call_completed",
  "tool_usage_started",
  "tool_usage_finished",
  "tool_usage_error",
  "conversation_message_added",
  "skill_used",
  "something_new",
];

const fieldName = fc.constantFrom(
  "error",
  "output",
  "messages",
  "task_id",
  "agent_role",
  "usage",
  "__proto__",
  "constructor",
  "crewai.start",
  "tracekeeper.note",
  "type",
  "event_id",
);
const fieldValue = fc.oneof(
  fc.constantFrom<unknown>(null, "", "a", 0, true, [], {}, ["a", null]),
  fc.jsonValue({ maxDepth: 2 }),
);
/** Objects with odd names, made as JSON makes them. */
const fields = fc
  .array(fc.tuple(fieldName, fieldValue), { maxLength: 4 })
  .map(
    (entries) =>
      JSON.parse(
        `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`,
      ) as object,
  );

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 4 });
const id = fc.nat({ max: 24 }).map((number) => `e${number}`);

const eventData = fc
  .tuple(
    fields,
    fc.record(
      {
        call_id: fc.constantFrom("c1", "c2", null),
        tool_name: fc.constantFrom("search", "read"),
        tool_args: fc.constantFrom<unknown>({ a: 1 }, { a: 2 }, "text"),
        agent_role: fc.constantFrom("Writer", "Editor", null),
        task_id: fc.constantFrom("t1", "t2", null),
        started_event_id: fc.oneof(id, fc.constant(null)),
        failure: fc.constantFrom<unknown>(null, { message: "It failed" }),
        role: fc.constantFrom("user", "assistant"),
        content: fc.constantFrom("Hello", null),
        usage: fc.constantFrom<unknown>({ prompt_tokens: 3 }, null),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([odd, known]) => ({ ...odd, ...known }));

/** Events with ids of their own, whose parents and starts may be there, be missing or lead in circles. */
export const arbitraryRun: fc.Arbitrary<SentEvent[]> = fc
  .uniqueArray(
    fc.record({
      event_id: id,
      type: fc.constantFrom(...types),
      timestamp: fc.oneof(
        fc.nat({ max: 30 }).map((at) => new Date(runStartMs + at).toISOString()),
        fc.constantFrom<unknown>(null, "soon", 5),
      ),
      emission_sequence: optional(fc.nat({ max: 12 })),
      parent_event_id: optional(id),
      event_data: fc.oneof(
        { weight: 8, arbitrary: eventData as fc.Arbitrary<unknown> },
        { weight: 1, arbitrary: fieldValue },
      ),
    }),
    { selector: ({ event_id }) => event_id, maxLength: 25 },
  )
  .map((events) => events);

export function readAll(sent: readonly unknown[]): CrewEvent[] {
  return sent.flatMap((event) => readCrewEvent(event) ?? []);
}
