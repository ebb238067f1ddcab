// One incarnation of a session: what is recorded goes to its journal, and from there, by folds, into `S.json`. The order
// of the end (record, sync, fold, re-read, removal) and of the crash (record, marker, fold) is what survives a kill at any
// instruction; from the end or the crash on, no earlier snapshot replaces the file.

import { dirname, join } from "node:path";
import { errorCode } from "../base/errorCode";
import { traceFileNames } from "../trace/safeId";
import type { TraceSummary, Writer } from "../trace/schema";
import { markCrashed } from "./crashGuard";
import { DurabilityLog } from "./durabilityLog";
import { inFoldPlace } from "./foldPlaces";
import { type FoldRequest, fold, traceSource } from "./foldSource";
import type { IncarnationSetup } from "./incarnationSetup";
import { forgetIncarnation, type LiveIncarnation, registerIncarnation } from "./incarnations";
import { JournalAppender } from "./journalAppender";
import { JournalFile } from "./journalFile";
import { headerBody } from "./journalHeader";
import { JournalSync } from "./journalSync";
import { type MarkerPaths, placeCrashMarker, placeLiveMarker } from "./liveMarker";
import { type RecorderFs, runAsync, runSync } from "./recorderFs";
import { RecordLog } from "./recordLog";
import { journalPathOf, removeAfterEnd } from "./removeAfterEnd";
import { throughRenameGate } from "./renameGate";
import { isSurelySuperseded, replaceSnapshot, type SnapshotTarget, tempPathFor } from "./replaceSnapshot";
import type { SessionEnd, SessionHealth, SessionRecorder, SpanBeginFacts, SpanTotals } from "./sessionRecorder";
import { settledWithin } from "./settledWithin";
import { Snapshotter } from "./snapshotter";
import type { TraceSource } from "./traceTypes";

/** A crash folds `S.json` in this thread only while the journal is no longer than this. */
const mostCrashFoldBytes = 32 * 1024 * 1024;
/** So long the end waits for its fold, which goes on by itself. */
const foldLimitMs = 5000;

export class Incarnation implements SessionRecorder, LiveIncarnation {
  readonly safeId: string;
  readonly rawId: string;
  readonly traceId: string;
  readonly path: string;
  readonly #setup: IncarnationSetup;
  readonly #fs: RecorderFs;
  readonly #markers: MarkerPaths;
  readonly #appender: JournalAppender;
  readonly #sync: JournalSync;
  readonly #snapshots: Snapshotter;
  readonly #log: RecordLog;
  readonly #durability: DurabilityLog;
  #incarnation: number;
  #phase: "recording" | "ended" | "crashed" = "recording";
  #outcome: TraceSummary = { status: "running" };
  #endMs: number | undefined;
  #isSuperseded = false;
  /** What is recorded now is how the session ends. */
  #isLastWord = false;
  #finishing: Promise<string | undefined> | undefined;
  #segments = 0;

