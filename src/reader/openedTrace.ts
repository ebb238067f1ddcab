// A session that somebody looks at: read, numbered, kept up to date. `epoch` changes when row numbers lose their meaning,
// `revision` grows by one with every other change of rows; what time or files around the spans change alone changes neither.

import { setTimeout } from "node:timers/promises";
import type { Disposable } from "../base/disposable";
import { describeError, type Logger } from "../base/logger";
import type { Steps } from "../base/steps";
import { textsOfRow } from "../trace/fillTexts";
import type { SpanColumns } from "../trace/spanColumns";
import { TraceReplacedError } from "../trace/spanSource";
import { deriveState, type SessionState } from "../trace/state";
import { ChangeLog, type Changes, type Extent } from "./changeLog";
import { keepsRowsInSteps, changedRows as rowsThatDiffer } from "./columnsDelta";
import { inTurns } from "./inTurns";
import type { TracePicture } from "./picture";
import { RowTally } from "./rowTotals";
import type { FoundFailures, SessionReading, SessionSource, SessionUpdate } from "./sessionSource";
import { SharedTexts } from "./sharedTexts";

/** A file that is replaced faster than it can be read is not read over and over. */
const mostReplacements = 3;
/** A read of this length is followed by a rest. */
const longReadMs = 300;
const longestRestMs = 5_000;

const none = new Uint32Array();

export type TraceNews =
  | { readonly type: "picture"; readonly picture: TracePicture }
  /** Nothing of the session can be read at the moment; the last picture, if any, is still valid as such. */
  | { readonly type: "unreadable"; readonly message: string; readonly isMissing: boolean };

export interface OpenedTraceOptions {
  readonly source: SessionSource;
  /** Number of its first epoch. */
  readonly firstEpoch: number;
  readonly logger: Logger;
  now(): number;
  onNews(news: TraceNews): void;
}

export class OpenedTrace implements Disposable {
  readonly #options: OpenedTraceOptions;
  readonly #abort = new AbortController();
  #reading: SessionReading | undefined;
  #picture: TracePicture | undefined;
  #texts: SharedTexts | undefined;
  #log = new ChangeLog({ rows: 0, strings: 0 });
  #tally = new RowTally();
  #nextEpoch: number;
  #inFlight: Promise<void> | undefined;
  #again = false;
  #restsUntilMs = 0;
  #replacements = 0;

  constructor(options: OpenedTraceOptions) {
    this.#options = options;
    this.#nextEpoch = options.firstEpoch;
  }

  /** The last sound picture; undefined before the first one. */
  get picture(): TracePicture | undefined {
    return this.#picture;
  }

