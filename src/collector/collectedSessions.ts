// The sessions that are collected at present, at most so many at a time: for one more the one that has been silent longest
// is ended. One that was ended, or recorded by an earlier collector, is reopened when spans of it come.

import { openSessionRecorder } from "../recorder/openSession";
import { nodeFs } from "../recorder/recorderFs";
import type { RecorderProblem } from "../recorder/sessionRequest";
import { makeTraceId } from "../recorder/traceIds";
import type { FsyncMode } from "../recorder/traceTypes";
import { OrderedTurns } from "../session/orderedTurns";
import { otlpMemory } from "../session/otlpMemory";
import { CollectedSession, type CollectingEnd } from "./collectedSession";
import { recentPlaces } from "./recentPlaces";
import { readRestored, rootSpanIdOf } from "./restoredSession";
import type { Placeable, Placed, SessionPlace } from "./sessionOfSpans";
import { titleOf } from "./sessionTitle";

export interface CollectedSessionsOptions {
  readonly directory: string;
  readonly fsync: FsyncMode;
  readonly mostOpen: number;
  readonly idleMs: number;
  readonly onOpened: (session: CollectedSession) => void;
  readonly onProblem: (problem: RecorderProblem) => void;
}

/** Traces whose session is remembered; then those that were asked for longest ago are forgotten. About 20 MB. */
const mostTraces = 65_536;

export class CollectedSessions {
  readonly #options: CollectedSessionsOptions;
  readonly #memory = otlpMemory();
  readonly #open = new Map<string, CollectedSession>();
  readonly #turns = new OrderedTurns();
  /** Those that are about to be among the open ones. */
  #opening = 0;
  #isClosed = false;
  /** Sessions whose end is under way. */
  readonly #ending = new Map<string, Promise<void>>();
  #places = new Map<string, SessionPlace>();
  #olderPlaces = new Map<string, SessionPlace>();

  constructor(options: CollectedSessionsOptions) {
    this.#options = options;
  }

  /** Takes up what earlier collectors have put where. */
  async recall(): Promise<void> {
    for (const [traceId, place] of await recentPlaces(this.#options.directory)) this.#remember(traceId, place);
  }

  get all(): readonly CollectedSession[] {
    return [...this.#open.values()];
  }

  placeOf(traceId: string): SessionPlace | undefined {
    const place = this.#places.get(traceId);
    if (place !== undefined) return place;
    const older = this.#olderPlaces.get(traceId);
    if (older !== undefined) this.#remember(traceId, older);
    return older;
  }

  /**
   * Does something with the session of these spans, when all that was asked of it before is done; other sessions don't
   * wait for that. Undefined for one that can't be recorded.
   */
  with<T>(placed: Placed, use: (session: CollectedSession | undefined) => Promise<T>): Promise<T> {
    return this.#turns.run(placed.place.sessionId, async () => await use(await this.#opened(placed)));
  }

  /** From now on the spans of these traces go into their sessions. */
  settle(all: readonly Placed[]): void {
    for (const { place, spans } of all) {
      for (const { traceId } of spans) if (this.#places.get(traceId) !== place) this.#remember(traceId, place);
    }
  }

  async #opened(placed: Placed): Promise<CollectedSession | undefined> {
    const { sessionId } = placed.place;
    const open = this.#open.get(sessionId);
    if (open !== undefined && !open.isEnding) return open;
    await this.#ending.get(sessionId);
    const leave = await this.#makeRoom();
    try {
      return await this.#begin(placed);
    } finally {
      leave();
    }
  }

  /** Ends the sessions that have been silent so long. */
  endIdle(): void {
    const nowMs = performance.now();
    for (const session of this.#open.values()) {
      if (this.#turns.isBusy(session.place.sessionId)) continue;
      if (nowMs - session.lastSpanMs >= this.#options.idleMs) this.#end(session, "idle");
    }
  }

  /** None is opened any more; those at work end when that is done. */
  async endAll(reason: CollectingEnd): Promise<void> {
    this.#isClosed = true;
    const ends = this.all.map((session) =>
      this.#turns.run(session.place.sessionId, async () => this.#end(session, reason)),
    );
    await Promise.all(ends);
    await Promise.all(this.#ending.values());
  }

  crash(reason: string, signal?: string): void {
    for (const session of this.#open.values()) session.crash(reason, signal);
    this.#open.clear();
  }

  async #begin({ place, spans }: Placed): Promise<CollectedSession | undefined> {
    const [first] = spans;
    if (first === undefined) return undefined;
    const { directory, fsync, onProblem } = this.#options;
    const { sessionId } = place;
    const restored = await readRestored(directory, sessionId);
    if (this.#isClosed) return undefined;
    const rootSpanId = rootSpanIdOf(sessionId);
    for (const { traceId } of restored?.spans ?? []) this.#remember(traceId, place);
    const title = restored?.title ?? titleOf(place, first.origin.resource);
    const recorder = openSessionRecorder({
      directory,
      sessionId,
      traceId: makeTraceId(Date.now()),
      metadata: { title },
      mode: restored === undefined ? "start" : "rehydrate",
      hasFirstRecords: true,
      fsync,
      fs: nodeFs,
      machine: undefined,
      onProblem,
    });
    const sinceMs = spans.reduce((since, span) => Math.min(since, timeOf(span)), Number.POSITIVE_INFINITY);
    if (recorder === undefined) return undefined;
    const memory = this.#memory;
    const session = new CollectedSession({ place, recorder, title, rootSpanId, sinceMs, restored, memory, onProblem });
    // Before anything is waited for: whatever ends this process ends this session, too.
    this.#open.set(sessionId, session);
    if (restored !== undefined) await session.restore(restored);
    this.#options.onOpened(session);
    return session;
  }

  /** @returns to be called once the session that there is room for is open, or is not to be */
  async #makeRoom(): Promise<() => void> {
    for (;;) {
      // What is being ended holds memory and files too.
      if (this.#ending.size >= mostEnding) await Promise.race(this.#ending.values());
      else if (this.#open.size + this.#opening < this.#options.mostOpen) break;
      else if (!this.#endIdlest()) await this.#turns.oneEnded();
    }
    this.#opening++;
    return () => {
      this.#opening--;
    };
  }

  /** @returns false where all are at work, or are just being opened */
  #endIdlest(): boolean {
    let idlest: CollectedSession | undefined;
    for (const session of this.#open.values()) {
      if (this.#turns.isBusy(session.place.sessionId)) continue;
      if (idlest === undefined || session.lastSpanMs < idlest.lastSpanMs) idlest = session;
    }
    if (idlest === undefined) return false;
    this.#end(idlest, "too many sessions");
    return true;
  }

  #end(session: CollectedSession, reason: CollectingEnd): void {
    const { sessionId } = session.place;
    this.#open.delete(sessionId);
    const ended = session.end(reason).finally(() => {
      if (this.#ending.get(sessionId) === ended) this.#ending.delete(sessionId);
    });
    this.#ending.set(sessionId, ended);
  }

  #remember(traceId: string, place: SessionPlace): void {
    this.#places.set(traceId, place);
    if (this.#places.size < mostTraces) return;
    this.#olderPlaces = this.#places;
    this.#places = new Map();
  }
}

const mostEnding = 24;

function timeOf(told: Placeable & { readonly startMs?: number; readonly timeMs?: number | undefined }): number {
  return told.startMs ?? told.timeMs ?? Number.POSITIVE_INFINITY;
}
