// One webview and the session it shows. Checks every message on arrival, hands questions on to the reader, and keeps a
// feed for as long as there is a page. A hidden webview is gone (`retainContextWhenHidden` is off): it asks again by
// `ready`, and until then nothing is sent.

import type * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { Emitter } from "../../base/event";
import { describeError, type Logger } from "../../base/logger";
import {
  type HostMessage,
  type NavigateTarget,
  type PanelHeader,
  type PanelMessage,
  type PanelPart,
  type PanelReply,
  type PanelRequest,
  panelMessageSchema,
  panelRequestSchema,
} from "../../protocol/panelMessages";
import type { PayloadLooks } from "../../protocol/payloadMessages";
import { ReaderError } from "../../reader/readerClient";
import type { PictureFacts, Reveal } from "../../reader/readerProtocol";
import type { GuardrailSettings } from "../../trace/guardrails/guardrail";
import { PageFeed } from "./pageFeed";
import { type HeaderTexts, panelHeader } from "./panelHeader";
import type { TraceModel } from "./traceModel";

export type PanelIntent = Exclude<PanelMessage, { type: "ready" | "resync" | "selected" | "cancel" | "log" }>;

/** What the person has selected in a panel. */
export interface Selection {
  readonly epoch: number;
  readonly row: number;
  /** The line of the program's output, where the person looks at the output. */
  readonly outputLine?: number | undefined;
}

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
  /** How loops are told, where the person has settings for it. */
  readonly guardrails?: (() => GuardrailSettings) | undefined;
  /** How the person wants payloads to be shown, where they chose. */
  readonly payloadLooks?: (() => PayloadLooks | undefined) | undefined;
  /** Does what the person asked for; what it throws is reported by the connection's owner. */
  onIntent(intent: PanelIntent, connection: PanelConnection): void;
}

let nextNumber = 1;

export class PanelConnection implements Disposable {
  readonly model: TraceModel;
  readonly panel: vscode.WebviewPanel;
  readonly #options: PanelConnectionOptions;
  readonly #owned = new DisposableStore();
  readonly #selections = this.#owned.add(new Emitter<void>());
  /** Tells panels of one session apart in the reader. */
  readonly #number = nextNumber++;
  #selected: Selection | undefined;
  #pendingNavigation: NavigateTarget | undefined;
  #pendingReveal: Reveal | undefined;
  /** Of the page that there is now. */
  #feed: PageFeed | undefined;
  /** That the page waits for, by their id. */
  readonly #questions = new Map<number, AbortController>();

