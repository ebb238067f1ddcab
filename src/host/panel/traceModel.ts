// One session as its panels see it: loaded, turned into columns, kept up to date. Shared by all panels of a document.
// `epoch` changes when row numbers lose their meaning, `revision` grows by one with every other change.

import { setTimeout } from "node:timers/promises";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { Emitter } from "../../base/event";
import { describeError, type Logger } from "../../base/logger";
import type { TraceStore } from "../../store/traceStore";
import { actionKey } from "../../trace/actionKey";
import { buildColumns, type SpanDescription } from "../../trace/buildColumns";
import { describeSpan } from "../../trace/describeSpan";
import { type Failures, findFailures } from "../../trace/failures";
import { type OutputIndex, outputIndex } from "../../trace/outputIndex";
import { OutputReader } from "../../trace/outputLines";
import { outputAmount } from "../../trace/outputText";
import type { Problem } from "../../trace/problem";
import type { TraceSpan } from "../../trace/schema";
import type { LoadedSession } from "../../trace/sessionFiles";
import type { SpanColumns, SpanTree } from "../../trace/spanColumns";
import { buildTree } from "../../trace/spanTree";
import { deriveState, type SessionState } from "../../trace/state";
import { type ColumnsDelta, columnsDelta, keepsRows, withSharedStrings } from "./columnsDelta";
import { StringTable } from "./stringTable";

/** A load of this length is followed by a rest. */
const longLoadMs = 300;
const longestRestMs = 5_000;

/** One consistent picture; never changed once it is published. */
export interface TracePicture {
  readonly epoch: number;
  readonly revision: number;
  readonly session: LoadedSession;
  readonly spanIds: readonly string[];
  readonly columns: SpanColumns;
  readonly tree: SpanTree;
  readonly state: SessionState;
  readonly failures: Failures;
  /** Problems of reading and of building the tree. */
  readonly problems: readonly Problem[];
  /** Undefined for a trace without a program's output. */
  readonly output: OutputReader | undefined;
}

export type TraceChange =
  /** All of it is new: an epoch begins. */
  | { readonly type: "opened"; readonly picture: TracePicture }
  | {
      readonly type: "changed";
      readonly picture: TracePicture;
      readonly fromRevision: number;
      readonly delta: ColumnsDelta;
      /** Texts that came since `fromRevision`. */
      readonly strings: readonly string[];
    }
  /** Spans are the same, but what is derived from time or from files around them is not. */
  | { readonly type: "state"; readonly picture: TracePicture }
  /** Nothing of the session can be read at the moment; the last picture, if any, is still valid as such. */
  | {
      readonly type: "unreadable";
      readonly message: string;
      readonly problems: readonly Problem[];
      readonly missing: boolean;
    };

export class TraceModel implements Disposable {
  readonly key: string;
  readonly #store: Pick<TraceStore, "load" | "watchSession">;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #owned = new DisposableStore();
  readonly #changes: Emitter<TraceChange>;
  #strings = new StringTable();
  #current: TraceChange | undefined;
  #picture: TracePicture | undefined;
  #nextEpoch = 1;
  #loading: AbortController | undefined;
  #inFlight: Promise<void> | undefined;
  #again = false;
  #restsUntilMs = 0;

