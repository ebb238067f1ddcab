// Runs the real session process: bundled into a folder of its own, with launches and traces beside it. A run writes to
// pipes, or to a terminal as VS Code has them.

import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { pinnedNode, repositoryRoot } from "../../scripts/lib/paths.mjs";
import { installServer } from "../../scripts/lib/vscodeServer.mjs";
import { makeProbeLiveness, thisMachine } from "../../src/recorder/liveness";
import { type Launch, type LaunchClaim, readClaim } from "../../src/session/launch";
import { loadNodePty } from "../../src/session/nodePty";
import { loadSession } from "../../src/store/loadSession";
import { isOutputRoot, type OutputStream, outputBurstOf } from "../../src/trace/outputBurst";
import { safeId, traceFileNames } from "../../src/trace/safeId";
import type { TraceFile, TraceSpan } from "../../src/trace/schema";
import { deriveState, type SessionState } from "../../src/trace/state";
import { makeTempDir, type TempDir } from "../support/tempDir";

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Run {
  readonly launch: Launch;
  readonly launchPath: string;
  readonly child: ChildProcess;
  /** Everything so far. */
  stdout(): Buffer;
  stderr(): Buffer;
  readonly ended: Promise<Ended>;
}

/** What VS Code's terminal is to the session process. */
export interface TerminalRun {
  readonly launch: Launch;
  readonly launchPath: string;
  readonly pid: number;
  /** Everything shown so far. */
  screen(): string;
  write(text: string): void;
  resize(columns: number, rows: number): void;
  kill(signal: string): void;
  readonly ended: Promise<{ readonly exitCode: number; readonly signal?: number }>;
}

export interface Recorded {
  readonly trace: TraceFile;
  readonly state: SessionState;
  readonly root: TraceSpan;
  readonly command: TraceSpan;
  /** All output of a stream; of all streams in their order where none is named. */
  output(stream?: OutputStream): string;
  readonly bursts: readonly TraceSpan[];
}

export interface Folder extends AsyncDisposable {
  readonly dir: TempDir;
  readonly program: string;
  /** Writes a launch; what is left out is that of a shell's line in pipes. */
  launch(changes?: Partial<Launch> & { readonly line?: string }): Promise<{ launch: Launch; launchPath: string }>;
  start(changes?: Parameters<Folder["launch"]>[0], options?: StartOptions): Promise<Run>;
  /** Starts the command of a launch again. */
  startAgain(launch: Launch, launchPath: string, options?: StartOptions): Run;
  startInTerminal(changes?: Parameters<Folder["launch"]>[0], env?: Record<string, string>): Promise<TerminalRun>;
  recorded(launch: Launch): Promise<Recorded>;
  /** Of a file below; undefined where there is none, or nothing in it. */
  text(path: string): Promise<string | undefined>;
  remove(path: string): Promise<void>;
  traces(): string;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: "ignore" | "pipe";
  /** Leads a process group of its own. */
  readonly ownGroup?: boolean;
  /** Goes before `node`: a program that runs it. */
  readonly through?: readonly string[];
  /** Nobody reads standard output. */
  readonly unread?: boolean;
}

/** As VS Code ships it. */
export async function nodePtyFolder(): Promise<string> {
  return join(dirname(dirname(await installServer())), "node_modules/node-pty");
}

