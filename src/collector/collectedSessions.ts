// The sessions that are collected at present, at most so many at a time: for one more the one that has been silent longest
// is ended. One that was ended, or recorded by an earlier collector, is reopened when spans of it come.

import { openSessionRecorder } from "../recorder/openSession";
import { nodeFs } from "../recorder/recorderFs";
import type { RecorderProblem } from "../recorder/sessionRequest";
import { makeTraceId } from "../recorder/traceIds";
import type { FsyncMode } from "../recorder/traceTypes";
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

  /** @returns undefined where it can't be recorded; only one call at a time */
  async open({ place, spans }: Placed): Promise<CollectedSession | undefined> {
    for (const { traceId } of spans) if (this.#places.get(traceId) !== place) this.#remember(traceId, place);
    const { sessionId } = place;
    const open = this.#open.get(sessionId);
    if (open !== undefined && !open.isEnding) return open;
    await this.#ending.get(sessionId);
    await this.#makeRoom();
    const session = await this.#begin({ place, spans });
    if (session === undefined) return undefined;
    this.#open.set(sessionId, session);
    this.#options.onOpened(session);
    return session;
  }

  /** Ends the sessions that have been silent so long. */
  endIdle(): void {
    const nowMs = performance.now();
    for (const session of this.#open.values()) {
      if (nowMs - session.lastSpanMs >= this.#options.idleMs) this.#end(session, "idle");
    }
  }

  async endAll(reason: CollectingEnd): Promise<void> {
    for (const session of this.#open.values()) this.#end(session, reason);
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
    const rootSpanId = rootSpanIdOf(sessionId);
    for (const { traceId } of restored?.spans ?? []) this.#remember(traceId, place);
    const title = restored?.title ?? titleOf(place, first.origin.resource);
    const recorder = openSessionRecorder({
      directory,
      sessionId,
      traceId: makeTraceId(Date.now()),
      metadata: { title },
      mode: restored === undefined ? "start" : "rehydrate",
      fsync,
      fs: nodeFs,
      machine: undefined,
      onProblem,
    });
    const sinceMs = spans.reduce((since, span) => Math.min(since, timeOf(span)), Number.POSITIVE_INFINITY);
    const memory = this.#memory;
    return (
      recorder && new CollectedSession({ place, recorder, title, rootSpanId, sinceMs, restored, memory, onProblem })
    );
  }

  async #makeRoom(): Promise<void> {
    while (this.#open.size >= this.#options.mostOpen) {
      let idlest: CollectedSession | undefined;
      for (const session of this.#open.values()) {
        if (idlest === undefined || session.lastSpanMs < idlest.lastSpanMs) idlest = session;
      }
      if (idlest !== undefined) this.#end(idlest, "too many sessions");
    }
    // What is being ended holds memory and files too.
    while (this.#ending.size >= mostEnding) await Promise.race(this.#ending.values());
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
