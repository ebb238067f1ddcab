// Sessions on the disk for the tests of recovery, put together by hand as a writer leaves them, and the machines on which
// they are recovered. Times are small: the header's wall time is 1,000,000 ms.

import { readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Machine, ProcessFacts } from "../../src/recorder/liveness";
import { encodeTrace } from "../../src/recorder/traceText";
import { crc32 } from "../../src/trace/crc32";
import type { Liveness, WriterIdentity } from "../../src/trace/evidence";
import { encodeRecord, writerTag } from "../../src/trace/journalFrame";
import type { JournalHeader, JournalRecord } from "../../src/trace/journalRecord";
import { encodeLiveMarker } from "../../src/trace/marker";
import { readSession } from "../../src/trace/readSession";
import { parseTraceFileName } from "../../src/trace/safeId";
import type { TraceFile, TraceSpan, Writer } from "../../src/trace/schema";
import type { FileBytes, LoadedSession, SessionFiles } from "../../src/trace/sessionFiles";
import { deriveState } from "../../src/trace/state";
import { concat } from "../trace/journalLines";

export const baseMs = 1_000_000;

/** `reused`: another process has the pid; `elsewhere`: the system does not tell. */
export type Fate = "gone" | "alive" | "reused" | "elsewhere";

/** A writer by its number; its process has the pid 100 times that. */
export function writerOf(number: number, parts: Partial<WriterIdentity> = {}): WriterIdentity {
  return {
    instance: `${String(number).repeat(4)}writer`,
    host: "lab",
    bootId: "boot-1",
    pidNamespace: "pid:[1]",
    pid: 100 * number,
    processStart: `start-${number}`,
    rawSessionId: "ses/1",
    ...parts,
  };
}

/** @param fates by number of the writer; a writer that is not named is gone */
export function machineWith(fates: Readonly<Record<number, Fate>> = {}, parts: Partial<Machine> = {}): Machine {
  const process = (pid: number): ProcessFacts => {
    const number = pid / 100;
    switch (fates[number] ?? "gone") {
      case "alive":
        return { type: "present", isZombie: false, start: `start-${number}` };
      case "reused":
        return { type: "present", isZombie: false, start: "another" };
      case "elsewhere":
        return { type: "unknown" };
      case "gone":
        return { type: "absent" };
    }
  };
  return { host: "lab", bootId: "boot-1", pidNamespace: "pid:[1]", process, ...parts };
}

export interface JournalSetup {
  /** Number of the writer; the incarnation where it is left out. */
  readonly by?: number;
  readonly incarnation?: number;
  readonly identity?: WriterIdentity;
  readonly continues?: JournalHeader["continues"];
  readonly version?: number;
}

/** A journal's lines, the header's first; record n is written n ms after the header. */
export function journalLines(records: readonly JournalRecord[], setup: JournalSetup = {}): Uint8Array[] {
  const { incarnation = 1, by = incarnation, identity = writerOf(by), continues, version = 1 } = setup;
  const header: JournalHeader = {
    t: "header",
    format: "tracekeeper-journal",
    version,
    incarnation,
    writer: identity,
    trace: { traceId: "trace-1", sessionId: "ses/1", metadata: { title: "T" } },
    ...(continues ? { continues } : {}),
  };
  const tag = writerTag(identity.instance);
  return [header, ...records].map((record, seq) =>
    encodeRecord(record, { seq, wallMs: baseMs + seq, monoMs: seq, tag }, crc32),
  );
}

export const journal = (records: readonly JournalRecord[], setup?: JournalSetup) =>
  concat(journalLines(records, setup));

export const liveMarker = (number: number, incarnation = number, identity = writerOf(number)) =>
  encodeLiveMarker({ ...identity, incarnation });

export function snapshot(spans: readonly TraceSpan[], writer: Partial<Writer> | undefined, fields: object = {}) {
  const trace: TraceFile = {
    version: 2,
    traceId: "trace-1",
    sessionId: "S",
    startedAt: new Date(baseMs).toISOString(),
    metadata: { title: "T" },
    spans: [...spans],
    summary: { status: "running" },
    ...fields,
  };
  if (!writer) return concat([JSON.stringify(trace)]);
  const { incarnation = 1 } = writer;
  return concat([...encodeTrace(trace, { ...writerOf(incarnation), incarnation, seq: 0, offsetBytes: 0, ...writer })]);
}

