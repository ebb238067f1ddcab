// Sends one page what it lacks of a trace, message after message, of which only a few are under way at a time, so that
// nothing piles up on either side, and a page that lags behind is sent sums of changes.

import type { Disposable } from "../../base/disposable";
import { describeError, type Logger } from "../../base/logger";
import type { HostMessage, PanelHeader } from "../../protocol/panelMessages";
import { ReaderError } from "../../reader/readerClient";
import type { CallParams, PictureFacts, Reveal } from "../../reader/readerProtocol";
import type { TraceNow } from "../../reader/remoteTrace";
import type { TraceModel } from "./traceModel";

/** Chunks that were not taken yet: a page that is far away has the next one while it says so of the one before. */
const mostUnderWay = 3;

export interface PageFeedOptions {
  readonly model: TraceModel;
  readonly logger: Logger;
  /** Settles when the page has taken the message, or can't. */
  post(message: HostMessage): PromiseLike<unknown>;
  header(facts: PictureFacts): PanelHeader;
  /** What the page had selected when it went, for its first picture: the row, where that is of the same epoch, else the span. */
  readonly restored: {
    readonly at?: { readonly epoch: number; readonly row: number } | undefined;
    readonly spanId?: string | undefined;
  };
  /** A jump that waits for a picture; taken at most once. */
  takeReveal(): Reveal | undefined;
  /** The page has a whole picture. */
  onShown(): void;
}

export class PageFeed implements Disposable {
  readonly #options: PageFeedOptions;
  readonly #abort = new AbortController();
  #restored: PageFeedOptions["restored"] | undefined;
  #reveal: Reveal | undefined;
  /** The picture that the page has, or is being sent. */
  #sent: { readonly epoch: number; readonly revision: number; readonly facts: PictureFacts } | undefined;
  #isWhole = false;
  #told: TraceNow | undefined;
  #isRunning = false;
  #isHeaderStale = false;

  constructor(options: PageFeedOptions) {
    this.#options = options;
    this.#restored = options.restored;
  }

  /** Epoch of the picture that the page has, all of it; undefined while it has none. */
  get shownEpoch(): number | undefined {
    return this.#isWhole ? this.#sent?.epoch : undefined;
  }

