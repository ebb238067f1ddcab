// One session as a program records it, and beside it what must be found of it: every call of the recorder is a step of
// the oracle, and what was acknowledged is counted by the recorder's own promise. A program that has died goes no further:
// each wait also ends when the process stops.
//
//   const session = new RecordedSession(fs, { fsync: "interval" });
//   session.begin("a"); session.text("a", "x"); await session.turn(); ... await session.finish();
//   wrongIn(session, loadFrom(disk.processKill(), directory, safeId))

import type { Machine, ProcessFacts } from "../../src/recorder/liveness";
import { openSessionRecorder } from "../../src/recorder/openSession";
import type { RecorderFs } from "../../src/recorder/recorderFs";
import type { SessionRecorder, SpanTotals } from "../../src/recorder/sessionRecorder";
import type { FsyncMode } from "../../src/recorder/traceTypes";
import type { LoadedSession } from "../../src/trace/sessionFiles";
import { deriveState, type SessionStatus } from "../../src/trace/state";
import { laterTurn } from "./laterTurn";
import { type DifferenceOptions, differences, type Step } from "./oracle";

/** Two folders are new, and each has to outlive a power cut. */
export const directory = "/home/.tracekeeper/traces";
export const safeId = "S";

/** The machine of the sessions; what it says of every process is given. */
export function machineWhere(facts: ProcessFacts): Machine {
  return { host: "lab", bootId: "boot-1", pidNamespace: "pid:[1]", process: () => facts };
}
export const writersMachine = machineWhere({ type: "present", isZombie: false, start: "1" });
export const machineAfterwards = machineWhere({ type: "absent" });

interface RecordedOptions {
  readonly fsync: FsyncMode;
  /** Whether the process has died, and a promise that resolves when it does. */
  readonly death?: { readonly isStopped: boolean; readonly stopped: Promise<void> } | undefined;
}

type Kind = SpanTotals["kind"];

export class RecordedSession {
  /** Undefined where the session could not be begun. */
  readonly recorder: SessionRecorder | undefined;
  readonly fsync: FsyncMode;
  /** Everything that the program asked for, in order. */
  readonly attempted: Step[] = [];
  readonly problems: string[] = [];
  /** What the recorder threw into the program; it must not. */
  readonly thrown: unknown[] = [];
  /** So many of the steps are acknowledged. */
  acknowledgedCount = 0;
  /** So many were when the last sync of a journal that returned began, or when `sync` was asked that has resolved. */
  syncedCount = 0;
  /** What the end came to: undefined while it was not asked for or has not resolved. */
  end: { readonly path: string | undefined } | undefined;
  hasAskedForEnd = false;
  hasCrashed = false;
  readonly #death: RecordedOptions["death"];

