// A session on the real file system that receives spans, read back as every reader reads it.
import { join } from "node:path";
import { readOtlpRequest } from "../../src/importers/otlpRequest";
import { mapOtlpSpan } from "../../src/importers/otlpSpan";
import { openSessionRecorder } from "../../src/recorder/openSession";
import { nodeFs, type RecorderFs } from "../../src/recorder/recorderFs";
import type { SessionRecorder } from "../../src/recorder/sessionRecorder";
import { SpanIds } from "../../src/recorder/traceIds";
import { OtlpSpanLog } from "../../src/session/otlpSpanLog";
import { loadSession } from "../../src/store/loadSession";
import type { TraceFile, TraceSpan } from "../../src/trace/schema";
import { type SpanParts, sentRequest, sentSpan } from "../importers/otlpPayload";
import { renderTree } from "../trace/renderTree";

export interface OtlpSession {
  readonly recorder: SessionRecorder;
  /** Of the command, below which received spans hang. */
  readonly commandId: string;
  readonly rootId: string;
  readonly log: OtlpSpanLog;
  readonly problems: string[];
  /** Sends one request; throws where a span is refused that is not meant to be. */
  send(...spans: readonly SpanParts[]): void;
  /** Ends the session, and with it the recorder's timers. */
  end(): Promise<void>;
}

export function openSession(directory: string, fs: RecorderFs = nodeFs): OtlpSession {
  const problems: string[] = [];
  const onProblem = ({ message }: { readonly message: string }) => void problems.push(message);
  const recorder = openSessionRecorder({
    directory,
    sessionId: "s",
    traceId: "t1",
    metadata: { title: "A title" },
    mode: "start",
    fsync: "interval",
    fs,
    machine: undefined,
    onProblem,
  });
  if (!recorder) throw new Error(problems.join());
  const ids = new SpanIds();
  const [rootId, commandId] = [ids.next(), ids.next()];
  const begin = (spanId: string, parentSpanId: string | null, kind: "session" | "tool", name: string) =>
    recorder.begin(spanId, JSON.stringify({ spanId, parentSpanId, name, kind, startTime: recorder.nowMs() }), {
      kind,
      name,
    });
  begin(rootId, null, "session", "s");
  begin(commandId, rootId, "tool", "command");
  const log = new OtlpSpanLog({ recorder, parentSpanId: commandId, onProblem });
  return {
    recorder,
    commandId,
    rootId,
    log,
    problems,
    send(...spans) {
      const { spans: sent, faults } = readOtlpRequest(sentRequest(spans.map(sentSpan)));
      const { refused, isWhole } = log.add(sent.map(mapOtlpSpan));
      if (faults.length > 0 || refused > 0 || !isWhole) throw new Error("The request was refused");
      recorder.appendNow();
    },
    async end() {
      await recorder.finish({ status: "completed" });
    },
  };
}

export async function loadTrace(directory: string): Promise<TraceFile> {
  const { trace, problems } = await loadSession(join(directory, "s.json"), () => "alive");
  if (trace === undefined || problems.length > 0)
    throw new Error(`The session is damaged: ${JSON.stringify(problems)}`);
  return trace;
}

/** Spans that came over OTLP: all but the session's own two. */
export function receivedSpans(trace: TraceFile): TraceSpan[] {
  return trace.spans.slice(2);
}

/** The tree below the command: names, two spaces a level. */
export function namesBelowCommand(trace: TraceFile): string[] {
  return renderTree(trace.spans)
    .split("\n")
    .slice(2)
    .map((line) => line.slice(4).replace(/ (?:span|tool|generation) .*$/, ""));
}
