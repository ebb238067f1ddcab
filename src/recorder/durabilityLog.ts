// Notes when the journal was brought to the disk and when `S.json` was replaced, so that a reader can say what was safe at
// any instant. At most about one note a second goes to the journal, and only in front of something else: a note alone
// would have to be brought to the disk, which would be noted again.

import {
  addMark,
  boundMarks,
  type Durability,
  type DurabilityMark,
  encodeDurability,
  encodeMark,
  mostMarks,
  singleMark,
} from "../trace/durability";
import type { FsyncMode } from "./traceTypes";

const noteEveryMs = 1_000;

export interface DurabilitySetup {
  readonly fsync: FsyncMode;
  readonly instance: string;
  /** The same instant by both clocks: time 0 of the marks. */
  readonly clock: { readonly wallMs: number; readonly monoMs: number };
}

/** Marks of one kind: all that a trace keeps, and those that the journal does not have yet. */
class Marks {
  #kept: readonly DurabilityMark[] = [];
  #pending: readonly DurabilityMark[] = [];

  get kept(): readonly DurabilityMark[] {
    return this.#kept;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  add(mark: DurabilityMark): void {
    this.#kept = boundMarks(addMark(this.#kept, mark), mostMarks);
    this.#pending = boundMarks(addMark(this.#pending, mark), mostPending);
  }

  takePending(): readonly DurabilityMark[] {
    const pending = this.#pending;
    this.#pending = [];
    return pending;
  }
}

/** Of a session that stays quiet while it is synced and written, which is once or twice. */
const mostPending = 8;

export class DurabilityLog {
  readonly #setup: DurabilitySetup;
  readonly #synced = new Marks();
  readonly #snapshots = new Marks();
  #lastNoteMs = 0;

  constructor(setup: DurabilitySetup) {
    this.#setup = setup;
  }

  /** @param beganMs `performance.now()` when the sync began; @param seq of the last record that it covers */
  synced(beganMs: number, seq: number): void {
    this.#synced.add(this.#mark(beganMs, seq));
  }

  /** @param beganMs when what is in the snapshot was settled */
  replaced(beganMs: number, seq: number): void {
    this.#snapshots.add(this.#mark(beganMs, seq));
  }

  /** The body of a record with what the journal does not have yet; undefined where there is nothing, or it is too early. */
  note(): string | undefined {
    if (!this.#synced.hasPending && !this.#snapshots.hasPending) return undefined;
    const nowMs = performance.now() - this.#setup.clock.monoMs;
    if (nowMs - this.#lastNoteMs < noteEveryMs) return undefined;
    this.#lastNoteMs = nowMs;
    const fields = {
      ...encoded("synced", this.#synced.takePending()),
      ...encoded("snapshots", this.#snapshots.takePending()),
    };
    return `"t":"heartbeat",${JSON.stringify(fields).slice(1, -1)}`;
  }

  /** For `S.json`. */
  toJson(incarnation: number): Record<string, unknown> {
    const { instance, fsync, clock } = this.#setup;
    const durability: Durability = {
      incarnation,
      instance,
      startMs: clock.wallMs,
      fsync,
      untilMs: Math.ceil(performance.now() - clock.monoMs),
      synced: this.#synced.kept,
      snapshots: this.#snapshots.kept,
    };
    return encodeDurability(durability);
  }

  #mark(beganMs: number, seq: number): DurabilityMark {
    const { monoMs } = this.#setup.clock;
    return singleMark(Math.max(0, beganMs - monoMs), performance.now() - monoMs, Math.max(0, seq));
  }
}

function encoded(name: string, marks: readonly DurabilityMark[]): Record<string, unknown> {
  return marks.length === 0 ? {} : { [name]: marks.map(encodeMark) };
}
