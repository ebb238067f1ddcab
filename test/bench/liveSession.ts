// Sessions that go on while they are looked at, each written by a process of its own, so that what writing costs is not
// taken for what reading costs. A session of ours: turns of ten tool calls under generations, each call begun and ended. A
// foreign one: a whole file that is replaced again and again.
//
//   await using session = await LiveSession.start({ type: "recorded", folder, spans: 200_000 });
//   const told = await session.play({ seconds: 5, perSecond: 300 });

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay, setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { FileExporter } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";
import { randomFrom } from "../support/traceGenerator";

export type SessionSetup =
  | { readonly type: "recorded"; readonly folder: string; readonly spans: number }
  | { readonly type: "rewritten"; readonly folder: string; readonly spans: number };

export interface Play {
  readonly seconds: number;
  /** Events of a recorded session; replacements of a rewritten file. */
  readonly perSecond: number;
}

/** What came: the number that stands in the label of the row, and when it was safe on disk, in ms since the epoch. */
export interface Told {
  readonly number: number;
  readonly atMs: number;
}

export interface Played {
  readonly events: number;
  /** Of each row that came; of a rewritten file, of the last row of each. */
  readonly told: readonly Told[];
}

const sessionId = "live";
const turnLength = 10;
/** The journal of so many spans has a snapshot at rest. */
const mostWaitedMs = 120_000;

export class LiveSession implements AsyncDisposable {
  /** Path of `S.json`. */
  readonly key: string;
  readonly #child: ChildProcess;

  private constructor(key: string, child: ChildProcess) {
    this.key = key;
    this.#child = child;
  }

  /** Settles when all spans are there, and the writer rests. */
  static async start(setup: SessionSetup): Promise<LiveSession> {
    const child = fork(fileURLToPath(import.meta.url), ["write", JSON.stringify(setup)], { serialization: "advanced" });
    const session = new LiveSession(join(setup.folder, `${sessionId}.json`), child);
    await session.#answer();
    return session;
  }

