// Writes large traces for benchmarks: about 680 bytes a span, the same bytes for the same seed. Three shapes: `wide` (turns
// of ten tool calls under one root), `deep` (chains of 10,000 levels) and `bursty` (many calls at once, then pauses).
import { once } from "node:events";
import { createWriteStream } from "node:fs";

export const traceShapes = ["wide", "deep", "bursty"] as const;
export type TraceShape = (typeof traceShapes)[number];

export interface GeneratedTrace {
  readonly spans: number;
  readonly shape: TraceShape;
  readonly seed: number;
  /** As `JSON.stringify` has it; 0 writes none. */
  readonly indent?: number;
}

const startMs = 1_795_170_000_000;
const levels = 10_000;
const turnLength = 11;
const written = 200;

export async function writeTrace(path: string, trace: GeneratedTrace): Promise<void> {
  const stream = createWriteStream(path);
  const { spans, shape, indent = 0 } = trace;
  const header = {
    version: 2,
    traceId: `trace-${trace.seed}`,
    sessionId: "session",
    startedAt: new Date(startMs).toISOString(),
    metadata: { title: `${spans} spans, ${shape}`, agent: "build" },
    summary: { totalTokens: 0, totalCost: 0, duration: spans * 10, status: "error" },
  };
  const head = JSON.stringify(header, undefined, indent);
  stream.write(`${head.slice(0, head.lastIndexOf("}"))},"spans":[`);
  const random = randomFrom(trace.seed);
  for (let index = 0; index < spans; ) {
    let text = "";
    for (let count = 0; count < written && index < spans; count++, index++) {
      text += `${index === 0 ? "" : ","}${JSON.stringify(spanOf(index, trace, random), undefined, indent)}`;
    }
    if (!stream.write(text)) await once(stream, "drain");
  }
  stream.end("]}");
  await once(stream, "finish");
}

const idOf = (index: number, seed: number) =>
  (Math.imul(seed, 0x9e37) >>> 0).toString(16).padStart(8, "0") + index.toString(16).padStart(8, "0");

export function parentOf(index: number, { shape }: GeneratedTrace): number {
  if (index === 0) return -1;
  if (shape === "deep") return index % levels === 0 ? 0 : index - 1;
  const place = (index - 1) % turnLength;
  return place === 0 ? 0 : index - place;
}

/** Bursts of 11 within a fifth of a second, and a pause of up to a minute after every tenth. */
export function startOf(index: number, { shape }: GeneratedTrace): number {
  if (shape !== "bursty") return startMs + index * 10;
  const turn = Math.floor(index / turnLength);
  return startMs + turn * 200 + Math.floor(turn / 10) * 60_000 + (index % turnLength) * 7.25;
}

function spanOf(index: number, trace: GeneratedTrace, random: () => number): Record<string, unknown> {
  const parent = parentOf(index, trace);
  const isGeneration = parent === 0;
  const start = startOf(index, trace);
  const isFailed = random() < 0.02;
  const isShell = random() < 0.5;
  const file = `/repo/src/part-${Math.floor(random() * 90)}/file-${Math.floor(random() * 900)}.ts`;
  const durationMs = Math.floor(random() * 900) / 8;
  return {
    spanId: idOf(index, trace.seed),
    parentSpanId: parent < 0 ? null : idOf(parent, trace.seed),
    name:
      index === 0
        ? "session"
        : isGeneration
          ? `generation-${Math.floor(index / turnLength)}`
          : isShell
            ? "bash"
            : "read",
    kind: index === 0 ? "session" : isGeneration ? "generation" : "tool",
    startTime: start,
    endTime: start + durationMs,
    status: isFailed ? "error" : "ok",
    ...(isFailed ? { statusMessage: "exit 1" } : {}),
    ...(isGeneration
      ? {
          model: { modelId: "some-model-1", providerId: "somewhere" },
          finishReason: "stop",
          tokens: {
            input: 1200 + (index % 900),
            output: 90,
            reasoning: 0,
            cacheRead: 800,
            cacheWrite: 20,
            total: 2110,
          },
          cost: 0.0125,
        }
      : { tool: { callId: `call_${index}`, durationMs } }),
    input: isShell ? { command: `npm test -- --run part-${index % 500}`, cwd: "/repo" } : { filePath: file },
    output: outputText(random),
    attributes: { "code.file.path": file, "code.line.number": index % 400 },
  };
}

const words = "All tests passed in src/billing/tax.test.ts (12 ms) and nothing else was said of “them”".split(" ");

function outputText(random: () => number): string {
  let text = "";
  while (text.length < 280) text += `${words[Math.floor(random() * words.length)]}${random() < 0.08 ? "\n" : " "}`;
  return text;
}

/** Numbers from 0 up to, and not with, 1; xorshift, which is the same everywhere. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
