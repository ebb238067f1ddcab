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

const startMs = Date.UTC(2026, 10, 20, 9, 0, 0);

/**
 * A session of ours that was killed after 20 s, as recovery left it: synced once a second, in `S.json` up to 14 s, and the
 * rest put together from its journal.
 */
export function crashedTrace(rest: Partial<TraceFile> = {}): TraceFile {
  const spans: Partial<TraceSpan>[] = [
    {
      kind: "session",
      name: "root",
      startTime: 0,
      endTime: undefined,
      events: [
        {
          name: "tracekeeper.degraded",
          timeMs: startMs + 9_000,
          attributes: { phase: "from", reason: "An append took 312 ms", incarnation: 1 },
        },
        { name: "tracekeeper.degraded", timeMs: startMs + 9_900, attributes: { phase: "to", incarnation: 1 } },
        { name: "tracekeeper.crash", timeMs: startMs + 20_000, attributes: { reason: "killed", incarnation: 1 } },
      ],
    },
  ];
  for (let turn = 0; turn < 5; turn++) {
    const from = turn * 4_000;
    const isLast = turn === 4;
    spans.push({
      kind: "generation",
      name: `generation-${turn + 1}`,
      parentSpanId: "s0",
      startTime: from,
      endTime: from + 2_100,
    });
    const parentSpanId = `s${spans.length - 1}`;
    for (let call = 0; call < 6; call++) {
      const startTime = from + 2_200 + call * 12;
      spans.push({
        name: tools[call % tools.length] ?? "bash",
        parentSpanId,
        startTime,
        endTime: isLast && call > 2 ? undefined : startTime + 700 + call * 140,
        input: { command: `npm run migrate -- step-${turn}-${call}` },
      });
    }
  }
  const everySecond = Array.from({ length: 19 }, (_, second) => [second * 1_000 + 400, 22, second * 4 + 1]);
  return madeUpTrace(spans, {
    sessionId: "crashed",
    metadata: { title: "Migrate warehouse, killed" },
    summary: { status: "crashed", error: "killed" },
    endedAt: new Date(startMs + 20_000).toISOString(),
    writer: { instance: "k3x9", incarnation: 1, seq: 90, offsetBytes: 9_000, rawSessionId: "crashed" },
    durability: [
      {
        incarnation: 1,
        instance: "k3x9",
        startMs,
        fsync: "interval",
        untilMs: 19_000,
        synced: everySecond,
        snapshots: [
          [120, 9, 2],
          [3_300, 14, 12],
          [7_400, 15, 26],
          [11_300, 18, 40],
          [14_300, 18, 54],
        ],
      },
    ],
    ...rest,
  });
}
