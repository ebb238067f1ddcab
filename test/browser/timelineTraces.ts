// Traces for the timeline: turns with bursts of calls, sub-agents side by side, failures, an idle hour.

import type { TraceFile, TraceSpan } from "../../src/trace/schema";
import { madeUpTrace } from "./panelHarness";

interface Calls {
  readonly parent: string;
  readonly count: number;
  readonly fromMs: number;
  readonly everyMs: number;
  readonly forMs: number;
}

const tools = ["bash", "read", "grep", "edit"];

/** A session of two agents and three bursts over about a minute. */
export function burstTrace(rest: Partial<TraceFile> = {}): TraceFile {
  const spans: Partial<TraceSpan>[] = [{ kind: "session", name: "root", startTime: 0, endTime: 60_000 }];
  const add = (span: Partial<TraceSpan>) => spans.push({ parentSpanId: "s0", ...span }) - 1;
  const addCalls = ({ parent, count, fromMs, everyMs, forMs }: Calls) => {
    for (let at = 0; at < count; at++) {
      const startTime = fromMs + at * everyMs;
      const isFailed = at === 5;
      add({
        name: tools[at % tools.length] ?? "bash",
        parentSpanId: parent,
        startTime,
        endTime: startTime + forMs + (at % 3) * forMs * 0.4,
        input: { command: `npm test -- part-${at}`, filePath: `src/part-${at}.ts` },
        ...(isFailed ? { status: "error", statusMessage: "exit 1" } : {}),
      });
    }
  };
  const turn = (startTime: number, endTime: number, parentSpanId = "s0") =>
    add({
      kind: "generation",
      name: `generation-${spans.length}`,
      parentSpanId,
      startTime,
      endTime,
      tokens: { input: 1_200, output: 300, total: 1_500 },
      cost: 0.012,
    });
  const first = turn(0, 4_000);
  addCalls({ parent: `s${first}`, count: 12, fromMs: 4_000, everyMs: 7, forMs: 600 });
  for (const [index, from] of [6_000, 6_400].entries()) {
    const agent = add({
      name: "task",
      startTime: from,
      endTime: from + 24_000,
      input: { description: `Look at part ${index}` },
    });
    const thinks = turn(from, from + 3_000, `s${agent}`);
    addCalls({ parent: `s${thinks}`, count: 9, fromMs: from + 3_000, everyMs: 15, forMs: 2_000 });
    turn(from + 8_000, from + 14_000, `s${agent}`);
    addCalls({ parent: `s${agent}`, count: 3, fromMs: from + 14_500, everyMs: 2_800, forMs: 2_500 });
  }
  turn(31_000, 40_000);
  addCalls({ parent: "s0", count: 4, fromMs: 41_000, everyMs: 4_500, forMs: 3_000 });
  return madeUpTrace(spans, { sessionId: "bursts", metadata: { title: "Two agents and three bursts" }, ...rest });
}
