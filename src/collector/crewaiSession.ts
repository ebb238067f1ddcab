// The session of one trace batch. Nothing of its events is held between requests: what is recorded tells them, to this
// process and to one that was started after a kill alike. Calls for one session are made one after another.

import { type CrewEvent, readCrewEvent } from "../importers/crewaiEvent";
import { sentEvents } from "../importers/crewaiSent";
import { type CrewTree, crewSteps } from "../importers/crewaiSteps";
import { openSessionRecorder } from "../recorder/openSession";
import type { RecorderFs } from "../recorder/recorderFs";
import type { SessionRecorder } from "../recorder/sessionRecorder";
import type { RecorderProblem } from "../recorder/sessionRequest";
import { makeTraceId } from "../recorder/traceIds";
import type { FsyncMode } from "../recorder/traceTypes";
import { withLimit } from "../recorder/withLimit";
import { groupDigits } from "../trace/problemList";
import type { TraceSpan } from "../trace/schema";
import {
  batchAttribute,
  batchMetadata,
  batchOf,
  type CrewBatch,
  type CrewOutcome,
  endOf,
  isFinal,
  rootSpan,
} from "./crewaiBatch";
import { type CrewFacts, factsOf } from "./crewaiFacts";
import { spanIdOf } from "./crewaiPlaces";
import { CrewRefusal } from "./crewaiRefusal";
import { beginRoot, recordRun } from "./crewaiSpanLog";
import { readStored } from "./crewaiStored";

export interface CrewSessionOptions {
  readonly directory: string;
  readonly fs: RecorderFs;
  readonly fsync: FsyncMode;
  /** A disk that takes longer is told to the client. */
  readonly syncMs: number;
  /** Of the events of one batch, as JSON. All of them are read for each request that brings more. */
  readonly batchBytes: number;
  readonly onProblem: (problem: RecorderProblem) => void;
  /** A session is open from now on, for the first time or again. Does not throw. */
  readonly onSession: (session: OpenCrewSession) => void;
}

export interface OpenCrewSession {
  /** The raw id. */
  readonly sessionId: string;
  readonly title: string;
  /** Of `S.json`. */
  readonly path: string;
  /** Events that came since it was opened, and were new. */
  readonly events: number;
}

/** The id of the session that records a batch. */
export function crewSessionId(id: string): string {
  return `crewai-${id}`;
}

export class CrewSession {
  #batch: CrewBatch;
  readonly #options: CrewSessionOptions;
  readonly #rootId: string;
  #recorder: SessionRecorder | undefined;
  /** False while nothing but the root is recorded. */
  #hasSpans: boolean;
  /** What the end has to know of the events; undefined where they have to be read for it. */
  #facts: CrewFacts | undefined;
  #title = "";
  #eventCount = 0;
  /** What is written of the batch, about; undefined where that has to be counted. */
  #writtenBytes: number | undefined;

  private constructor(options: CrewSessionOptions, batch: CrewBatch, hasSpans: boolean) {
    this.#options = options;
    this.#batch = batch;
    this.#rootId = spanIdOf(`batch ${batch.id}`);
    this.#hasSpans = hasSpans;
  }

  /** A session that begins now; throws a `CrewRefusal`. It is there once `written` resolves. */
  static begin(options: CrewSessionOptions, batch: CrewBatch): CrewSession {
    const session = new CrewSession(options, batch, false);
    session.#open(crewSteps([], batch.startMs));
    return session;
  }

  /** The session that the directory holds, not opened yet; undefined where there is none. */
  static async find(options: CrewSessionOptions, id: string): Promise<CrewSession | undefined> {
    const found = await readStored(options.fs, options.directory, crewSessionId(id));
    if (found === undefined) return undefined;
    const rootId = spanIdOf(`batch ${id}`);
    const batch = batchOf(found.trace.spans.find(({ spanId }) => spanId === rootId));
    // A process that died as it began the session has answered nobody.
    if (batch === undefined && found.isBegun) return undefined;
    if (batch === undefined) throw new CrewRefusal(409, `There is another session with the id ${crewSessionId(id)}`);
    // Where the process died before the end was recorded, it is not ended.
    return new CrewSession(options, found.isEnded ? batch : { ...batch, outcome: undefined }, true);
  }