  /** Reads what is new. Calls during a read lead to exactly one more; the promise covers the call and never rejects. */
  update(): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.resolve();
    if (this.#inFlight !== undefined) {
      this.#again = true;
      return this.#inFlight;
    }
    return this.#start(this.#run());
  }

  /** The file was replaced under what was read of it: all is read again. */
  updateAnew(): Promise<void> {
    this.#options.source.forget();
    return this.update();
  }

  /** Derives the state anew, which time alone can change (silence turns Running into Unknown). */
  refreshState(): void {
    const [picture, reading] = [this.#picture, this.#reading];
    // What is read now is told with the state of then.
    if (picture === undefined || reading === undefined || this.#inFlight !== undefined) return;
    const state = deriveState(picture.session.evidence, this.#options.now());
    if (JSON.stringify(state) === JSON.stringify(picture.state)) return;
    void this.#start(this.#refresh(reading));
  }

  /** How far the picture reaches; its columns may have grown since. */
  get extent(): Extent {
    return this.#log.extent;
  }

  /** What came between two revisions of this epoch; undefined where that is no longer known. */
  changes(revision: number, until: number): Changes | undefined {
    return this.#log.between(revision, until);
  }

  dispose(): void {
    this.#abort.abort();
    this.#options.source.dispose();
  }

  #start(work: Promise<void>): Promise<void> {
    this.#inFlight = work.finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  async #refresh(reading: SessionReading): Promise<void> {
    try {
      await this.#apply({ type: "grown", reading, changedRows: none });
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#options.logger.debug(`The state was not derived anew: ${describeError(error)}`);
      if (error instanceof TraceReplacedError) this.#options.source.forget();
      else return;
      this.#again = true;
    }
    if (this.#again) await this.#run();
  }

  async #run(): Promise<void> {
    do {
      // A trace that takes long to read and grows all the time leaves half of this thread to everybody else.
      const restMs = this.#restsUntilMs - performance.now();
      if (restMs > 0) await setTimeout(restMs, undefined, { signal: this.#abort.signal }).catch(() => undefined);
      this.#again = false;
      await this.#readOnce();
    } while (this.#again && !this.#abort.signal.aborted);
  }

  async #readOnce(): Promise<void> {
    const { signal } = this.#abort;
    if (signal.aborted) return;
    const beganMs = performance.now();
    try {
      const update = await this.#options.source.read(signal);
      if (signal.aborted) return;
      await this.#apply(update);
      this.#replacements = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof TraceReplacedError && ++this.#replacements < mostReplacements) {
        this.#options.source.forget();
        this.#again = true;
        return;
      }
      this.#options.logger.warn(`Could not read the trace: ${describeError(error)}`);
      const isMissing = (error as { code?: unknown }).code === "ENOENT";
      this.#options.onNews({ type: "unreadable", message: describeError(error), isMissing });
    } finally {
      const tookMs = performance.now() - beganMs;
      this.#restsUntilMs = tookMs < longReadMs ? 0 : performance.now() + Math.min(tookMs, longestRestMs);
    }
  }

  /** The picture of before is there until its end. */
  async #apply(told: SessionUpdate): Promise<void> {
    await inTurns(this.#applying(told), this.#abort.signal);
  }

  *#applying(told: SessionUpdate): Steps<void> {
    const { reading } = told;
    // What one way of reading has followed may not be what another one gave last.
    const isFollowed = told.type === "anew" || reading.spans === this.#reading?.spans;
    const update: SessionUpdate = isFollowed ? told : { type: "anew", reading };
    const before = this.#picture;
    const state = deriveState(reading.session.evidence, this.#options.now());
    const { rows } = this.#log.extent;
    const found = yield* this.#failures(update, state);
    this.#reading = reading;
    const shared = { ...pictureOf(reading, state), failures: found.failures };
    const kept = before && (yield* this.#keptColumns(before, rows, update));
    yield;
    if (before === undefined || this.#texts === undefined || kept === undefined) {
      const { columns } = reading;
      this.#texts = new SharedTexts(columns);
      this.#log = new ChangeLog(extentOf(columns));
      this.#tally = new RowTally();
      const totals = this.#tally.update(columns, reading.spans, none, 0);
      return this.#publish({ ...shared, totals, columns, epoch: this.#nextEpoch++, revision: 1 });
    }
    let columns: TracePicture["columns"];
    let changedRows: Uint32Array;
    if (update.type === "anew") {
      columns = kept;
      changedRows = rowsThatDiffer(before.columns, columns);
      yield;
    } else {
      changedRows = joined(update.changedRows, found.changedRows, rows);
      columns = this.#texts.grown(reading.columns, changedRows, rows);
    }
    const isSame = changedRows.length === 0 && columns.count === rows;
    if (!isSame) this.#log.add(changedRows, extentOf(columns));
    const totals = isSame ? before.totals : this.#tally.update(columns, reading.spans, changedRows, rows);
    const revision = before.revision + (isSame ? 0 : 1);
    this.#publish({ ...shared, hasTexts: before.hasTexts, totals, columns, epoch: before.epoch, revision });
  }

  /** The columns with the texts of the epoch; undefined where rows lose their numbers, or too many of them their texts. */
  *#keptColumns(before: TracePicture, rows: number, { type, reading }: SessionUpdate): Steps<SpanColumns | undefined> {
    const { columns, hasTexts, spans, output } = reading;
    // The row of missing parents goes away when the producer corrects them, and a delta takes no row away.
    if (columns.count < rows) return undefined;
    if (type === "grown") return columns;
    // A panel that asks for the texts of the rows that it shows is not told all of them at once.
    if (hasTexts && !before.hasTexts) return undefined;
    if (!(yield* keepsRowsInSteps(before.spans, spans))) return undefined;
    const texts = this.#texts;
    if (texts === undefined) return undefined;
    yield;
    if (hasTexts) return yield* texts.again(columns);
    const textsOf = (row: number) => textsOfRow(spans, output?.index, row);
    return yield* texts.againWith(before.columns, columns, textsOf, !before.hasTexts);
  }

  /** Those of before where nothing of what they follow from has changed. */
  *#failures(update: SessionUpdate, state: SessionState): Steps<FoundFailures> {
    const before = this.#picture;
    const isSame =
      update.type === "grown" &&
      update.changedRows.length === 0 &&
      update.reading.columns.count === this.#log.extent.rows &&
      JSON.stringify(state) === JSON.stringify(before?.state);
    if (isSame && before !== undefined) return { failures: before.failures, changedRows: none };
    return yield* update.reading.findFailures(state);
  }

  #publish(picture: TracePicture): void {
    this.#picture = picture;
    this.#options.onNews({ type: "picture", picture });
  }
}

function extentOf({ count, strings }: TracePicture["columns"]): Extent {
  return { rows: count, strings: strings.length };
}

function pictureOf(reading: SessionReading, state: SessionState) {
  const { session, spans, usage, tree, problems, output, hasTexts } = reading;
  return { session, spans, usage, tree, problems, output, hasTexts, state };
}

/** Rows of both lists that were there before, each once. */
function joined(one: Uint32Array, other: Uint32Array, rows: number): Uint32Array {
  if (other.length === 0 && one.every((row) => row < rows)) return one;
  return Uint32Array.from(new Set([...one, ...other].filter((row) => row < rows))).sort();
}