  constructor(
    key: string,
    store: Pick<TraceStore, "load" | "watchSession">,
    logger: Logger,
    now: () => number = Date.now,
  ) {
    this.key = key;
    this.#store = store;
    this.#logger = logger;
    this.#now = now;
    this.#changes = this.#owned.add(
      new Emitter<TraceChange>((error) => logger.error(`A trace listener failed: ${describeError(error)}`)),
    );
    this.#owned.add(store.watchSession(key, () => void this.reload()));
  }

  get onDidChange() {
    return this.#changes.event;
  }

  /** The last sound picture; undefined before the first one. */
  get picture(): TracePicture | undefined {
    return this.#picture;
  }

  /** The last thing that happened; undefined before the first load has ended. */
  get current(): TraceChange | undefined {
    return this.#current;
  }

  /** Reads the session again. Calls during a read lead to exactly one more; the promise covers the call. Never rejects. */
  reload(): Promise<void> {
    if (this.#owned.isDisposed) return Promise.resolve();
    if (this.#inFlight !== undefined) {
      this.#again = true;
      return this.#inFlight;
    }
    this.#inFlight = this.#run().finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  async #run(): Promise<void> {
    do {
      // A trace that takes long to read and grows all the time leaves half of this thread to everybody else.
      const restMs = this.#restsUntilMs - performance.now();
      if (restMs > 0) await setTimeout(restMs);
      this.#again = false;
      await this.#loadOnce();
    } while (this.#again && !this.#owned.isDisposed);
  }

  /** Derives the state anew, which time alone can change (silence turns Running into Unknown). */
  refreshState(): void {
    const before = this.#picture;
    if (!before) return;
    const state = deriveState(before.session.evidence, this.#now());
    if (JSON.stringify(state) === JSON.stringify(before.state)) return;
    this.#apply(before.session);
  }

  dispose(): void {
    this.#loading?.abort();
    this.#owned.dispose();
  }

  async #loadOnce(): Promise<void> {
    if (this.#owned.isDisposed) return;
    const abort = new AbortController();
    this.#loading = abort;
    const beganMs = performance.now();
    try {
      const session = await this.#store.load(this.key, abort.signal);
      if (!abort.signal.aborted) this.#apply(session);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#logger.warn(`Could not read ${this.key}: ${describeError(error)}`);
      const missing = (error as { code?: unknown }).code === "ENOENT";
      this.#publish({ type: "unreadable", message: describeError(error), problems: [], missing });
    } finally {
      const tookMs = performance.now() - beganMs;
      this.#restsUntilMs = tookMs < longLoadMs ? 0 : performance.now() + Math.min(tookMs, longestRestMs);
    }
  }

  #apply(session: LoadedSession): void {
    const before = this.#picture;
    const spans: readonly TraceSpan[] = session.trace.spans;
    const index = outputIndex(spans);
    const built = buildColumns(spans, describeWith(index));
    const tree = buildTree(built.columns);
    const state = deriveState(session.evidence, this.#now());
    const failures = findFailures(built.columns, tree, (row) => actionKeyOf(spans[row]), state);
    const spanIds = spans.map((span) => span.spanId);
    const problems = [...session.problems, ...built.problems];
    const output = index && new OutputReader(index, spans);
    const shared = { session, spanIds, tree, state, failures, problems, output };

    // The row of missing parents goes away when the producer corrects them, and a delta takes no row away.
    const losesRow = before !== undefined && built.columns.count < before.columns.count;
    if (!before || losesRow || !keepsRows(before.spanIds, spanIds)) {
      this.#strings = new StringTable();
      const columns = withSharedStrings(built.columns, this.#strings);
      this.#picture = { ...shared, columns, epoch: this.#nextEpoch++, revision: 1 };
      this.#publish({ type: "opened", picture: this.#picture });
      return;
    }
    const knownStrings = this.#strings.list.length;
    const columns = withSharedStrings(built.columns, this.#strings);
    const delta = columnsDelta(before.columns, columns);
    const isSame = delta.changedRows.length === 0 && delta.appended.startMs.length === 0;
    this.#picture = {
      ...shared,
      columns,
      epoch: before.epoch,
      revision: isSame ? before.revision : before.revision + 1,
    };
    if (isSame) this.#publish({ type: "state", picture: this.#picture });
    else
      this.#publish({
        type: "changed",
        picture: this.#picture,
        fromRevision: before.revision,
        delta,
        strings: this.#strings.list.slice(knownStrings),
      });
  }

  #publish(change: TraceChange): void {
    this.#current = change;
    this.#changes.fire(change);
  }
}

/** The span above a program's output says how much there is; what it holds are the bursts below it. */
function describeWith(index: OutputIndex | undefined): (span: TraceSpan, row: number) => SpanDescription {
  if (index === undefined) return describeSpan;
  const roots = new Map(index.roots.map((root) => [root.row, root]));
  return (span, row) => {
    const described = describeSpan(span);
    const root = roots.get(row);
    return root === undefined ? described : { ...described, label: outputAmount(root) };
  };
}

function actionKeyOf(span: TraceSpan | undefined): string {
  return span ? actionKey(span) : "";
}
