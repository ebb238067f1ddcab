// Details of the selected row: asked for when a row is selected, or before where it is known that it will be, kept until the
// next are here, dropped when superseded.

import { spanDetailsSchema } from "../../src/protocol/panelReplies";
import type { SpanDetails } from "../../src/trace/spanDetails";
import { type HostConnection, StaleReplyError } from "./hostConnection";

export interface ReadyDetails {
  readonly type: "ready";
  readonly row: number;
  readonly details: SpanDetails;
}

export type DetailsState =
  | { readonly type: "none" }
  /** `previous` is shown until the new details are here, so that nothing flickers from step to step. */
  | { readonly type: "loading"; readonly row: number; readonly previous: ReadyDetails | undefined }
  | ReadyDetails
  | { readonly type: "error"; readonly row: number; readonly message: string };

/** Details of a row that will be selected. */
interface Ahead {
  readonly epoch: number;
  readonly row: number;
  readonly answer: Promise<SpanDetails>;
  details?: SpanDetails;
}

export class DetailsModel {
  readonly #connection: HostConnection;
  readonly #onChange: () => void;
  #state: DetailsState = { type: "none" };
  #asked = 0;
  #ahead: Ahead | undefined;

  constructor(connection: HostConnection, onChange: () => void) {
    this.#connection = connection;
    this.#onChange = onChange;
  }

  get state(): DetailsState {
    return this.#state;
  }

  /** The details that are on the screen: those of the selected row, or of the one before while they are on their way. */
  get shown(): ReadyDetails | undefined {
    return this.#state.type === "ready"
      ? this.#state
      : this.#state.type === "loading"
        ? this.#state.previous
        : undefined;
  }

  clear(): void {
    this.#asked++;
    this.#state = { type: "none" };
  }

  /** Asks for the details of a row that is about to be selected. */
  expect(epoch: number, row: number): void {
    if (this.#ahead?.epoch === epoch && this.#ahead.row === row) return;
    const ahead: Ahead = { epoch, row, answer: this.#ask(epoch, row) };
    this.#ahead = ahead;
    ahead.answer.then(
      (details) => {
        ahead.details = details;
      },
      // Whoever waits for it hears of it.
      () => undefined,
    );
  }

  /** @param keepShown the row may have changed: what is shown stays until the answer is here. */
  async load(epoch: number, row: number, keepShown = false): Promise<void> {
    const asked = ++this.#asked;
    const expected = this.#ahead;
    this.#ahead = undefined;
    const ahead = !keepShown && expected?.epoch === epoch && expected.row === row ? expected : undefined;
    if (ahead?.details !== undefined) {
      this.#state = { type: "ready", row, details: ahead.details };
      return this.#onChange();
    }
    if (!keepShown) this.#state = { type: "loading", row, previous: this.shown };
    try {
      const details = await (ahead?.answer ?? this.#ask(epoch, row));
      if (asked !== this.#asked) return;
      this.#state = { type: "ready", row, details };
    } catch (error) {
      // After a stale answer the next `open` selects anew.
      if (asked !== this.#asked || error instanceof StaleReplyError) return;
      this.#state = { type: "error", row, message: error instanceof Error ? error.message : String(error) };
    }
    this.#onChange();
  }

  #ask(epoch: number, row: number): Promise<SpanDetails> {
    return this.#connection.request("details", { epoch, row }, spanDetailsSchema);
  }
}