  constructor(setup: IncarnationSetup) {
    this.#setup = setup;
    this.#fs = setup.fs;
    this.safeId = setup.safeId;
    this.rawId = setup.rawId;
    this.traceId = setup.traceId;
    this.path = setup.path;
    this.#incarnation = setup.incarnation;
    const directory = dirname(setup.path);
    this.#markers = {
      live: join(directory, traceFileNames.live(setup.safeId)),
      crash: join(directory, traceFileNames.crash(setup.safeId)),
    };
    this.#appender = new JournalAppender(setup.journal, setup.identity.instance.slice(0, 4), setup.clock, setup.fsync, {
      onProblem: (message, error) => setup.onProblem(message, error),
      syncInThread: () => this.#sync.syncInThread(),
      sync: () => this.#sync.sync(),
      appended: () => {
        this.#sync.appended();
        this.#snapshots.recorded();
        if (this.#phase === "crashed") this.#restLater();
      },
    });
    const { fsync, clock, identity } = setup;
    this.#durability = new DurabilityLog({ fsync, clock, instance: identity.instance });
    this.#sync = new JournalSync(
      setup.fs,
      fsync,
      this.#appender,
      (error) => this.#onSyncFailed(error),
      (beganMs, seq) => this.#durability.synced(beganMs, seq),
    );
    this.#snapshots = new Snapshotter(
      this.#appender,
      () => this.#writeSnapshot(),
      (error) => setup.onProblem("S.json could not be written", toError(error)),
      setup.baseBytes,
    );
    const add = (body: string) => {
      const note = this.#phase === "recording" ? this.#durability.note() : undefined;
      if (note !== undefined) this.#appender.add(note);
      this.#appender.add(body);
      this.#sync.appended();
      this.#snapshots.recorded();
      if (this.#phase === "crashed") this.#restLater();
    };
    this.#log = new RecordLog({ accepts: () => this.#accepts(), add }, setup.metadata, setup.hasBase);
    registerIncarnation(setup.path, this);
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  get phase(): "recording" | "ended" | "crashed" {
    return this.#phase;
  }

  get health(): SessionHealth {
    return this.#appender.health;
  }

  nowMs(): number {
    const { wallMs, monoMs } = this.#setup.clock;
    return Math.round((wallMs + performance.now() - monoMs) * 1000) / 1000;
  }

  /**
   * Writes the first record, in this thread: when it returns, the session is there.
   * @param hasFirstRecords see `SessionRequest`
   */
  start(header: string, hasFirstRecords = false): void {
    this.#appender.addAt(this.#setup.clock.wallMs, 0, header);
    this.#appender.drain();
    if (hasFirstRecords) return this.#snapshots.recorded();
    this.#snapshots.write().catch((error) => this.#setup.onProblem("S.json could not be written", toError(error)));
  }

  /** Appends what is pending, in this thread. */
  appendNow(): void {
    this.#appender.drain();
  }

  begin(spanId: string, json: string, facts: SpanBeginFacts): void {
    this.#log.begin(spanId, json, facts);
  }
  end(spanId: string, json: string, totals: SpanTotals): void {
    this.#log.end(spanId, json, totals);
  }
  span(spanId: string, json: string, totals: SpanTotals): void {
    this.#log.span(spanId, json, totals);
  }
  set(spanId: string, json: string): void {
    this.#log.set(spanId, json);
  }
  attributes(spanId: string, json: string): void {
    this.#log.attributes(spanId, json);
  }
  event(spanId: string, json: string): void {
    this.#log.event(spanId, json);
  }
  link(spanId: string, json: string): void {
    this.#log.link(spanId, json);
  }
  text(spanId: string, text: string): void {
    this.#log.text(spanId, text);
  }
  metadata(json: string): void {
    this.#log.setMetadata(json);
  }
  note(type: string, fields: Readonly<Record<string, unknown>>): void {
    this.#log.note(type, fields);
  }

  async sync(): Promise<void> {
    await this.#appender.written();
    await this.#sync.sync();
  }

  async flush(): Promise<void> {
    await this.sync();
    await this.#snapshots.write();
    if (this.#phase === "recording" && !this.#finishing) return;
    // The end or the crash writes `S.json` from now on, and an earlier rename may still be on its way.
    await this.#snapshots.settled();
    await this.#finishing;
  }

  stopSnapshots(): void {
    this.#snapshots.stop();
  }

  finish(end: SessionEnd): Promise<string | undefined> {
    this.#finishing ??= this.#finish(end);
    return this.#finishing;
  }

  crash(reason: string, options?: { readonly signal?: string | undefined }): void {
    if (this.#phase === "ended" && this.#appender.writtenSeq < this.#appender.lastSeq) {
      // The end waits for the disk; the process will not.
      this.#attempt("The end of the session could not be recorded", () => this.#appender.takeOver());
    }
    if (this.#phase !== "recording") return;
    this.#isLastWord = true;
    this.#phase = "crashed";
    this.#snapshots.stop();
    this.#endMs = this.nowMs();
    this.#outcome = { status: "crashed", error: reason };
    this.#log.note("crash", { reason, ...(options?.signal === undefined ? {} : { signal: options.signal }) });
    this.#isLastWord = false;
    this.#attempt("The crash could not be recorded", () => this.#appender.takeOver());
    const request = this.#foldRequest();
    this.#log.markAfterCrash();
    // Another process or thread may have begun the session again.
    this.#isSuperseded ||= runSync(this.#fs, isSurelySuperseded(this.#target()));
    const marker = { ...this.#setup.identity, incarnation: this.#incarnation };
    if (!this.#isSuperseded) {
      markCrashed(dirname(this.path), this.safeId);
      this.#attempt("The crash could not be marked", () =>
        runSync(this.#fs, placeCrashMarker(this.#markers, marker, { timeMs: Math.round(this.nowMs()), reason })),
      );
    }
    if (!this.#isSuperseded && this.#isSmallForCrash()) {
      const isSynced = this.#setup.fsync === "always";
      this.#attempt("S.json could not be written", () =>
        runSync(
          this.#fs,
          replaceSnapshot({ ...this.#target(), isSynced }, (sink) => fold(request, sink)),
        ),
      );
    }
    this.#rest();
  }

  /** A fold in this thread takes time for everything that it reads. */
  #isSmallForCrash(): boolean {
    return this.#setup.baseBytes + this.#appender.writtenBytes <= mostCrashFoldBytes;
  }

  /** What comes after a crash comes seldom: nobody keeps memory or an open file for it. */
  #restLater(): void {
    setImmediate(() => {
      this.#appender.drain();
      this.#rest();
    });
  }

  #rest(): void {
    // What could not be written yet is tried again, by the appender and when the process exits.
    if (this.#appender.isDegraded) return;
    this.#sync.stop();
    this.#appender.giveBack();
    forgetIncarnation(this.path, this);
  }

  async source(end: SessionEnd): Promise<(TraceSource & { dispose(): Promise<void> }) | undefined> {
    try {
      await this.#appender.written();
      const tempPath = tempPathFor(this.path, this.safeId, this.#setup.identity.instance);
      const request = this.#foldRequest(endSummary(end), this.nowMs(), end.root);
      return await inFoldPlace(() => traceSource(this.#fs, tempPath, this.rawId, request));
    } catch (error) {
      this.#setup.onProblem("The trace could not be made ready for its exporters", toError(error));
      return undefined;
    }
  }

  supersede(): void {
    this.#isSuperseded = true;
    this.#snapshots.stop();
  }

  heartbeat(): void {
    const isIdle = performance.now() - this.#appender.lastAppendMs > 20_000;
    if (!isIdle) return;
    if (this.#phase === "recording") {
      this.#appender.add(this.#durability.note() ?? '"t":"heartbeat"');
      this.#appender.drain();
    }
    this.#appender.journal.close();
  }

  exit(): void {
    if (this.#appender.isDegraded)
      this.#attempt("What was pending could not be recorded", () => this.#appender.takeOver());
  }

  #accepts(): boolean {
    // How a session ends is never dropped, however full memory is.
    return this.#isLastWord || (this.#phase !== "ended" && this.#appender.accepts());
  }

  async #finish(end: SessionEnd): Promise<string | undefined> {
    this.#snapshots.stop();
    // A crash in this very turn wins.
    await Promise.resolve();
    if (this.#phase === "crashed") return this.path;
    this.#isLastWord = true;
    if (end.root) this.#log.end(end.root.spanId, end.root.json, end.root.totals);
    this.#outcome = endSummary(end);
    this.#endMs = this.nowMs();
    this.#log.note("finish", { status: end.status, error: end.error });
    this.#isLastWord = false;
    this.#phase = "ended";
    try {
      await this.#appender.written();
      // A disk that hangs is waited for as long as the fold is: the end survives the process, if not a power cut.
      if (this.#setup.fsync !== "never" || this.#sync.isAwaited) await settledWithin(this.#sync.sync(), foldLimitMs);
    } catch (error) {
      this.#setup.onProblem("The end of the session could not be recorded", toError(error));
      return undefined;
    }
    // A sync that looked for the journal once it is removed would take that for a failure, and begin a new one.
    this.#sync.stop();
    await settledWithin(this.#foldEnd(), foldLimitMs);
    return this.path;
  }

  /** Everything after the end record. What fails leaves the journal, which holds it all. */
  async #foldEnd(): Promise<void> {
    try {
      await this.#snapshots.settled();
      await this.#replacing(async () => {
        const target = this.#target();
        const isWritten = await runAsync(
          this.#fs,
          replaceSnapshot(target, (sink) => fold(this.#foldRequest(), sink)),
        );
        if (!isWritten) return;
        const { markers, journalPath, writer } = {
          markers: this.#markers,
          journalPath: this.#appender.journal.path,
          writer: this.#writer(),
        };
        this.#appender.journal.close();
        const probe = this.#setup.probe;
        await runAsync(this.#fs, removeAfterEnd({ target, markers, journalPath, writer, probe }));
      });
    } catch (error) {
      this.#setup.onProblem("S.json could not be written", toError(error));
    } finally {
      this.#appender.journal.close();
      forgetIncarnation(this.path, this);
    }
  }

  async #writeSnapshot(): Promise<void> {
    await this.#replacing(async () => {
      if (this.#phase !== "recording" || this.#isSuperseded) return;
      const beganMs = performance.now();
      const request = this.#foldRequest();
      const isReplaced = await runAsync(
        this.#fs,
        replaceSnapshot(
          { ...this.#target(), mayReplace: () => this.#phase !== "crashed" && !this.#isSuperseded },
          (sink) => fold(request, sink),
        ),
      );
      if (isReplaced) this.#durability.replaced(beganMs, request.writer.seq);
      // The session may have crashed while the rename was under way, which then took the place of what the crash wrote.
      if (!isReplaced || this.phase !== "crashed" || !this.#isSmallForCrash()) return;
      const target = this.#target();
      await runAsync(
        this.#fs,
        replaceSnapshot(target, (sink) => fold(this.#foldRequest(), sink)),
      );
    });
  }

  #replacing(replace: () => Promise<void>): Promise<void> {
    return throughRenameGate(this.path, () => inFoldPlace(replace));
  }

  #target(): SnapshotTarget {
    return {
      path: this.path,
      safeId: this.safeId,
      instance: this.#setup.identity.instance,
      incarnation: this.#incarnation,
      isSynced: this.#setup.fsync !== "never",
      mayReplace: () => !this.#isSuperseded,
    };
  }

  #writer(): Writer {
    const { identity } = this.#setup;
    return {
      ...identity,
      incarnation: this.#incarnation,
      seq: this.#appender.writtenSeq,
      offsetBytes: this.#appender.writtenBytes,
      rawSessionId: this.rawId,
    };
  }

  #foldRequest(outcome: TraceSummary = this.#outcome, endMs = this.#endMs, root?: SessionEnd["root"]): FoldRequest {
    const { clock } = this.#setup;
    return {
      journalPath: this.#appender.journal.path,
      lengthBytes: this.#appender.writtenBytes,
      headerWallMs: clock.wallMs,
      safeId: this.safeId,
      traceId: this.traceId,
      metadata: this.#log.metadata,
      endedAt: endMs === undefined ? undefined : new Date(endMs).toISOString(),
      totals: this.#log.summary(Math.round((endMs ?? this.nowMs()) - clock.wallMs)),
      outcome,
      writer: this.#writer(),
      durability: this.#durability.toJson(this.#incarnation),
      isIrregular: this.#log.isIrregular,
      rootEnd: root,
      onIrregular: () => {
        this.#log.isIrregular = true;
      },
    };
  }

  /** Nobody knows what the disk has: a new journal takes over, and what was not synced is written again. */
  #onSyncFailed(error: Error): boolean {
    const { identity } = this.#setup;
    this.#setup.onProblem(`The journal could not be brought to the disk: ${error.message}`, error);
    // A disk that refuses again and again gets no endless row of journals, and what another writer goes on with is its.
    if (this.#isSuperseded || ++this.#segments > mostSegments) return false;
    try {
      const next = this.#incarnation + 1;
      const journal = JournalFile.create(this.#fs, journalPathOf(this.path, this.safeId, next));
      const before = this.#incarnation;
      this.#incarnation = next;
      this.#log.isIrregular = true;
      this.#appender.continueIn(
        journal,
        headerBody({
          incarnation: next,
          identity,
          traceId: this.traceId,
          rawId: this.rawId,
          metadata: this.#log.metadata,
          fsync: this.#setup.fsync,
          continues: { instance: identity.instance, incarnation: before },
        }),
        before,
      );
      this.#sync.restart();
      const reason = JSON.stringify(`A sync failed (${error.message}); what was not on the disk was written again`);
      this.#appender.add(`"t":"degraded","phase":"from","reason":${reason}`);
      if (!this.#appender.isDegraded) this.#appender.add('"t":"degraded","phase":"to"');
      this.#appender.drain();
      // With "always" that was synced as well, and where it failed again, a newer journal has taken over already.
      const marker = { ...identity, incarnation: this.#incarnation };
      runSync(this.#fs, placeLiveMarker(this.#markers, marker, tempPathFor(this.path, this.safeId, identity.instance)));
      return true;
    } catch (thrown) {
      if (errorCode(thrown) === "EEXIST") this.supersede();
      this.#setup.onProblem("A new journal could not be begun", toError(thrown));
      return false;
    }
  }

  #attempt(message: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#setup.onProblem(message, toError(error));
    }
  }
}

const mostSegments = 8;

function endSummary({ status, error, summary }: SessionEnd): TraceSummary {
  return { ...summary, status, ...(error === undefined ? {} : { error }) };
}

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
