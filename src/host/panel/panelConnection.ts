// One webview and the session it shows. Checks every message on arrival, answers requests, sends pictures and deltas.
// A hidden webview is gone (`retainContextWhenHidden` is off): it asks again by `ready`, and until then nothing is sent.

import type * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { Emitter } from "../../base/event";
import { describeError, type Logger } from "../../base/logger";
import {
  type HostMessage,
  type NavigateTarget,
  type PanelHeader,
  type PanelMessage,
  type PanelReply,
  type PanelRequest,
  panelMessageSchema,
  panelRequestSchema,
} from "../../protocol/panelMessages";
import { answerRequest, StaleEpochError } from "./answerRequest";
import { columnChunks } from "./columnChunks";
import { type HeaderTexts, panelHeader, panelProblems } from "./panelHeader";
import type { TraceChange, TraceModel, TracePicture } from "./traceModel";

/** What a jump asks of a panel that may not be loaded yet. */
export type Reveal = { readonly type: "failingStep" } | { readonly type: "span"; readonly spanId: string };

export type PanelIntent = Exclude<PanelMessage, { type: "ready" | "resync" | "selected" | "log" }>;

export interface PanelConnectionOptions {
  readonly model: TraceModel;
  readonly panel: vscode.WebviewPanel;
  readonly logger: Logger;
  readonly texts: Readonly<Record<string, string>>;
  readonly headerTexts: HeaderTexts;
  /** What can be done with the session now, where it was started here. */
  readonly control?: ((key: string) => PanelHeader["control"]) | undefined;
  /** Whether the card on how to get steps was put away. */
  readonly hidesStepsCard?: (() => boolean) | undefined;
  /** Does what the person asked for; what it throws is reported by the connection's owner. */
  onIntent(intent: PanelIntent, connection: PanelConnection): void;
}

export class PanelConnection implements Disposable {
  readonly model: TraceModel;
  readonly panel: vscode.WebviewPanel;
  readonly #options: PanelConnectionOptions;
  readonly #owned = new DisposableStore();
  readonly #selection = this.#owned.add(new Emitter<void>());
  #pendingNavigation: NavigateTarget | undefined;
  #isReady = false;
  #sent: { epoch: number; revision: number } | undefined;
  #pendingReveal: Reveal | undefined;
  #selectedRow = -1;
  #selectedEpoch = 0;
  #selectedLine: number | undefined;
  #search: AbortController | undefined;

