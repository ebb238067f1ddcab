// Traces of programs that print: what was written when becomes bursts as the session process records them.
import { parseAnsiLine } from "../../src/trace/ansi";
import type { OutputStream } from "../../src/trace/outputBurst";
import type { TraceFile, TraceSpan } from "../../src/trace/schema";

/** A piece of output as it came: ms after the start of the command. */
export interface Piece {
  readonly atMs: number;
  readonly text: string;
  readonly stream?: OutputStream | undefined;
}

export interface CommandEnd {
  readonly atMs: number;
  /** Undefined for a command that went well. */
  readonly error?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly interrupted?: boolean | undefined;
}

export interface ProgramTrace {
  readonly command: string;
  readonly pieces: readonly Piece[];
  /** Undefined while it runs. */
  readonly end?: CommandEnd | undefined;
  readonly startMs?: number | undefined;
  readonly title?: string | undefined;
  /** Spans that the program sent, below its command. */
  readonly steps?: readonly TraceSpan[] | undefined;
  readonly capture?: "terminal" | "pipes" | undefined;
}

export const sessionId = "ses_program";
export const commandId = "command-1";
export const outputId = "output-1";

/** One burst for each piece. */
export function burstSpans(pieces: readonly Piece[], startMs: number, parentSpanId = outputId): TraceSpan[] {
  const isOpen = new Map<OutputStream, boolean>();
  return pieces.map(({ atMs, text, stream = "terminal" }, index) => {
    const continues = isOpen.get(stream) === true;
    const lineCount = text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
    if (text !== "") isOpen.set(stream, !text.endsWith("\n"));
    return {
      spanId: `burst-${index}`,
      parentSpanId,
      name: stream,
      kind: "text",
      startTime: startMs + atMs,
      endTime: startMs + atMs,
      status: "ok",
      output: text,
      attributes: {
        "tracekeeper.output": {
          stream,
          bytes: new TextEncoder().encode(text).length,
          ...(continues && text !== "" ? { continues: true } : {}),
          times: new Array<number>(Math.max(0, lineCount - (continues && text !== "" ? 1 : 0))).fill(0),
        },
      },
    };
  });
}

export function programTrace(program: ProgramTrace): TraceFile {
  const { command, pieces, end, startMs = Date.UTC(2026, 10, 20, 9, 0, 0), title = command } = program;
  const endTime = end === undefined ? {} : { endTime: startMs + end.atMs };
  const isFailed = end?.error !== undefined;
  const capture = program.capture ?? "terminal";
  // As the session process keeps it: what a person sees at the end.
  const whole = pieces.map(({ text }) => text).join("");
  const lines = whole.slice(-100_000).split("\n");
  const tail = lines
    .map((line) => parseAnsiLine(line).text)
    .join("\n")
    .slice(-16_384);
  const spans: TraceSpan[] = [
    {
      spanId: "root",
      parentSpanId: null,
      name: title,
      kind: "session",
      startTime: startMs,
      ...endTime,
      status: isFailed ? "error" : "ok",
      ...(isFailed ? { statusMessage: end.error } : {}),
      ...(end?.interrupted === true ? { interrupted: true } : {}),
      attributes: {
        "tracekeeper.launch": {
          id: "l1",
          origin: { type: "command", label: command },
          capture: { asked: capture, used: capture },
        },
      },
    },
    {
      spanId: commandId,
      parentSpanId: "root",
      name: "command",
      kind: "tool",
      startTime: startMs + 2,
      ...endTime,
      status: isFailed ? "error" : "ok",
      ...(isFailed ? { statusMessage: end.error } : {}),
      ...(end?.interrupted === true ? { interrupted: true } : {}),
      input: { command, cwd: "/repo/shop", capture },
      ...(end === undefined ? {} : { output: tail, attributes: { exitCode: end.exitCode ?? (isFailed ? 1 : 0) } }),
    },
    {
      spanId: outputId,
      parentSpanId: commandId,
      name: "output",
      kind: "text",
      startTime: startMs + 2,
      ...endTime,
      status: "ok",
      attributes: { "tracekeeper.output": true },
    },
    ...burstSpans(pieces, startMs),
    ...(program.steps ?? []),
  ];
  return {
    version: 2,
    traceId: "t",
    sessionId,
    startedAt: new Date(startMs).toISOString(),
    ...(end === undefined ? {} : { endedAt: new Date(startMs + end.atMs).toISOString() }),
    metadata: { title },
    spans,
    summary: {
      status: end === undefined ? "running" : isFailed ? "error" : "completed",
      ...(isFailed ? { error: end.error } : {}),
    },
  };
}

/** The same text in pieces that end at the given places. */
export function inPieces(text: string, ends: readonly number[], stream: OutputStream = "terminal"): Piece[] {
  const cuts = [...new Set(ends.map((end) => Math.min(end, text.length)))].sort((a, b) => a - b);
  const pieces: Piece[] = [];
  let start = 0;
  for (const end of [...cuts, text.length]) {
    if (end > start) pieces.push({ atMs: pieces.length, text: text.slice(start, end), stream });
    start = Math.max(start, end);
  }
  return pieces;
}
