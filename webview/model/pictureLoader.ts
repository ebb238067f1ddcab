// Takes `open`, chunks and deltas as they come and says what to do with each. A message that does not follow from what is
// there makes the panel ask for everything again, once.

import type { HostMessage } from "../../src/protocol/panelMessages";
import type { HostConnection } from "./hostConnection";
import { LiveTrace } from "./liveTrace";
import { RowTexts, type TextsListener } from "./rowTexts";
import { SpanForest } from "./spanForest";
import { SpanStore } from "./spanStore";

export type MessageOf<Type extends HostMessage["type"]> = Extract<HostMessage, { type: Type }>;

/** All rows of an epoch, linked to their parents in no order yet. */
export interface LoadedRows {
  readonly opened: MessageOf<"open">;
  readonly store: SpanStore;
  readonly forest: SpanForest;
}

interface Loaded {
  readonly epoch: number;
  revision: number;
  readonly store: SpanStore;
}

export class PictureLoader {
  readonly #connection: Pick<HostConnection, "post" | "request">;
  readonly #onTexts: TextsListener;
  #opening: (Loaded & LoadedRows) | undefined;
  #current: Loaded | undefined;
  #isWaiting = false;

  /** @param onTexts told when texts have come that the columns lack */
  constructor(connection: Pick<HostConnection, "post" | "request">, onTexts: TextsListener) {
    this.#connection = connection;
    this.#onTexts = onTexts;
  }

  open(message: MessageOf<"open">): void {
    this.#isWaiting = false;
    const { epoch, revision, rowCount, header } = message;
    const texts =
      message.lacksTexts === true ? new RowTexts(this.#connection, epoch, rowCount, this.#onTexts) : undefined;
    if (message.texts !== undefined) texts?.take(message.texts);
    const capacity = LiveTrace.capacity(rowCount, header.live);
    const store = new SpanStore(capacity, texts);
    this.#opening = { epoch, revision, store, opened: message, forest: new SpanForest(store.columns, capacity) };
  }

  /** All rows after the last chunk, undefined before. */
  columns(message: MessageOf<"columns">): LoadedRows | undefined {
    const opening = this.#opening;
    if (opening === undefined || message.epoch !== opening.epoch || message.revision !== opening.revision)
      return undefined;
    const { store, forest } = opening;
    const from = store.count;
    if (!store.append(message.fromRow, message.columns, message.strings)) {
      this.#resync(`chunk from row ${message.fromRow} after ${from} rows`);
      return undefined;
    }
    // While the next chunk is on its way.
    forest.update(store.columns);
    forest.linkRange(from, store.count);
    if (!message.last) return undefined;
    this.#opening = undefined;
    const { epoch, revision } = opening;
    this.#current = { epoch, revision, store };
    return opening;
  }

  /** The store that has taken the delta in; undefined where it does not follow. */
  delta(message: MessageOf<"delta">): SpanStore | undefined {
    const current = this.#current;
    // What comes while a picture is being sent is newer than that picture, unless it is of the same run of revisions.
    if (this.#opening !== undefined || this.#isWaiting) {
      if (this.#opening !== undefined) this.#resync("delta while opening");
      return undefined;
    }
    if (current === undefined || message.epoch !== current.epoch) {
      this.#resync(`delta of epoch ${message.epoch}`);
      return undefined;
    }
    if (message.fromRevision !== current.revision) {
      this.#resync(`delta from revision ${message.fromRevision} on ${current.revision}`);
      return undefined;
    }
    if (!current.store.applyDelta(message.changedRows, message.changed, message.appended, message.strings)) {
      this.#resync("delta names rows that are not there");
      return undefined;
    }
    current.revision = message.revision;
    return current.store;
  }

  #resync(reason: string): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#opening = undefined;
    this.#connection.post({ type: "resync", reason });
  }
}
