// Traces that the samples do not have: a large one, one that is being written, one with hostile texts.
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

interface Span {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: string;
  readonly startTime: number;
  readonly endTime?: number;
  readonly status: "ok" | "error";
  readonly statusMessage?: string;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

const tools: readonly (readonly [name: string, input: unknown])[] = [
  ["bash", { command: "npm test -- billing" }],
  ["read", { filePath: "/repo/src/billing/tax.ts" }],
  ["grep", { pattern: "roundHalfEven", path: "src" }],
  ["edit", { filePath: "/repo/src/billing/tax.ts", oldString: "a", newString: "b" }],
  ["sql_execute", { query: "select count(*) from stg_orders" }],
];

/** Generations of ten calls each, in bursts, one call in 97 failed; about `count` spans over about an hour. */
export function largeTrace(id: string, count: number, endMs: number): unknown {
  const startMs = endMs - 3_600_000;
  const spans: Span[] = [
    {
      spanId: "r",
      parentSpanId: null,
      name: id,
      kind: "session",
      startTime: startMs,
      endTime: endMs,
      status: "error",
      statusMessage: "gave up after too many failures",
    },
  ];
  const stepMs = 3_500_000 / (count / 11);
  for (let step = 0; spans.length < count; step++) {
    const from = startMs + step * stepMs;
    const generation = `g${step}`;
    spans.push({
      spanId: generation,
      parentSpanId: "r",
      name: `generation-${step}`,
      kind: "generation",
      startTime: from,
      endTime: from + stepMs * 0.6,
      status: "ok",
    });
    for (let call = 0; call < 10 && spans.length < count; call++) {
      const [name, input] = tools[(step + call) % tools.length] ?? ["bash", {}];
      const at = from + stepMs * (0.6 + 0.03 * call);
      const isFailed = spans.length % 97 === 0;
      spans.push({
        spanId: `c${spans.length}`,
        parentSpanId: generation,
        name,
        kind: "tool",
        startTime: at,
        endTime: at + stepMs * (0.02 + 0.01 * ((call * 7) % 11)),
        status: isFailed ? "error" : "ok",
        input,
        ...(isFailed
          ? { statusMessage: "Command failed with exit code 1\n    at run (/repo/src/api/router.ts:12:3)" }
          : { output: "done" }),
      });
    }
  }
  return traceOf(id, "Nightly migration", startMs, endMs, spans, "error");
}

/** A run of a few minutes, in the middle of a command. */
export function liveTrace(id: string, nowMs: number): unknown {
  const startMs = nowMs - 190_000;
  const spans: Span[] = [
    {
      spanId: "r",
      parentSpanId: null,
      name: id,
      kind: "session",
      startTime: startMs,
      status: "ok",
      input: "Upgrade the router and keep the tests green.",
    },
  ];
  for (let step = 0; step < 6; step++) {
    const from = startMs + step * 30_000;
    spans.push({
      spanId: `g${step}`,
      parentSpanId: "r",
      name: `generation-${step + 1}`,
      kind: "generation",
      startTime: from,
      status: "ok",
      ...(step < 5 ? { endTime: from + 9_000 } : {}),
    });
    for (let call = 0; call < 4; call++) {
      const [name, input] = tools[(step + call) % tools.length] ?? ["bash", {}];
      const at = from + 10_000 + call * 2_000;
      if (at > nowMs) break;
      const isOpen = step === 5 && call === 3;
      spans.push({
        spanId: `c${step}-${call}`,
        parentSpanId: `g${step}`,
        name,
        kind: "tool",
        startTime: at,
        status: "ok",
        input,
        ...(isOpen ? {} : { endTime: at + 3_000, output: "done" }),
      });
    }
  }
  return traceOf(id, "Upgrade the router", startMs, nowMs, spans, "running");
}

/** An attempt of a run of a batch, whose comparison failed. @param batch as the root's attribute tells it */
export function batchRunTrace(id: string, batch: Readonly<Record<string, unknown>>, startMs: number): unknown {
  const step = (
    spanId: string,
    name: string,
    kind: string,
    from: number,
    to: number,
    more: Partial<Span> = {},
  ): Span => ({
    spanId,
    parentSpanId: "r",
    name,
    kind,
    startTime: startMs + from,
    endTime: startMs + to,
    status: "ok",
    ...more,
  });
  const failure = { status: "error", statusMessage: "answer 7 differs from what was expected" } as const;
  const spans = [
    step("r", "score-answer", "session", 0, 4_900, {
      ...failure,
      parentSpanId: null,
      input: { question: 7 },
      attributes: { "tracekeeper.batch": batch },
    }),
    step("a", "load question", "tool", 20, 260, { input: { id: 7 }, output: "How is half an even number rounded?" }),
    step("b", "generation-1", "generation", 270, 3_300, { output: "Away from zero." }),
    step("c", "load expectation", "tool", 3_310, 3_420, { input: { id: 7 }, output: "To the nearest even number." }),
    step("d", "compare", "tool", 3_430, 4_880, { ...failure, input: { answer: "Away from zero." } }),
  ];
  return traceOf(id, "score-answer", startMs, startMs + 4_900, spans, "error");
}

function traceOf(
  id: string,
  title: string,
  startMs: number,
  endMs: number,
  spans: readonly Span[],
  status: string,
): unknown {
  return {
    version: 2,
    traceId: `trace-${id}`,
    sessionId: id,
    startedAt: new Date(startMs).toISOString(),
    endedAt: new Date(endMs).toISOString(),
    metadata: { title, agent: "build", model: "anthropic/claude-sonnet-4-5" },
    spans,
    summary: {
      totalTokens: 61_204,
      totalCost: 0.48,
      totalToolCalls: spans.length,
      totalGenerations: 6,
      duration: endMs - startMs,
      status,
    },
  };
}

/** Writes as recorders do: a temporary file, then a rename. */
export async function writeTrace(file: string, trace: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.tmp.${process.pid}.x`;
  await writeFile(temporary, JSON.stringify(trace));
  await rename(temporary, file);
}