  async play(play: Play): Promise<Played> {
    this.#child.send(play);
    return (await this.#answer()) as Played;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    // A killed session is a crashed one, which nobody looks at any more.
    this.#child.kill("SIGKILL");
    await ended;
  }

  async #answer(): Promise<unknown> {
    const abort = new AbortController();
    const { signal } = abort;
    const lost = once(this.#child, "exit", { signal }).then(([code]) => {
      throw new Error(`The writer ended with ${code}`);
    });
    lost.catch(() => undefined);
    try {
      const [message] = await Promise.race([once(this.#child, "message", { signal }), lost]);
      return message;
    } finally {
      abort.abort();
    }
  }
}

/** The part of the process that writes. Every program that starts sessions calls it first. */
export async function writeSession(): Promise<never> {
  const setup = JSON.parse(process.argv[3] ?? "") as SessionSetup;
  const write = setup.type === "recorded" ? await record(setup) : rewrite(setup);
  process.on("disconnect", () => process.exit());
  process.send?.("ready");
  for (;;) {
    const [play] = (await once(process, "message")) as [Play];
    process.send?.(await write(play));
  }
}

export const isWriter = process.argv[2] === "write" && process.send !== undefined;

async function record({ folder, spans }: SessionSetup): Promise<(play: Play) => Promise<Played>> {
  const trace = Trace.withExporters([new FileExporter(folder, 0)]);
  const random = randomFrom(20_261_121);
  trace.startTrace(sessionId, { title: "A session that goes on" });
  let number = 0;
  let open: string | undefined;
  /** Logs one event; returns the number of the call that it begins. */
  const log = (): number | undefined => {
    if (open !== undefined) {
      const isFailed = random() < 0.02;
      trace.endToolCall(open, isFailed ? { status: "error", error: "exit 1" } : { status: "completed", output });
      open = undefined;
      return undefined;
    }
    if (number % turnLength === 0) {
      if (number > 0)
        trace.logStepFinish({ id: `step-${number / turnLength - 1}`, reason: "stop", cost: 0.0125, tokens });
      trace.logStepStart({ id: `step-${number / turnLength}` });
    }
    const tool = random() < 0.5 ? "bash" : "read";
    open = trace.startToolCall({ tool, callID: `call_${number}`, input: inputOf(tool, number) });
    return number++;
  };
  // A session of so many calls has a tenth more rows.
  for (let made = 0; number < (spans * turnLength) / (turnLength + 1); made++) {
    log();
    if (made % 100 === 99) await setImmediate();
  }
  const path = join(folder, `${sessionId}.json`);
  for (const fromMs = performance.now(); !existsSync(path) && performance.now() - fromMs < mostWaitedMs; ) {
    await delay(50);
  }
  return async ({ seconds, perSecond }) => {
    const told: Told[] = [];
    const beganMs = performance.now();
    let events = 0;
    for (const all = seconds * perSecond; events < all; ) {
      const due = Math.min(all, Math.floor(((performance.now() - beganMs) / 1000) * perSecond));
      for (; events < due; events++) {
        const begun = log();
        // What was logged is acknowledged once the microtasks have run.
        await setImmediate();
        if (begun !== undefined) told.push({ number: begun, atMs: Date.now() });
      }
      await delay(1);
    }
    return { events, told };
  };
}

function rewrite({ folder, spans }: SessionSetup): (play: Play) => Promise<Played> {
  const path = join(folder, `${sessionId}.json`);
  const startMs = Date.now();
  const random = randomFrom(20_261_121);
  const pieces: Buffer[] = [];
  let number = 0;
  const add = (count: number) => {
    let text = "";
    for (let index = 0; index < count; index++) text += `,${spanText(number++, startMs, random)}`;
    pieces.push(Buffer.from(text));
  };
  const replace = (): Told => {
    const fd = openSync(`${path}.tmp.1`, "w");
    const root = { ...rootSpan, startTime: startMs };
    writeSync(fd, `${JSON.stringify({ ...head, spans: [] }).slice(0, -2)}${JSON.stringify(root)}`);
    for (const piece of pieces) writeSync(fd, piece);
    writeSync(fd, "]}");
    closeSync(fd);
    renameSync(`${path}.tmp.1`, path);
    return { number: number - 1, atMs: Date.now() };
  };
  while (number < spans) add(Math.min(1_000, spans - number));
  replace();
  return async ({ seconds, perSecond }) => {
    const told: Told[] = [];
    const beganMs = performance.now();
    for (let count = 1; count <= seconds * perSecond; count++) {
      await delay(beganMs + (count * 1000) / perSecond - performance.now());
      add(turnLength);
      told.push(replace());
    }
    return { events: told.length, told };
  };
}

const output = "All 31 tests passed in src/billing/tax.test.ts\n".repeat(6);
const tokens = { input: 1200, output: 90, reasoning: 0, cache: { read: 800, write: 20 } };
const head = { version: 2, traceId: "trace-1", sessionId, startedAt: new Date().toISOString(), metadata: {} };
const rootSpan = { spanId: "root", parentSpanId: null, name: "session", kind: "session", status: "ok" };

/** The label of the row ends with `part-<number>`. */
function inputOf(tool: string, number: number): Record<string, string> {
  return tool === "bash"
    ? { command: `npm test -- --run part-${number}`, cwd: "/repo" }
    : { filePath: `/repo/src/part-${number}` };
}

function spanText(number: number, startMs: number, random: () => number): string {
  const startTime = startMs + number;
  const name = random() < 0.5 ? "bash" : "read";
  return JSON.stringify({
    spanId: number.toString(16).padStart(16, "0"),
    parentSpanId: "root",
    name,
    kind: "tool",
    startTime,
    endTime: startTime + 0.75,
    status: "ok",
    tool: { callId: `call_${number}`, durationMs: 0.75 },
    input: inputOf(name, number),
    output,
  });
}