export async function makeFolder(): Promise<Folder> {
  const dir = await makeTempDir();
  const program = dir.join("session.js");
  await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ["src/session/main.ts"],
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22.15",
    outfile: program,
    logLevel: "error",
  });
  await dir.write("work/.keep", "");
  const folder: Folder = {
    dir,
    program,
    traces: () => dir.join("traces"),
    async launch({ line = "true", ...changes } = {}) {
      const id = changes.id ?? randomUUID();
      const launch: Launch = {
        version: 1,
        id,
        directory: dir.join("traces"),
        sessionId: id,
        title: "A run",
        program: { type: "shell", line },
        cwd: dir.join("work"),
        capture: "pipes",
        origin: { type: "command", label: line },
        stop: { terminateAfterMs: 60_000, killAfterMs: 60_000 },
        ...changes,
      };
      return { launch, launchPath: await dir.write(`launches/${id}.json`, JSON.stringify(launch)) };
    },
    async start(changes, options) {
      const { launch, launchPath } = await folder.launch(changes);
      return folder.startAgain(launch, launchPath, options);
    },
    startAgain(launch, launchPath, options = {}) {
      const [file = pinnedNode, ...args] = [...(options.through ?? []), pinnedNode, program, "--launch", launchPath];
      const child = spawn(file, args, {
        cwd: dir.path,
        env: { ...cleanEnvironment(), ...options.env } as NodeJS.ProcessEnv,
        stdio: [options.stdin ?? "ignore", "pipe", "pipe"],
        detached: options.ownGroup ?? false,
      });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      if (options.unread !== true) child.stdout?.on("data", (bytes: Buffer) => stdout.push(bytes));
      child.stderr?.on("data", (bytes: Buffer) => stderr.push(bytes));
      const ended = new Promise<Ended>((resolve) => {
        const event = options.unread === true ? "exit" : "close";
        child.once(event, (code: number | null, signal: string | null) => resolve({ code, signal }));
      });
      return {
        launch,
        launchPath,
        child,
        stdout: () => Buffer.concat(stdout),
        stderr: () => Buffer.concat(stderr),
        ended,
      };
    },
    async startInTerminal(changes, env = {}) {
      const nodePty = await nodePtyFolder();
      const { launch, launchPath } = await folder.launch({ capture: "terminal", nodePty, ...changes });
      const terminal = loadNodePty(nodePty).spawn(pinnedNode, [program, "--launch", launchPath], {
        cols: 90,
        rows: 30,
        cwd: dir.path,
        env: { ...(cleanEnvironment() as Record<string, string>), ...env },
      });
      let screen = "";
      terminal.onData((data) => {
        screen += String(data);
      });
      const ended = new Promise<{ exitCode: number; signal?: number }>((resolve) => terminal.onExit(resolve));
      return {
        launch,
        launchPath,
        pid: terminal.pid,
        screen: () => screen,
        write: (text) => terminal.write(text),
        resize: (columns, rows) => terminal.resize(columns, rows),
        kill: (signal) => terminal.kill(signal),
        ended,
      };
    },
    async recorded({ sessionId, directory }) {
      const path = join(directory, traceFileNames.snapshot(safeId(sessionId)));
      const { trace, evidence } = await loadSession(path, makeProbeLiveness());
      return describeTrace(trace, deriveState(evidence, Date.now()));
    },
    async text(path) {
      return (await readFile(dir.join(path), "utf8").catch(() => "")) || undefined;
    },
    remove: (path) => rm(dir.join(path), { force: true }),
    [Symbol.asyncDispose]: () => dir.remove(),
  };
  return folder;
}

function describeTrace(trace: TraceFile, state: SessionState): Recorded {
  const root = trace.spans.find(({ parentSpanId }) => parentSpanId === null);
  const command = trace.spans.find(({ name, kind }) => name === "command" && kind === "tool");
  const outputRoots = new Set(trace.spans.filter(isOutputRoot).map(({ spanId }) => spanId));
  if (root === undefined) throw new Error("The trace has no root");
  const bursts = trace.spans.filter((span) => outputBurstOf(span) !== undefined);
  for (const { parentSpanId } of bursts) {
    if (!outputRoots.has(parentSpanId ?? "")) throw new Error("A burst is elsewhere");
  }
  return {
    trace,
    state,
    root,
    command: command ?? root,
    bursts,
    output: (stream) =>
      bursts
        .filter((span) => stream === undefined || outputBurstOf(span)?.stream === stream)
        .map((span) => String(span.output ?? ""))
        .join(""),
  };
}

/** Without what the test's own runner has set for itself. */
function cleanEnvironment(): Readonly<Record<string, string | undefined>> {
  const own = /^(?:NODE_OPTIONS|VITEST|OTEL_|TRACEPARENT|NODE_V8_COVERAGE|NO_COLOR|FORCE_COLOR|npm_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}

/** The claim, once the program runs. */
export async function running(launchPath: string): Promise<LaunchClaim & { childPid: number }> {
  return await until(async () => {
    const claim = await readClaim(launchPath);
    return claim?.childPid === undefined ? undefined : { ...claim, childPid: claim.childPid };
  }, "the program runs");
}

/** Waits for evidence; the test's own limit ends the waiting. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  const giveUpAtMs = performance.now() + 100_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpAtMs) throw new Error(`It never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function stopRun(launchPath: string): Promise<void> {
  const { control } = await running(launchPath);
  if (control === undefined) throw new Error("There is no control port");
  const headers = { authorization: `Bearer ${control.token}` };
  const answer = await fetch(`${control.url}/stop`, { method: "POST", headers });
  if (answer.status !== 202) throw new Error(`The stop was answered with ${answer.status}`);
}

/** A program of JavaScript, as a shell's line. */
export function nodeLine(script: string): string {
  return `'${pinnedNode}' -e '${script.replaceAll("'", "'\\''")}'`;
}

/** False also for one that nobody has asked for its end. */
export function isThere(pid: number): boolean {
  const facts = thisMachine().process(pid);
  return facts.type === "present" && !facts.isZombie;
}