  get id(): string {
    return this.#batch.id;
  }

  /** Something of it can be recorded without beginning again. */
  get isOpen(): boolean {
    return this.#recorder !== undefined;
  }

  /** Undefined while nothing can be recorded. */
  get open(): OpenCrewSession | undefined {
    if (this.#recorder === undefined) return undefined;
    const sessionId = crewSessionId(this.id);
    return { sessionId, title: this.#title, path: this.#recorder.path, events: this.#eventCount };
  }

  get hasEvents(): boolean {
    return this.#hasSpans;
  }

  /** Resolves once what was recorded survives the death of this process; rejects with a `CrewRefusal`. */
  async written(): Promise<void> {
    const recorder = this.#recorder;
    if (recorder === undefined) return;
    recorder.appendNow();
    if (recorder.health.state === "ok") return;
    try {
      await withLimit(this.#options.syncMs, () => recorder.sync());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CrewRefusal(503, `The events are not on the disk yet: ${reason}`);
    }
  }

  /**
   * Records the events that are not there yet; once this resolves they are.
   * @returns how many were new
   */
  async record(sent: readonly unknown[]): Promise<number> {
    const { spans, events } = await this.#recorded();
    const known = new Set(events.map(({ id }) => id));
    const fresh: CrewEvent[] = [];
    for (const each of sent) {
      const event = readCrewEvent(each);
      if (event === undefined || known.has(event.id)) continue;
      known.add(event.id);
      fresh.push(event);
    }
    if (fresh.length === 0) return 0;
    // The root, which holds the batch as it was initialised, is written with each request.
    const writtenBytes = (this.#writtenBytes ?? bytesOf(events)) + bytesOf(fresh) + jsonBytes(this.#batch.sent);
    const { batchBytes } = this.#options;
    if (writtenBytes > batchBytes) {
      throw new CrewRefusal(413, `A batch of more than ${groupDigits(batchBytes)} bytes is not taken`);
    }
    this.#writtenBytes = undefined;
    const outcome = this.#batch.outcome;
    this.#batch = { ...this.#batch, outcome: undefined };
    const recorder = this.#recorder ?? this.#open(crewSteps(events, this.#batch.startMs));
    const dropped = recorder.health.droppedRecords;
    this.#hasSpans = true;
    this.#facts = undefined;
    const steps = recordRun(recorder, this.#batch, this.#rootId, [...events, ...fresh], spans);
    const tree = await this.#paced(recorder, steps);
    this.#title = batchMetadata(this.#batch, tree.run).title ?? "";
    this.#eventCount += fresh.length;
    recorder.metadata(JSON.stringify({ title: this.#title }));
    await this.written();
    if (recorder.health.droppedRecords > dropped) throw new CrewRefusal(503, "The disk could not take all events");
    this.#facts = factsOf(tree, events.length + fresh.length);
    this.#writtenBytes = writtenBytes;
    // What comes late for a batch that has ended changes nothing of how it did.
    if (outcome !== undefined && isFinal(outcome)) await this.end(outcome);
    return fresh.length;
  }

  /** Ends the session; the first end that crewAI tells is the one that counts. */
  async end(said: CrewOutcome): Promise<void> {
    if (isFinal(this.#batch.outcome) || (this.#batch.outcome && !isFinal(said))) return;
    const { tree, received } = this.#facts ?? (await this.#readFacts());
    const { eventCount } = said;
    const isShort = eventCount !== undefined && eventCount > received;
    if (isShort) {
      const message = `crewAI counted ${eventCount} events of the run, and ${received} of them came`;
      this.#options.onProblem({ message, sessionId: crewSessionId(this.id) });
    }
    const outcome = isShort ? { ...said, receivedCount: received } : said;
    const recorder = this.#recorder ?? this.#open(tree);
    const batch = { ...this.#batch, outcome };
    const root = rootSpan(batch, tree.run, this.#rootId);
    const { endTime, isError, error, isInterrupted } = endOf(tree, batch, root, recorder.nowMs());
    recorder.attributes(this.#rootId, JSON.stringify({ [batchAttribute]: batch }));
    const json = JSON.stringify({
      endTime,
      status: isError ? "error" : "ok",
      ...(error === undefined ? {} : { statusMessage: error }),
      ...(isInterrupted ? { interrupted: true } : {}),
    });
    const totals = {
      kind: "session",
      name: root.name,
      isFailed: isError,
      durationMs: endTime - root.startTime,
    } as const;
    const path = await recorder.finish({
      root: { spanId: this.#rootId, json, totals },
      status: isError ? "error" : "completed",
      error,
    });
    // Whoever asks for it again begins again, from what is on the disk.
    this.#recorder = undefined;
    this.#hasSpans = true;
    if (path === undefined) throw new CrewRefusal(503, "The end of the run could not be written");
    this.#batch = batch;
  }

  crash(reason: string, signal?: string): void {
    this.#recorder?.crash(reason, { signal });
  }

  /** @param tree what is recorded of the run: its root is begun again with all that it has */
  #open(tree: CrewTree): SessionRecorder {
    const { directory, fs, fsync, onProblem } = this.#options;
    const metadata = batchMetadata(this.#batch, tree.run);
    let reason = "The session can't be recorded";
    const recorder = openSessionRecorder({
      directory,
      sessionId: crewSessionId(this.id),
      traceId: makeTraceId(Date.now()),
      metadata,
      mode: this.#hasSpans ? "rehydrate" : "start",
      fsync,
      fs,
      machine: undefined,
      onProblem: (problem) => {
        reason = problem.message;
        onProblem(problem);
      },
    });
    if (recorder === undefined) throw new CrewRefusal(503, reason);
    this.#recorder = recorder;
    this.#title = metadata.title ?? "";
    this.#eventCount = 0;
    beginRoot(recorder, rootSpan(this.#batch, tree.run, this.#rootId));
    if (this.open) this.#options.onSession(this.open);
    return recorder;
  }

  async #readFacts(): Promise<CrewFacts> {
    const { events } = await this.#recorded();
    return factsOf(crewSteps(events, this.#batch.startMs), events.length);
  }

  /** What is recorded, without the root, and the events that it is made of. */
  async #recorded(): Promise<{ readonly spans: readonly TraceSpan[]; readonly events: readonly CrewEvent[] }> {
    if (!this.#hasSpans) return { spans: [], events: [] };
    // What is not on the disk can't be read from there.
    if (this.#recorder) await this.written();
    const { fs, directory } = this.#options;
    const found = await readStored(fs, directory, crewSessionId(this.id));
    const all = found?.trace.spans ?? [];
    const events = all.flatMap(sentEvents).flatMap((event) => readCrewEvent(event) ?? []);
    return { spans: all.filter(({ spanId }) => spanId !== this.#rootId), events };
  }

  /** Runs the steps; others have their turn meanwhile, and a slow disk is waited for. */
  async #paced<T>(recorder: SessionRecorder, steps: Generator<undefined, T>): Promise<T> {
    let sinceMs = performance.now();
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done) return step.value;
      if (recorder.health.state !== "ok") await this.written();
      if (performance.now() - sinceMs < turnMs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      sinceMs = performance.now();
    }
  }
}

function bytesOf(events: readonly CrewEvent[]): number {
  return events.reduce((sum, { sent }) => sum + jsonBytes(sent), 0);
}

function jsonBytes(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** So long events are worked on before others have their turn. */
const turnMs = 20;
