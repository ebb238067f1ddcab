// A session in a folder that is followed by a source, beside what reading all of its files says; and a recorder that writes
// one, step by step.

import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { finish } from "../../src/base/steps";
import { readingInMemory } from "../../src/reader/readingInMemory";
import type { SessionReading, SessionUpdate } from "../../src/reader/sessionSource";
import { TailedSource, type TailedSourceOptions } from "../../src/reader/tailedSource";
import { openSessionRecorder } from "../../src/recorder/openSession";
import { nodeFs } from "../../src/recorder/recorderFs";
import type { SessionRecorder } from "../../src/recorder/sessionRecorder";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { loadSession } from "../../src/store/loadSession";
import type { Liveness } from "../../src/trace/evidence";
import type { LoadedSession } from "../../src/trace/sessionFiles";
import { deriveState, type SessionState } from "../../src/trace/state";
import type { TempDir } from "../support/tempDir";
import { shownColumns } from "./sameReading";

const never = new AbortController().signal;

/** A source, and what it says beside what reading everything says. */
export class Follower {
  readonly key: string;
  readonly source: TailedSource;
  readonly #liveness: Liveness;
  #reading: SessionReading | undefined;

  constructor(key: string, options: Partial<TailedSourceOptions> = {}, liveness: Liveness = "alive") {
    this.key = key;
    this.#liveness = liveness;
    this.source = new TailedSource({ key, access: nodeFileAccess, probe: () => liveness, ...options });
  }

  get reading(): SessionReading {
    if (this.#reading === undefined) throw new Error("Nothing was read");
    return this.#reading;
  }

  get state(): SessionState {
    return deriveState(this.reading.session.evidence, Date.now());
  }

  /** What kind of news there was. */
  async read(): Promise<SessionUpdate["type"]> {
    const update = await this.source.read(never);
    this.#reading = update.reading;
    return update.type;
  }

  /** The same, and fails unless it is what reading everything says. */
  async readSame(nowMs = Date.now()): Promise<SessionUpdate["type"]> {
    const { type, loaded } = await this.#readBoth();
    const { reading } = this;
    const whole = readingInMemory(loaded);
    const { header, ...session } = reading.session;
    const { header: wholeHeader, ...wholeSession } = whole.session;
    expect(session).toEqual(wholeSession);
    expect({ ...header, summary: header.summary.status }).toEqual({
      ...wholeHeader,
      summary: wholeHeader.summary.status,
    });
    expect(header.summary.totalTokens).toEqual(wholeHeader.summary.totalTokens);
    expect(reading.problems).toEqual(whole.problems);
    const state = deriveState(whole.session.evidence, nowMs);
    expect(finish(reading.findFailures(state)).failures).toEqual({
      failingStep: undefined,
      ...finish(whole.findFailures(state)).failures,
    });
    expect(shownColumns(reading.columns)).toEqual(shownColumns(whole.columns));
    expect(reading.output?.lines(0, 1_000)).toEqual(whole.output?.lines(0, 1_000));
    for (let row = 0; row < whole.spans.count; row++) {
      expect(reading.spans.spanAt(row)).toEqual(whole.spans.spanAt(row));
    }
    return type;
  }

  /** Reads in both ways while nothing is written: our recorder writes when it likes. */
  async #readBoth(): Promise<{ type: SessionUpdate["type"]; loaded: LoadedSession }> {
    let isAnew = false;
    for (;;) {
      const before = await this.#stamps();
      if ((await this.read()) === "anew") isAnew = true;
      const loaded = await loadSession(this.key, () => this.#liveness);
      if ((await this.#stamps()) === before) return { type: isAnew ? "anew" : "grown", loaded };
    }
  }

  async #stamps(): Promise<string> {
    const directory = dirname(this.key);
    const names = (await readdir(directory)).sort();
    const stamps = names.map(async (name) => {
      const found = await stat(join(directory, name), { bigint: true }).catch(() => undefined);
      return `${name} ${found?.ino} ${found?.size} ${found?.mtimeNs} ${found?.ctimeNs}`;
    });
    return (await Promise.all(stamps)).join("\n");
  }
}

export function record(folder: TempDir, sessionId = "S"): SessionRecorder {
  const recorder = openSessionRecorder({
    directory: folder.path,
    sessionId,
    traceId: "trace-1",
    metadata: { title: "Followed" },
    mode: "start",
    fsync: "interval",
    fs: nodeFs,
    machine: undefined,
    // A session that its test leaves running ends with its folder.
    onProblem: ({ message }) => expect(folder.isRemoved ? "" : message).toBe(""),
  });
  if (recorder === undefined) throw new Error("Nothing is recorded");
  recorder.begin(
    "root",
    JSON.stringify({ spanId: "root", parentSpanId: null, name: "S", kind: "session", startTime: recorder.nowMs() }),
    {
      kind: "session",
      name: "S",
    },
  );
  recorder.appendNow();
  return recorder;
}

/** A few steps: some fail and are done again, some stay open, output comes in bursts, and late words to finished steps. */
export function work(recorder: SessionRecorder, turn: number): void {
  const now = recorder.nowMs();
  const totals = { name: "bash", isFailed: turn % 3 === 0, durationMs: 1 };
  const begin = (spanId: string, parentSpanId: string, kind: "tool" | "generation") =>
    recorder.begin(
      spanId,
      JSON.stringify({
        spanId,
        parentSpanId,
        name: "bash",
        kind,
        startTime: now,
        input: { command: `test ${turn % 2}` },
      }),
      { kind, name: "bash" },
    );
  begin(`g${turn}`, "root", "generation");
  begin(`t${turn}`, `g${turn}`, "tool");
  recorder.text(`t${turn}`, "some output\n");
  const status = turn % 3 === 0 ? "error" : "ok";
  recorder.end(`t${turn}`, JSON.stringify({ endTime: now + 1, status, statusMessage: "exit 1" }), {
    ...totals,
    kind: "tool",
  });
  if (turn % 2 === 0) {
    const tokens = { input: 10, output: 2, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
    const end = { endTime: now + 2, status: "ok", tokens, cost: 0.25, finishReason: "stop" };
    recorder.end(`g${turn}`, JSON.stringify(end), {
      ...totals,
      kind: "generation",
      isFailed: false,
      tokens,
      cost: 0.25,
    });
  }
  if (turn > 2) recorder.attributes(`t${turn - 2}`, JSON.stringify({ late: turn }));
  if (turn > 1) recorder.event("root", JSON.stringify({ name: "noted", timeMs: now }));
  const output = { stream: "stdout", bytes: 9, times: [0] };
  const burst = { name: "output", kind: "text", startTime: now, endTime: now, status: "ok" } as const;
  recorder.span(
    `o${turn}`,
    JSON.stringify({
      spanId: `o${turn}`,
      parentSpanId: "root",
      ...burst,
      output: `line ${turn}\n`,
      attributes: { "tracekeeper.output": output },
    }),
    { kind: "text", name: "output", isFailed: false, durationMs: 0 },
  );
}
