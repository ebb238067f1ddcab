// One page and the batch that it shows. Every message is checked on arrival. Only one message with runs is under way at a
// time: what happens meanwhile is summed up for the next one. A hidden page is gone; the next one says `ready`.

import type * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import type { Logger } from "../../base/logger";
import {
  type BatchHostMessage,
  type BatchNavigateTarget,
  type BatchPageMessage,
  batchPageMessageSchema,
} from "../../protocol/batchMessages";
import type { BatchNews, FollowedBatch } from "../../store/batches/followedBatch";
import { batchHeader, type Circumstances } from "./batchHeader";
import { encodeRuns, runDetails, SentTexts } from "./encodeRuns";

export type BatchIntent = Exclude<
  BatchPageMessage,
  { type: "ready" | "taken" | "resync" | "select" | "reload" | "log" }
>;

export interface BatchConnectionOptions {
  readonly batch: FollowedBatch;
  readonly panel: Pick<vscode.WebviewPanel, "webview" | "visible" | "onDidChangeViewState">;
  readonly logger: Logger;
  readonly texts: Readonly<Record<string, string>>;
  readonly timeZone: () => string;
  readonly now?: (() => number) | undefined;
  /** Asked for each message. */
  readonly circumstances: () => Circumstances;
  readonly hasTrace: (session: string) => boolean;
  /** Does what the person asked for; what it throws is reported by the connection's owner. */
  onIntent(intent: BatchIntent, connection: BatchConnection): void;
}

/** Runs in one message: some hundred kilobytes. */
const mostRuns = 2_000;

interface Page {
  readonly sent: SentTexts;
  /** Runs whose news the page lacks. */
  readonly dirty: Set<number>;
  epoch: number;
  /** All runs before this one were sent once. */
  next: number;
  number: number;
  isUnderWay: boolean;
  isHeaderDirty: boolean;
  selected: number | undefined;
  loadingPart: number | undefined;
  isToldUnavailable: boolean;
}

export class BatchConnection implements Disposable {
  readonly batch: FollowedBatch;
  readonly panel: BatchConnectionOptions["panel"];
  readonly #options: BatchConnectionOptions;
  readonly #owned = new DisposableStore();
  #page: Page | undefined;
  #reveal: { readonly index: number; readonly attempt: number | undefined } | undefined;