  /** Looks whether the page lacks something. */
  wake(): void {
    if (this.#isRunning || this.#abort.signal.aborted) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** The page has lost track: it is sent everything once more. */
  sendAllAgain(): void {
    this.#sent = undefined;
    this.#isWhole = false;
    this.#told = undefined;
    this.wake();
  }

  /** Words of the header may be others now: it follows once all that is under way is sent, and says what is so by then. */
  refreshHeader(): void {
    this.#isHeaderStale = true;
    this.wake();
  }

  dispose(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    try {
      while (!signal.aborted) {
        const before = this.#options.model.now;
        try {
          if (!(await this.#step())) return;
        } catch (error) {
          if (signal.aborted) return;
          this.#onError(error);
          // What has come meanwhile may be sent; otherwise there will be news of the reader, and this is called again.
          if (this.#options.model.now === before) return;
        }
      }
    } finally {
      this.#isRunning = false;
    }
  }

  /** Sends one thing that the page lacks; false where it lacks none. */
  async #step(): Promise<boolean> {
    const { now } = this.#options.model;
    if (now === undefined) return false;
    if (now.type !== "picture" || now.facts.nothing !== undefined) return this.#sendUnavailable(now);
    const { facts } = now;
    if (this.#sent?.epoch !== facts.epoch || !this.#isWhole) await this.#sendAll();
    else if (this.#sent.revision !== facts.revision) await this.#sendDelta(this.#sent.epoch, this.#sent.revision);
    else if (this.#sent.facts.serial !== facts.serial || this.#isHeaderStale) {
      this.#sent = { ...this.#sent, facts };
      await this.#post({ type: "header", epoch: facts.epoch, header: this.#header(facts) });
    } else return false;
    return true;
  }

  async #sendAll(): Promise<void> {
    const { model, takeReveal } = this.#options;
    const { at, spanId } = this.#restored ?? {};
    this.#reveal = takeReveal() ?? this.#reveal;
    const shown = await model.call("show", { reveal: this.#reveal, restored: spanId }, this.#abort);
    const { facts, end, revealRow, texts } = shown;
    const { epoch, revision } = facts;
    const keptRow = at?.epoch === epoch ? at.row : shown.restoredRow;
    const sent = { epoch, revision, facts };
    this.#sent = sent;
    this.#isWhole = false;
    this.#told = undefined;
    await this.#post({
      type: "open",
      epoch,
      revision,
      header: this.#header(facts),
      rowCount: end.rows,
      ...(facts.lacksTexts ? { lacksTexts: true } : {}),
      ...(texts === undefined ? {} : { texts }),
      initialRow: facts.header.failingStep?.row ?? -1,
      ...(revealRow >= 0 ? { revealRow } : {}),
      ...(keptRow === undefined ? {} : { restoredRow: keptRow }),
    });
    const underWay: Promise<void>[] = [];
    for await (const { columns, strings, fromRow, last } of this.#chunks(epoch, end)) {
      if (this.#sent !== sent) return;
      const posted = this.#post({ type: "columns", epoch, revision, fromRow, columns, strings, last });
      // Whoever awaits it hears of its failure; until then nobody does.
      posted.catch(() => undefined);
      underWay.push(posted);
      if (underWay.length === mostUnderWay) await underWay.shift();
    }
    await Promise.all(underWay);
    if (this.#sent !== sent) return;
    this.#isWhole = true;
    this.#restored = undefined;
    this.#reveal = undefined;
    this.#options.onShown();
  }

  /** One chunk is fetched while the one before is on its way. */
  async *#chunks(epoch: number, end: { rows: number; texts: number }) {
    const { model } = this.#options;
    const fetch = (start: { row: number; text: number }) => {
      const chunk = model.call("columns", { epoch, start, end }, this.#abort);
      // Whoever awaits it hears of its failure; until then nobody does.
      chunk.catch(() => undefined);
      return chunk;
    };
    let next = fetch({ row: 0, text: 0 });
    for (;;) {
      const chunk = await next;
      if (!chunk.last) next = fetch(chunk.next);
      yield chunk;
      if (chunk.last) return;
    }
  }

  async #sendDelta(epoch: number, fromRevision: number): Promise<void> {
    const sent = this.#sent;
    let start: CallParams<"delta"> = { epoch, revision: fromRevision };
    for (;;) {
      const part = await this.#options.model.call("delta", start, this.#abort);
      if (this.#sent !== sent) return;
      if (part === undefined) return this.sendAllAgain();
      const { facts, until, next, changedRows, changed, appended, strings } = part;
      // The page has the new revision with the last part only: were that to fail, it would need everything again.
      const revision = next === undefined ? until : fromRevision;
      const wasWhole = this.#isWhole;
      this.#isWhole = next === undefined;
      const header = this.#header(facts);
      await this.#post({
        type: "delta",
        epoch,
        fromRevision,
        revision,
        header,
        changedRows,
        changed,
        appended,
        strings,
      });
      if (this.#sent !== sent) return;
      if (next === undefined) {
        this.#sent = { epoch, revision, facts };
        if (!wasWhole) this.#options.onShown();
        return;
      }
      start = { ...start, until, start: next };
    }
  }

  async #sendUnavailable(now: TraceNow): Promise<boolean> {
    if (this.#told === now) return false;
    this.#told = now;
    this.#sent = undefined;
    this.#isWhole = false;
    await this.#post(unavailable(now));
    return true;
  }

  async #post(message: HostMessage): Promise<void> {
    if (this.#abort.signal.aborted) return;
    await this.#options.post(message);
  }

  #header(facts: PictureFacts): PanelHeader {
    this.#isHeaderStale = false;
    return this.#options.header(facts);
  }

  #onError(error: unknown): void {
    // The reader was lost, or has another picture by now.
    const isNews = error instanceof ReaderError && error.kind !== "other";
    this.#options.logger[isNews ? "debug" : "error"](`A panel was not sent everything: ${describeError(error)}`);
  }
}

function unavailable(now: TraceNow): Extract<HostMessage, { type: "unavailable" }> {
  switch (now.type) {
    case "picture": {
      const { nothing, header } = now.facts;
      const reason = nothing?.isTrace === false ? "not-a-trace" : "unreadable";
      return { type: "unavailable", reason, message: nothing?.message ?? "", problems: header.problems };
    }
    case "unreadable":
      return {
        type: "unavailable",
        reason: now.isMissing ? "missing" : "unreadable",
        message: now.message,
        problems: [],
      };
    case "lost":
      return { type: "unavailable", reason: "stopped", message: now.message, problems: [] };
  }
}