  constructor(options: PanelConnectionOptions) {
    this.#options = options;
    this.model = options.model;
    this.panel = options.panel;
    this.#owned.add(this.panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)));
    this.#owned.add(this.model.onDidChange(() => this.#feed?.wake()));
    this.#owned.add(this.model.onDidChangeDelay(() => this.#tellDelay()));
    this.#owned.add(
      this.panel.onDidChangeViewState(() => {
        // The page of a hidden panel is destroyed; a new one says `ready`.
        if (!this.panel.visible) this.#forgetPage();
      }),
    );
  }

  readonly onDidSelect = this.#selections.event;

  /** In the picture of now; undefined where nothing is. */
  get selected(): Selection | undefined {
    return this.#selected?.epoch === this.model.facts?.epoch ? this.#selected : undefined;
  }

  navigate(target: NavigateTarget): void {
    if (this.#feed?.shownEpoch !== undefined) void this.#post({ type: "navigate", target });
    // One wish is kept for a page that is loading; presses on a page that cannot be drawn do not pile up.
    else this.#pendingNavigation = target;
  }

  reveal(reveal: Reveal): void {
    this.#pendingReveal = reveal;
    if (this.#feed?.shownEpoch !== undefined) void this.#revealNow(reveal);
  }

  /** Sends the header again: ages and states change with time alone. */
  refreshHeader(): void {
    this.#feed?.refreshHeader();
  }

  dispose(): void {
    this.#forgetPage();
    this.#owned.dispose();
  }

  #forgetPage(): void {
    this.#feed?.dispose();
    this.#feed = undefined;
    for (const question of this.#questions.values()) question.abort();
    this.#questions.clear();
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
        return this.#feed?.sendAllAgain();
      case "selected": {
        const { epoch, row, outputLine } = received;
        this.#selected = { epoch, row, outputLine };
        return this.#selections.fire();
      }
      case "cancel":
        this.#questions.get(received.id)?.abort();
        this.#questions.delete(received.id);
        return;
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
    this.#forgetPage();
    void this.#post({
      type: "init",
      texts: { ...this.#options.texts },
      platform: process.platform === "darwin" ? "mac" : "other",
      hidesStepsCard: this.#options.hidesStepsCard?.() ?? false,
      payloadLooks: this.#options.payloadLooks?.(),
    });
    if (this.model.delay !== undefined) this.#tellDelay();
    this.#feed = new PageFeed({
      model: this.model,
      logger: this.#options.logger,
      post: (message) => this.#post(message),
      header: (facts) => this.#header(facts),
      // A page that was hidden may not have had the time to write down its last selection; this side has seen it.
      restored: { at: this.selected, spanId: state?.selectedSpanId },
      takeReveal: () => {
        const reveal = this.#pendingReveal;
        this.#pendingReveal = undefined;
        return reveal;
      },
      onShown: () => this.#navigateNow(),
    });
    this.#feed.wake();
  }

  /** Past the feed, which may itself wait for what is late. */
  #tellDelay(): void {
    if (this.panel.visible) void this.#post({ type: "delay", of: this.model.delay ?? "nothing" });
  }

  #navigateNow(): void {
    const target = this.#pendingNavigation;
    this.#pendingNavigation = undefined;
    if (target) void this.#post({ type: "navigate", target });
  }

  /** What cannot be shown yet waits for the next picture. */
  async #revealNow(reveal: Reveal): Promise<void> {
    const { epoch, row } = await this.#rowOf(reveal);
    if (this.#pendingReveal !== reveal || row < 0 || this.#feed?.shownEpoch !== epoch) return;
    this.#pendingReveal = undefined;
    void this.#post({ type: "reveal", epoch, row });
  }

  async #rowOf(reveal: Reveal): Promise<{ readonly epoch: number; readonly row: number }> {
    const { facts } = this.model;
    if (reveal.type === "failingStep") return { epoch: facts?.epoch ?? 0, row: facts?.header.failingStep?.row ?? -1 };
    try {
      return await this.model.call("rowOf", { spanId: reveal.spanId });
    } catch (error) {
      this.#options.logger.debug(`A step could not be looked for: ${describeError(error)}`);
      return { epoch: 0, row: -1 };
    }
  }

  async #answer(request: PanelRequest): Promise<void> {
    const { id, method } = request;
    const question = new AbortController();
    const { signal } = question;
    this.#questions.set(id, question);
    const onPart = (part: unknown): void => {
      if (!signal.aborted) void this.#post({ type: "part", id, part });
    };
    let reply: PanelReply;
    try {
      const tellsLoops = method === "loops" || method === "summary";
      const guardrails = tellsLoops ? this.#options.guardrails?.() : undefined;
      const params = { panel: this.#number, request, ...(guardrails === undefined ? {} : { guardrails }) };
      const result = await this.model.call("request", params, { signal, onPart });
      reply = { type: "reply", id, ok: true, result };
    } catch (error) {
      const kind = error instanceof ReaderError ? error.kind : "other";
      if (kind === "other" && !signal.aborted)
        this.#options.logger.error(`Panel request ${method}: ${describeError(error)}`);
      reply = { type: "reply", id, ok: false, stale: kind === "stale", error: describeError(error) };
    }
    if (signal.aborted) return;
    this.#questions.delete(id);
    void this.#post(reply);
  }

  #header(facts: PictureFacts): PanelHeader {
    const header = panelHeader(facts.header, facts.state, Date.now(), this.#options.headerTexts);
    return { ...header, control: this.#options.control?.(this.model.key) };
  }

  async #post(message: HostMessage | PanelReply | PanelPart): Promise<void> {
    if (this.#owned.isDisposed) return;
    const feed = this.#feed;
    try {
      await this.panel.webview.postMessage(message);
    } catch {
      // The page is gone; the next one asks again.
      if (this.#feed === feed) this.#forgetPage();
    }
  }
}
