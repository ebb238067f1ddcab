// What the types of crewAI's events mean: which begin a step and which end it, what tells two steps of one type apart, and
// where their payloads stand. A type that is not known here is an event at one time. After crewAI 1.15, `event_context.py`.

import type { SpanKind } from "../trace/schema";

export interface CrewFamily {
  /** Its start is named `<name>_started`. */
  readonly name: string;
  readonly kind: SpanKind;
  /** Fields that are equal in a start and its end, where both have them. */
  readonly identity: readonly string[];
  /** Fields to call the step by: the first that is there. */
  readonly names: readonly string[];
  /** Fields of the start and of the end that are its input and output: the first that is there. */
  readonly input: readonly string[];
  readonly output: readonly string[];
}

interface FamilyParts extends Partial<Omit<CrewFamily, "name">> {
  readonly ends: readonly string[];
}

const completed = ["completed", "failed"];
const finished = ["finished", "failed", "paused"];
const ownerIdentity = ["task_id", "agent_id", "agent_role"];

const families: Readonly<Record<string, FamilyParts>> = {
  flow: { ends: finished, identity: ["flow_name"], names: ["flow_name"], input: ["inputs"], output: ["result"] },
  method_execution: {
    ends: finished,
    identity: ["method_name"],
    names: ["method_name"],
    input: ["params"],
    output: ["result"],
  },
  crew_kickoff: {
    ends: completed,
    identity: ["crew_name"],
    names: ["crew_name"],
    input: ["inputs"],
    output: ["output"],
  },
  crew_train: { ends: completed, identity: ["crew_name"], input: ["inputs"] },
  crew_test: { ends: completed, identity: ["crew_name"], input: ["inputs"] },
  task: {
    ends: completed,
    identity: ["task_id"],
    names: ["task_display_name", "task_name", "task_description"],
    input: ["task_description"],
    output: ["output_raw", "output"],
  },
  agent_execution: {
    ends: ["completed", "error"],
    identity: ["agent_role"],
    names: ["agent_role"],
    input: ["task_prompt"],
    output: ["output"],
  },
  lite_agent_execution: {
    ends: ["completed", "error"],
    identity: ["agent_role"],
    names: ["agent_role"],
    input: ["messages"],
    output: ["output"],
  },
  llm_call: {
    ends: completed,
    kind: "generation",
    identity: ["call_id"],
    names: ["model"],
    input: ["messages"],
    output: ["response"],
  },
  llm_guardrail: { ends: completed, identity: ownerIdentity, input: ["guardrail"], output: ["result"] },
  tool_usage: {
    ends: ["finished", "error"],
    kind: "tool",
    identity: ["tool_name", "agent_key", "agent_id", "agent_role", "task_id"],
    names: ["tool_name"],
    input: ["tool_args"],
    output: ["output"],
  },
  mcp_connection: { ends: completed, identity: ["server_name", "server_url"], names: ["server_name"] },
  mcp_tool_execution: {
    ends: completed,
    kind: "tool",
    identity: ["tool_name", "server_name"],
    names: ["tool_name"],
    input: ["tool_args"],
    output: ["result"],
  },
  memory_query: { ends: completed, identity: ["query", ...ownerIdentity], input: ["query"], output: ["results"] },
  memory_save: { ends: completed, identity: ownerIdentity, input: ["value"] },
  memory_retrieval: { ends: completed, identity: ownerIdentity, output: ["memory_content"] },
  knowledge_query: { ends: completed, identity: ownerIdentity, input: ["query", "task_prompt"], output: ["results"] },
  knowledge_search_query: { ends: completed, identity: ownerIdentity, input: ["query"], output: ["results"] },
  agent_reasoning: { ends: completed, identity: ownerIdentity, output: ["plan"] },
  agent_evaluation: { ends: completed, identity: ownerIdentity },
  a2a_delegation: { ends: ["completed"], identity: ["context_id"], input: ["task_description"], output: ["result"] },
  a2a_conversation: { ends: ["completed"], identity: ["context_id"], output: ["final_result"] },
  a2a_parallel_delegation: { ends: ["completed"], identity: [], input: ["task_description"], output: ["results"] },
  a2a_server_task: { ends: ["completed", "canceled", "failed"], identity: ["task_id"], output: ["result"] },
};

const ofStart = new Map<string, CrewFamily>();
const ofEnd = new Map<string, CrewFamily>();
for (const [name, { ends, ...parts }] of Object.entries(families)) {
  const family = { name, kind: "span", identity: [], names: [], input: [], output: [], ...parts } as const;
  ofStart.set(`${name}_started`, family);
  for (const end of ends) ofEnd.set(`${name}_${end}`, family);
}

/** The family of steps that an event of this type begins. */
export function startedFamily(type: string): CrewFamily | undefined {
  return ofStart.get(type);
}

/** The family of steps that an event of this type ends. */
export function endedFamily(type: string): CrewFamily | undefined {
  return ofEnd.get(type);
}

/** A run of a crew or a flow: where it stands at the top it is the session itself. */
export function isRun(family: CrewFamily | undefined): boolean {
  return family?.name === "crew_kickoff" || family?.name === "flow";
}

/** True for an event that says that something went wrong. */
export function isFailureType(type: string): boolean {
  return /_(?:failed|error)$/.test(type);
}
