// Puts pictures together from `open`, chunks and deltas. A message that does not follow from what is there makes the
// panel ask for everything again, once.

import type { HostMessage } from "../../src/protocol/panelMessages";
import { SpanStore } from "./spanStore";
import { buildTraceModel, type TraceModel } from "./traceModel";

type MessageOf<Type extends HostMessage["type"]> = Extract<HostMessage, { type: Type }>;

interface Loaded {
  readonly epoch: number;
  revision: number;
  readonly store: SpanStore;
}

export class PictureLoader {
  readonly #askAgain: (reason: string) => void;
  #opening: (Loaded & { readonly opened: MessageOf<"open"> }) | undefined;
  #current: Loaded | undefined;
  #isWaiting = false;

  constructor(askAgain: (reason: string) => void) {
    this.#askAgain = askAgain;
  }

  open(message: MessageOf<"open">): void {
    this.#isWaiting = false;
    const { epoch, revision } = message;
    this.#opening = { epoch, revision, store: new SpanStore(message.rowCount), opened: message };
  }

  /** The complete picture after its last chunk, undefined before. */
  columns(message: MessageOf<"columns">): { opened: MessageOf<"open">; model: TraceModel } | undefined {
    const opening = this.#opening;
    if (opening === undefined || message.epoch !== opening.epoch || message.revision !== opening.revision)
      return undefined;
    if (!opening.store.append(message.fromRow, message.columns, message.strings)) {
      this.#resync(`chunk from row ${message.fromRow} after ${opening.store.count} rows`);
      return undefined;
    }
    if (!message.last) return undefined;
    this.#opening = undefined;
    this.#current = opening;
    return { opened: opening.opened, model: buildTraceModel(opening.store.columns) };
  }

  delta(message: MessageOf<"delta">): TraceModel | undefined {
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
    return buildTraceModel(current.store.columns);
  }

  #resync(reason: string): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#opening = undefined;
    this.#askAgain(reason);
  }
}