  constructor(options: BatchConnectionOptions) {
    this.#options = options;
    this.batch = options.batch;
    this.panel = options.panel;
    this.#owned.add(this.panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)));
    this.#owned.add(this.batch.onDidChange((news) => this.#onNews(news)));
    this.#owned.add(
      this.panel.onDidChangeViewState(() => {
        if (!this.panel.visible) this.#page = undefined;
      }),
    );
  }

  /** Who runs the batch, or what can be done with it, is different now. */
  refresh(): void {
    if (this.#page === undefined) return;
    this.#page.isHeaderDirty = true;
    this.#pump();
  }

  reveal(index: number, attempt?: number): void {
    this.#reveal = { index, attempt };
    this.#pump();
  }

  navigate(target: BatchNavigateTarget): void {
    this.#post({ type: "navigate", target });
  }

  dispose(): void {
    this.#page = undefined;
    this.#owned.dispose();
  }

  #receive(message: unknown): void {
    const parsed = batchPageMessageSchema.safeParse(message);
    if (!parsed.success) {
      this.#options.logger.warn(`Ignored a message of a batch's page: ${parsed.error.message}`);
      return;
    }
    const received = parsed.data;
    switch (received.type) {
      case "ready":
        return this.#onReady(received.state?.selected);
      case "taken":
        return this.#onTaken(received.number);
      case "resync":
        this.#options.logger.debug(`The page of a batch asks for everything again: ${received.reason}`);
        if (this.#page !== undefined) this.#begin(this.#page.selected);
        return;
      case "select":
        if (this.#page !== undefined) this.#page.selected = received.index;
        return this.#sendDetails();
      case "reload":
        void this.batch.update();
        return;
      case "log":
        return this.#options.logger[received.level](`Batch page: ${received.message}`);
      default:
        return this.#options.onIntent(received, this);
    }
  }

  #onReady(selected: number | undefined): void {
    const { texts, timeZone, now = Date.now } = this.#options;
    this.#begin(selected, {
      type: "init",
      texts: { ...texts },
      platform: process.platform === "darwin" ? "mac" : "other",
      timeZone: timeZone(),
      nowMs: now(),
    });
  }

  #begin(selected: number | undefined, first?: BatchHostMessage): void {
    this.#page = {
      sent: new SentTexts(),
      dirty: new Set(),
      epoch: this.batch.epoch,
      next: 0,
      number: 0,
      isUnderWay: false,
      isHeaderDirty: true,
      selected,
      loadingPart: undefined,
      isToldUnavailable: false,
    };
    if (first !== undefined) this.#post(first);
    this.#pump();
  }

  #onTaken(number: number): void {
    const page = this.#page;
    if (page === undefined || number !== page.number) return;
    page.isUnderWay = false;
    this.#pump();
  }

  #onNews({ isReset, indexes }: BatchNews): void {
    const page = this.#page;
    if (page === undefined) return;
    page.isHeaderDirty = true;
    if (isReset) return this.#begin(page.selected);
    // Runs that were not sent at all are sent as they are when it is their turn.
    for (const index of indexes) if (index < page.next) page.dirty.add(index);
    this.#pump();
    if (page.selected !== undefined && indexes.includes(page.selected)) this.#sendDetails();
  }

  /** Sends the one thing that the page lacks most. */
  #pump(): void {
    const page = this.#page;
    if (page === undefined || page.isUnderWay) return;
    const { availability, state } = this.batch;
    const hasNothing = state.revision === 0;
    switch (availability.type) {
      case "unread":
        return this.#tellLoading(page);
      case "missing":
      case "unreadable":
        if (hasNothing) return this.#tellUnavailable(page);
        break;
      case "read":
    }
    page.isToldUnavailable = false;
    const { runCount } = state;
    const indexes = this.#takeDirty(page, runCount);
    if (indexes.length === 0 && !page.isHeaderDirty) return this.#whenWhole(page);
    const rows = indexes.length === 0 ? undefined : encodeRuns(state, indexes, page.sent);
    const isFirstWhole = page.next >= runCount;
    page.isHeaderDirty = false;
    page.isUnderWay = true;
    page.number++;
    this.#post({
      type: "state",
      number: page.number,
      epoch: page.epoch,
      header: batchHeader(state, this.batch.problems, this.#options.circumstances()),
      ...(rows === undefined ? {} : { rows }),
      isWhole: isFirstWhole,
    });
    if (page.number === 1) this.#sendDetails();
  }

  #takeDirty(page: Page, runCount: number): number[] {
    const indexes: number[] = [];
    // First all runs once, so that the page is whole soon, then news.
    while (page.next < runCount && indexes.length < mostRuns) indexes.push(page.next++);
    for (const index of page.dirty) {
      if (indexes.length >= mostRuns) break;
      page.dirty.delete(index);
      indexes.push(index);
    }
    return indexes;
  }

  #whenWhole(page: Page): void {
    const reveal = this.#reveal;
    if (reveal === undefined || page.next < this.batch.state.runCount || page.number === 0) return;
    this.#reveal = undefined;
    const { index, attempt } = reveal;
    this.#post({ type: "reveal", index, ...(attempt === undefined ? {} : { attempt }) });
  }

  #tellLoading(page: Page): void {
    const part = Math.floor(this.batch.progress * 20) / 20;
    if (page.loadingPart === part) return;
    page.loadingPart = part;
    this.#post({ type: "loading", part });
  }

  #tellUnavailable(page: Page): void {
    const { availability } = this.batch;
    if (page.isToldUnavailable || availability.type === "unread" || availability.type === "read") return;
    page.isToldUnavailable = true;
    const message = availability.type === "unreadable" ? availability.message : "";
    this.#post({ type: "unavailable", reason: availability.type, message });
  }

  #sendDetails(): void {
    const index = this.#page?.selected;
    if (index === undefined || this.batch.availability.type === "unread") return;
    const details = runDetails(this.batch.state, index, this.#options.hasTrace);
    this.#post({ type: "run", index, ...(details === undefined ? {} : { details }) });
  }

  #post(message: BatchHostMessage): void {
    if (this.#owned.isDisposed || !this.panel.visible) return;
    const page = this.#page;
    // A page that is gone takes no message; the next one asks again.
    Promise.resolve(this.panel.webview.postMessage(message)).catch(() => {
      if (this.#page === page) this.#page = undefined;
    });
  }
}