  constructor(options: PanelConnectionOptions) {
    this.#options = options;
    this.model = options.model;
    this.panel = options.panel;
    this.#owned.add(this.panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)));
    this.#owned.add(this.model.onDidChange((change) => this.#onChange(change)));
    this.#owned.add(
      this.panel.onDidChangeViewState(() => {
        // The page of a hidden panel is destroyed; a new one says `ready`.
        if (!this.panel.visible) this.#forgetPage();
      }),
    );
  }

  readonly onDidSelect = this.#selection.event;

  /** Row selected in the current epoch, -1 when nothing is. */
  get selectedRow(): number {
    return this.#selectedEpoch === this.model.picture?.epoch ? this.#selectedRow : -1;
  }

  /** The line of the program's output that is selected, where the person looks at the output. */
  get selectedLine(): number | undefined {
    return this.selectedRow < 0 ? undefined : this.#selectedLine;
  }

  navigate(target: NavigateTarget): void {
    if (this.#isReady && this.#sent) this.#post({ type: "navigate", target });
    // One wish is kept for a page that is loading; presses on a page that cannot be drawn do not pile up.
    else this.#pendingNavigation = target;
  }

  reveal(reveal: Reveal): void {
    const picture = this.model.picture;
    const row = picture ? revealRow(picture, reveal) : -1;
    if (this.#isReady && this.#sent && picture && row >= 0) this.#post({ type: "reveal", epoch: picture.epoch, row });
    else this.#pendingReveal = reveal;
  }

  /** Sends the header again: ages and states change with time alone. */
  refreshHeader(): void {
    const picture = this.model.picture;
    if (this.#isReady && this.#sent && picture)
      this.#post({ type: "header", epoch: picture.epoch, header: this.#header(picture) });
  }

  dispose(): void {
    this.#search?.abort();
    this.#owned.dispose();
  }

  #forgetPage(): void {
    this.#isReady = false;
    this.#sent = undefined;
    this.#search?.abort();
  }

  #receive(message: unknown): void {
    if (typeof message === "object" && message !== null && "method" in message) {
      const request = panelRequestSchema.safeParse(message);
      if (request.success) void this.#answer(request.data);
      else this.#ignored(request.error.message);
      return;
    }
    const parsed = panelMessageSchema.safeParse(message);
    if (!parsed.success) return this.#ignored(parsed.error.message);
    const received = parsed.data;
    switch (received.type) {
      case "ready":
        return this.#onReady(received.state);
      case "resync":
        this.#options.logger.debug(`The panel asks for everything again: ${received.reason}`);
        return this.#sendAll({});
      case "selected":
        this.#selectedEpoch = received.epoch;
        this.#selectedRow = received.row;
        this.#selectedLine = received.outputLine;
        return this.#selection.fire();
      case "log":
        return this.#options.logger[received.level](`Panel: ${received.message}`);
      default:
        return this.#options.onIntent(received, this);
    }
  }

  #ignored(why: string): void {
    this.#options.logger.warn(`Ignored a message of the panel: ${why}`);
  }

  #onReady(state: Extract<PanelMessage, { type: "ready" }>["state"]): void {
    this.#isReady = true;
    this.#sent = undefined;
    this.#post({
      type: "init",
      texts: { ...this.#options.texts },
      platform: process.platform === "darwin" ? "mac" : "other",
      hidesStepsCard: this.#options.hidesStepsCard?.() ?? false,
    });
    // A page that was hidden may not have had the time to write down its last selection; this side has seen it.
    const remembered = state?.selectedSpanId;
    if (this.selectedRow >= 0) this.#sendAll({ restoredRow: this.selectedRow });
    else
      this.#sendAll(remembered === undefined ? {} : { restoredRow: this.model.picture?.spanIds.indexOf(remembered) });
  }

  #onChange(change: TraceChange): void {
    if (!this.#isReady) return;
    const sent = this.#sent;
    switch (change.type) {
      case "opened":
        return this.#sendAll({});
      case "changed":
        if (!sent || sent.epoch !== change.picture.epoch || sent.revision !== change.fromRevision)
          return this.#sendAll({});
        this.#sent = { epoch: sent.epoch, revision: change.picture.revision };
        return this.#post({
          type: "delta",
          epoch: change.picture.epoch,
          fromRevision: change.fromRevision,
          revision: change.picture.revision,
          header: this.#header(change.picture),
          changedRows: change.delta.changedRows,
          changed: change.delta.changed,
          appended: change.delta.appended,
          strings: [...change.strings],
        });
      case "state":
        if (!sent) return this.#sendAll({});
        return this.#post({ type: "header", epoch: change.picture.epoch, header: this.#header(change.picture) });
      case "unreadable":
        return this.#sendUnavailable(change);
    }
  }

  /** @param options.restoredRow row to select where the page has none; -1: what it had selected is gone */
  #sendAll(options: { readonly restoredRow?: number | undefined }): void {
    const current = this.model.current;
    if (!current) return;
    const picture = this.model.picture;
    if (!picture) {
      if (current.type === "unreadable") this.#sendUnavailable(current);
      return;
    }
    if (isNothing(picture)) return this.#sendNothing(picture);
    const reveal = this.#pendingReveal;
    this.#pendingReveal = undefined;
    const revealed = reveal ? revealRow(picture, reveal) : -1;
    this.#sent = { epoch: picture.epoch, revision: picture.revision };
    this.#post({
      type: "open",
      epoch: picture.epoch,
      revision: picture.revision,
      header: this.#header(picture),
      rowCount: picture.columns.count,
      initialRow: picture.failures.failingStep?.row ?? -1,
      ...(revealed >= 0 ? { revealRow: revealed } : {}),
      ...(options.restoredRow === undefined ? {} : { restoredRow: options.restoredRow }),
    });
    for (const chunk of columnChunks(picture.columns))
      this.#post({
        type: "columns",
        epoch: picture.epoch,
        revision: picture.revision,
        fromRow: chunk.fromRow,
        columns: chunk.columns,
        strings: [...chunk.strings],
        last: chunk.last,
      });
    const target = this.#pendingNavigation;
    this.#pendingNavigation = undefined;
    if (target) this.#post({ type: "navigate", target });
  }

  #sendUnavailable(change: Extract<TraceChange, { type: "unreadable" }>): void {
    this.#sent = undefined;
    this.#post({
      type: "unavailable",
      reason: change.missing ? "missing" : "unreadable",
      message: change.message,
      problems: panelProblems(change.problems),
    });
  }

  /** Files are there and were read, but nothing of a trace is in them. */
  #sendNothing(picture: TracePicture): void {
    this.#sent = undefined;
    const worst = picture.problems.find((problem) => problem.severity === "error");
    this.#post({
      type: "unavailable",
      reason: worst?.code === "not-a-trace" ? "not-a-trace" : "unreadable",
      message: worst?.message ?? "",
      problems: panelProblems(picture.problems),
    });
  }

  async #answer(request: PanelRequest): Promise<void> {
    let reply: PanelReply;
    try {
      const isSearch = request.method === "search" || request.method === "outputSearch";
      if (isSearch) this.#search?.abort();
      const abort = new AbortController();
      if (isSearch) this.#search = abort;
      const result = await answerRequest(request, this.model.picture, abort.signal);
      reply = { type: "reply", id: request.id, ok: true, result };
    } catch (error) {
      const isStale = error instanceof StaleEpochError;
      if (!isStale && (error as Error).name !== "AbortError")
        this.#options.logger.error(`Panel request ${request.method}: ${describeError(error)}`);
      reply = { type: "reply", id: request.id, ok: false, stale: isStale, error: describeError(error) };
    }
    if (!this.#owned.isDisposed) this.#post(reply);
  }

  #header(picture: TracePicture): PanelHeader {
    const header = panelHeader(picture, Date.now(), this.#options.headerTexts);
    return { ...header, control: this.#options.control?.(this.model.key) };
  }

  #post(message: HostMessage | PanelReply): void {
    if (this.#owned.isDisposed) return;
    // A rejected post means that the page is gone; the next page asks again.
    this.panel.webview.postMessage(message).then(undefined, () => this.#forgetPage());
  }
}

/** Row of what is to be revealed; -1 where it is not (or not yet) in the picture. */
function revealRow(picture: TracePicture, reveal: Reveal): number {
  switch (reveal.type) {
    case "failingStep":
      return picture.failures.failingStep?.row ?? -1;
    case "span":
      return picture.spanIds.indexOf(reveal.spanId);
  }
}

function isNothing(picture: TracePicture): boolean {
  const { evidence } = picture.session;
  return picture.columns.count === 0 && !evidence.hasSnapshot && !evidence.journal;
}