  constructor(fs: RecorderFs, { fsync, death }: RecordedOptions) {
    this.#death = death;
    this.fsync = fsync;
    const metadata = { title: "First title", agent: "build" };
    this.attempted.push({ metadata });
    this.recorder = this.#call(() =>
      openSessionRecorder({
        directory,
        sessionId: safeId,
        traceId: "t1",
        metadata,
        mode: "start",
        fsync,
        fs: this.#watching(fs),
        machine: writersMachine,
        onProblem: ({ message }) => this.problems.push(message),
      }),
    );
  }

  get acknowledged(): readonly Step[] {
    return this.attempted.slice(0, this.acknowledgedCount);
  }

  /** What must outlive a power cut. */
  get durable(): readonly Step[] {
    // An end without a sync replaces what was synced before.
    if (this.fsync === "never" && this.hasAskedForEnd) return [];
    return this.attempted.slice(0, this.fsync === "always" ? this.acknowledgedCount : this.syncedCount);
  }

  get isDead(): boolean {
    return this.#death?.isStopped === true;
  }

  begin(spanId: string, kind: Kind = "tool", parentSpanId: string | null = "root", more: object = {}): void {
    const fields = { name: nameOf(kind), kind, startTime: this.#nowMs(), ...more };
    const parent = parentSpanId === null ? {} : { parentSpanId };
    this.#step({ spanId, fields: { ...fields, ...parent } }, (recorder) =>
      recorder.begin(spanId, JSON.stringify({ spanId, parentSpanId, ...fields }), { kind, name: fields.name }),
    );
  }

  finishSpan(spanId: string, kind: Kind = "tool", more: object = {}): void {
    const fields = { endTime: this.#nowMs(), status: "ok", ...more };
    this.#step({ spanId, fields }, (recorder) => recorder.end(spanId, JSON.stringify(fields), totalsOf(kind, fields)));
  }

  span(spanId: string, kind: Kind = "tool", more: object = {}): void {
    const startTime = this.#nowMs();
    const times = { startTime, endTime: startTime + 1 };
    const fields = { parentSpanId: "root", name: nameOf(kind), kind, ...times, status: "ok", ...more };
    this.#step({ spanId, fields }, (recorder) =>
      recorder.span(spanId, JSON.stringify({ spanId, ...fields }), totalsOf(kind, fields)),
    );
  }

  set(spanId: string, fields: Readonly<Record<string, unknown>>): void {
    this.#step({ spanId, fields }, (recorder) => recorder.set(spanId, JSON.stringify(fields)));
  }

  attributes(spanId: string, attributes: Readonly<Record<string, unknown>>): void {
    this.#step({ spanId, attributes }, (recorder) => recorder.attributes(spanId, JSON.stringify(attributes)));
  }

  event(spanId: string, event: Readonly<Record<string, unknown>>): void {
    this.#step({ spanId, event }, (recorder) => recorder.event(spanId, JSON.stringify(event)));
  }

  link(spanId: string, link: Readonly<Record<string, unknown>>): void {
    this.#step({ spanId, link }, (recorder) => recorder.link(spanId, JSON.stringify(link)));
  }

  text(spanId: string, text: string): void {
    this.#step({ spanId, text }, (recorder) => recorder.text(spanId, text));
  }

  metadata(metadata: Readonly<Record<string, unknown>>): void {
    this.#step({ metadata }, (recorder) => recorder.metadata(JSON.stringify(metadata)));
  }

  /** Ends the turn. What was recorded in it is acknowledged unless appends are not waited for. */
  async turn(): Promise<void> {
    await laterTurn();
    if (!this.isDead && this.recorder?.health.state === "ok") this.acknowledgedCount = this.attempted.length;
  }

  async sync(): Promise<void> {
    await this.#acknowledgedBy((recorder) => recorder.sync());
  }

  async flush(): Promise<void> {
    await this.#acknowledgedBy((recorder) => recorder.flush());
  }

  async finish(): Promise<void> {
    this.hasAskedForEnd = true;
    const fields = { endTime: this.#nowMs(), status: "ok" };
    const root = { spanId: "root", json: JSON.stringify(fields), totals: totalsOf("session", fields) };
    if (!this.hasCrashed) this.attempted.push({ spanId: "root", fields });
    const count = this.attempted.length;
    await this.#unlessDead(async (recorder) => {
      const path = await recorder.finish({ status: "completed", root });
      if (this.isDead) return;
      this.end = { path };
      if (path === undefined || this.hasCrashed) return;
      this.#acknowledge(count);
      if (this.fsync !== "never") this.#synced(count);
    });
  }

  /** A crash that could be recorded acknowledges everything before it. */
  crash(reason = "SIGTERM"): void {
    const isFirst = this.problems.length;
    this.hasCrashed = true;
    this.#call(() => this.recorder?.crash(reason));
    const failed = this.problems.slice(isFirst).some((message) => message.includes("crash could not be recorded"));
    if (!this.isDead && this.recorder && !failed) this.#acknowledge(this.attempted.length);
  }

  /** Waits for something of the program's own, unless the process dies before. */
  async until(work: Promise<unknown>): Promise<void> {
    await Promise.race([work, ...(this.#death ? [this.#death.stopped] : [])]);
  }

  async #acknowledgedBy(ask: (recorder: SessionRecorder) => Promise<void>): Promise<void> {
    const count = this.attempted.length;
    await this.#unlessDead(async (recorder) => {
      let isDone = true;
      // An error is the recorder's answer, and nothing is acknowledged then.
      await ask(recorder).catch(() => {
        isDone = false;
      });
      if (!isDone || this.isDead) return;
      this.#acknowledge(count);
      this.#synced(count);
    });
  }

  async #unlessDead(act: (recorder: SessionRecorder) => Promise<void>): Promise<void> {
    const { recorder } = this;
    if (!recorder || this.isDead) return;
    await this.until(act(recorder).catch((error) => this.thrown.push(error)));
  }

  #acknowledge(count: number): void {
    this.acknowledgedCount = Math.max(this.acknowledgedCount, count);
  }

  #synced(count: number): void {
    this.syncedCount = Math.max(this.syncedCount, count);
  }

  #watching({ sync, async }: RecorderFs): RecorderFs {
    return {
      sync: {
        ...sync,
        syncData: (fd) => {
          const count = this.acknowledgedCount;
          sync.syncData(fd);
          this.#synced(count);
        },
      },
      async: {
        ...async,
        syncData: async (fd) => {
          const count = this.acknowledgedCount;
          await async.syncData(fd);
          this.#synced(count);
        },
      },
    };
  }

  #step(step: Step, record: (recorder: SessionRecorder) => void): void {
    const { recorder } = this;
    if (!recorder || this.isDead) return;
    this.attempted.push(step);
    this.#call(() => record(recorder));
  }

  #call<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.thrown.push(error);
      return undefined;
    }
  }

  #nowMs(): number {
    return this.recorder?.nowMs() ?? 0;
  }
}

/** What of the session is lost, wrong or invented, in words; also a state that it can't have. */
export function wrongIn(
  session: RecordedSession,
  loaded: LoadedSession,
  acknowledged = session.acknowledged,
  options: DifferenceOptions = {},
): string[] {
  const found = differences(acknowledged, loaded, session.attempted, options);
  const { status } = deriveState(loaded.evidence, Date.now());
  const isNewestLost = loaded.problems.some(({ message, code }) => code === "empty-file" || message.includes(noHeader));
  const possible = possibleStates(session, acknowledged.length, isNewestLost);
  return possible.includes(status) ? found : [...found, `it is ${status}, not ${possible.join(" or ")}`];
}

/** @param isNewestLost a journal is there of which nothing is known, and so is how it ended */
function possibleStates(session: RecordedSession, foundCount: number, isNewestLost: boolean): SessionStatus[] {
  const { hasAskedForEnd, hasCrashed, end, attempted } = session;
  // Of a session that nobody was told of there may be nothing at all.
  const nothing: SessionStatus[] = foundCount > 0 && !isNewestLost ? [] : ["unknown"];
  if (hasCrashed || !hasAskedForEnd) return ["crashed", ...nothing];
  const isEnded = end?.path !== undefined && foundCount === attempted.length;
  return isEnded ? ["completed"] : ["completed", "crashed", ...nothing];
}

const noHeader = "nobody knows who wrote it";

function nameOf(kind: Kind): string {
  return kind === "tool" ? "bash" : kind;
}

function totalsOf(kind: Kind, { status, ...fields }: { status: string; [name: string]: unknown }): SpanTotals {
  const { tokens, cost } = fields as Pick<SpanTotals, "tokens" | "cost">;
  return { kind, name: nameOf(kind), isFailed: status === "error", durationMs: 1, tokens, cost };
}