export const rootSpan = (fields: Partial<TraceSpan> = {}): TraceSpan => ({
  spanId: "root",
  parentSpanId: null,
  name: "ses/1",
  kind: "session",
  startTime: baseMs + 1,
  status: "ok",
  ...fields,
});

export const toolSpan = (spanId: string, fields: Partial<TraceSpan> = {}): TraceSpan => ({
  spanId,
  parentSpanId: "root",
  name: "bash",
  kind: "tool",
  startTime: baseMs + 2,
  status: "ok",
  ...fields,
});

export const begin = (span: TraceSpan): JournalRecord => ({ t: "begin", span });
export const end = (id: string, set: Partial<TraceSpan> = {}): JournalRecord => ({ t: "end", id, set });
export const text = (id: string, said: string): JournalRecord => ({ t: "text", id, text: said });
export const finish = (status: "completed" | "error" = "completed"): JournalRecord => ({ t: "finish", status });
export const crash = (reason = "SIGTERM"): JournalRecord => ({ t: "crash", reason });

/** Root, a tool that said something and is open, a tool that failed. */
export const work: JournalRecord[] = [
  begin(rootSpan()),
  begin(toolSpan("a")),
  text("a", "said"),
  begin(toolSpan("b")),
  end("b", { status: "error", endTime: baseMs + 5 }),
];

export type Files = Readonly<Record<string, Uint8Array | string>>;

/** Writes the files of a directory, `S.json` and so on; what was there before under other names stays. */
export async function lay(directory: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
}

/** The same in place of all that was there. */
export async function layAnew(directory: string, files: Files): Promise<void> {
  for (const name of await readdir(directory)) await unlink(join(directory, name));
  await lay(directory, files);
}

/** All files of a directory with their bytes as text, temporary ones aside. */
export async function contents(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(directory)).sort()) {
    if (parseTraceFileName(name).type === "temp") continue;
    found[name] = await readFile(join(directory, name), "latin1");
  }
  return found;
}

export async function names(directory: string): Promise<string[]> {
  return (await readdir(directory)).sort();
}

/** What every reader of ours makes of the session. */
export async function load(directory: string, safeId = "S", liveness: Liveness = "gone"): Promise<LoadedSession> {
  const journals: FileBytes[] = [];
  const single: { snapshot?: FileBytes; live?: FileBytes; crash?: FileBytes } = {};
  for (const name of await readdir(directory)) {
    const parsed = parseTraceFileName(name);
    if (parsed.type === "other" || parsed.type === "temp" || parsed.type === "seen") continue;
    if (parsed.safeId !== safeId) continue;
    const file = { name, bytes: await readFile(join(directory, name)), mtimeMs: baseMs + 100 };
    if (parsed.type === "journal") journals.push(file);
    else single[parsed.type] = file;
  }
  const files: SessionFiles = {
    safeId,
    journals,
    snapshot: single.snapshot,
    liveMarker: single.live,
    crashMarker: single.crash,
  };
  return readSession(files, () => liveness);
}

/** `crashed (SIGTERM) | ses/1… bash…"said" bash!`: state and error, then spans: open ones, failed ones, what they put out. */
export async function render(directory: string, safeId = "S", liveness: Liveness = "gone"): Promise<string> {
  return renderSession(await load(directory, safeId, liveness));
}

export function renderSession({ trace, evidence }: LoadedSession): string {
  const { status, error } = deriveState(evidence, baseMs + 60_000);
  const spans = trace.spans.map(({ name, endTime, status: of, output }) =>
    [
      name,
      endTime === undefined ? "…" : "",
      of === "error" ? "!" : "",
      output === undefined ? "" : JSON.stringify(output),
    ].join(""),
  );
  return `${status}${error === undefined ? "" : ` (${error})`} | ${spans.join(" ")}`;
}
