// A program that records itself through the drop-in classes, and beside it what must be found of it: one step of the
// oracle for each thing that it logs. Whatever happens to the files, `expectSession` holds what every reader of ours makes
// of them against that.
//
//   const program = new TracedProgram({ fs }); program.start(); program.work(3); await laterTurn();
//   program.trace.flushSync("SIGTERM"); ... expectSession(disk, program.steps, "crashed: SIGTERM");

import { expect } from "vitest";
import { FileExporter } from "../../src/recorder/fileExporter";
import { readWhole } from "../../src/recorder/fileTasks";
import type { Machine, ProcessFacts } from "../../src/recorder/liveness";
import { type RecorderFs, runSync } from "../../src/recorder/recorderFs";
import { readSessionOnDisk } from "../../src/recorder/sessionOnDisk";
import { Trace } from "../../src/recorder/trace";
import type { FsyncMode, TraceExporter, TraceFile } from "../../src/recorder/traceTypes";
import type { Liveness } from "../../src/trace/evidence";
import { readSession } from "../../src/trace/readSession";
import type { LoadedSession } from "../../src/trace/sessionFiles";
import { deriveState } from "../../src/trace/state";
import { CrashableFs } from "./crashableFs";
import { differences, type Step } from "./oracle";

export const directory = "/traces";

/** Timers that a test drives by itself; with the clock that they go by, so that no pause of the machine counts. */
export const fakedTimers = ["setTimeout", "clearTimeout", "performance"] as const;

export function emptyDisk(): CrashableFs {
  return new CrashableFs({ directories: [directory], nowMs: () => Date.now() });
}

/** A machine on which every process is what `facts` say. */
export function machineWhere(facts: ProcessFacts, parts: Partial<Machine> = {}): Machine {
  return { host: "lab", bootId: "boot-1", pidNamespace: "pid:[1]", process: () => facts, ...parts };
}

/** Where the programs of a test run, and the same machine when they are gone. */
export const runningMachine = machineWhere({ type: "present", isZombie: false, start: "1" });
export const laterMachine = machineWhere({ type: "absent" });

interface ProgramOptions {
  readonly fs: RecorderFs;
  /** In place of `/traces`. */
  readonly directory?: string | undefined;
  readonly machine?: Machine | undefined;
  readonly fsync?: FsyncMode | undefined;
  readonly sessionId?: string | undefined;
  readonly exporters?: readonly TraceExporter[] | undefined;
  /** In place of one of its own. */
  readonly exporter?: FileExporter | undefined;
}

export class TracedProgram {
  readonly trace: Trace;
  readonly exporter: FileExporter;
  readonly sessionId: string;
  readonly steps: Step[] = [];
  /** What the recorder reported. */
  readonly problems: string[] = [];
  #count = 0;

  constructor(options: ProgramOptions) {
    const { fs, machine = runningMachine, fsync = "interval", exporters = [], sessionId = "s" } = options;
    this.sessionId = sessionId;
    const onProblem = ({ message }: { message: string }) => void this.problems.push(message);
    this.exporter =
      options.exporter ?? new FileExporter(options.directory ?? directory, 0, { fs, machine, fsync, onProblem });
    this.trace = Trace.withExporters([this.exporter, ...exporters]);
  }

  start(sessionId = this.sessionId): void {
    this.trace.startTrace(sessionId, { title: `Title of ${sessionId}` });
    this.steps.push({ metadata: { title: `Title of ${sessionId}` } });
  }

  /** Logs so many finished tool calls, each with an event. */
  work(count = 1, outputBytes = 10): void {
    for (let index = 0; index < count; index++) this.endTool(this.beginTool(), outputBytes);
  }

  beginTool(): string {
    const label = `${this.sessionId}-${++this.#count}`;
    const spanId = this.trace.startToolCall({ tool: "bash", callID: label, input: { command: label } });
    if (spanId === "") throw new Error("No session is recorded");
    this.steps.push({ spanId, fields: { name: "bash", kind: "tool", input: { command: label }, endTime: undefined } });
    this.trace.addEvent(spanId, { name: "line", attributes: { text: label } });
    this.steps.push({ spanId, event: { name: "line", attributes: { text: label } } });
    return spanId;
  }

  endTool(spanId: string, outputBytes = 10): void {
    const output = `${spanId} `.padEnd(outputBytes, ".");
    this.trace.endToolCall(spanId, { status: "completed", output });
    this.steps.push({ spanId, fields: { output, status: "ok", endTime: expect.any(Number) } });
  }

  /** A trace of this session that says it is over, as a program that knows nothing of the recorder's state has it. */
  claim(): TraceFile {
    const nowMs = Date.now();
    const ended = { startTime: nowMs - 5, endTime: nowMs, status: "ok" } as const;
    return {
      version: 2,
      traceId: "claimed",
      sessionId: this.sessionId,
      startedAt: new Date(nowMs - 5).toISOString(),
      endedAt: new Date(nowMs).toISOString(),
      metadata: {},
      spans: [
        { ...ended, spanId: "claimed", parentSpanId: null, name: "claim", kind: "session" },
        { ...ended, spanId: "claimed-tool", parentSpanId: "claimed", name: "bash", kind: "tool" },
      ],
      summary: {
        totalTokens: 0,
        totalCost: 0,
        totalToolCalls: 0,
        totalGenerations: 0,
        duration: 5,
        status: "completed",
        tokens: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
      },
    };
  }
}

/** `running`, or `crashed: SIGTERM`: the state in one line. */
export function stateOf({ evidence }: Pick<LoadedSession, "evidence">): string {
  const { status, error } = deriveState(evidence, Date.now());
  return error === undefined ? status : `${status}: ${error}`;
}

/** Holds a session against its state and against all that must be in it, and nothing else. */
export function expectLoaded(loaded: LoadedSession, steps: readonly Step[], state: string): void {
  expect({ state: stateOf(loaded), differences: differences(steps, loaded) }).toEqual({ state, differences: [] });
}

/** @returns the session, for closer looks */
export function expectSession(
  disk: RecorderFs,
  steps: readonly Step[],
  state: string,
  { safeId = "s", liveness = "alive", at = directory }: { safeId?: string; liveness?: Liveness; at?: string } = {},
): LoadedSession {
  const found = runSync(disk, readSessionOnDisk(at, safeId));
  if (!found) throw new Error("The files of the session keep vanishing");
  const loaded = readSession(found.files, () => liveness);
  expectLoaded(loaded, steps, state);
  return loaded;
}

/** Names in the directory, temporary files by what they are alone. */
export function namesOn(disk: CrashableFs): string[] {
  return disk.sync
    .list(directory)
    .map((name) => name.replace(/\.tmp\..*$/, ".tmp"))
    .sort();
}

/** `S.json` by itself, as a program reads it that knows no other file. */
export function snapshotOn(disk: CrashableFs, safeId = "s"): TraceFile {
  const bytes = runSync(disk, readWhole(`${directory}/${safeId}.json`));
  return JSON.parse(Buffer.from(bytes ?? []).toString()) as TraceFile;
}
