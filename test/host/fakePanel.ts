// A panel of the editor whose page the test plays: it says what the page was sent, and takes messages only as fast as the
// test lets it.
import type * as vscode from "vscode";
import type { HostMessage, PanelMessage, PanelPart, PanelReply, PanelRequest } from "../../src/protocol/panelMessages";

type Sent = HostMessage | PanelReply | PanelPart;

export class FakePanel {
  /** All that was posted, in order. */
  readonly sent: Sent[] = [];
  visible = true;
  readonly webview = {
    postMessage: (message: Sent) => this.#post(message),
    onDidReceiveMessage: (listener: (message: unknown) => void) => {
      this.#listener = listener;
      return { dispose() {} };
    },
  };
  #listener: (message: unknown) => void = () => {};
  #viewState: () => void = () => {};
  #held: (() => void)[] | undefined;
  /** Posted and not taken yet. */
  #open = 0;
  mostOpen = 0;

  readonly onDidChangeViewState = (listener: () => void) => {
    this.#viewState = listener;
    return { dispose() {} };
  };

  get panel(): vscode.WebviewPanel {
    return this as unknown as vscode.WebviewPanel;
  }

  /** The page takes nothing any more until `release` or `takeOne`. */
  hold(): void {
    this.#held ??= [];
  }

  /** Takes what waits, and from now on everything at once. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const take of held) take();
  }

  takeOne(): void {
    this.#held?.shift()?.();
  }

  say(message: PanelMessage | PanelRequest): void {
    this.#listener(message);
  }

  hide(): void {
    this.visible = false;
    this.#viewState();
  }

  show(): void {
    this.visible = true;
    this.#viewState();
  }

  /** In short: "open 1.1", "columns 1.1", "delta 1.1-1.3", "reply 5". */
  get log(): string[] {
    return this.sent.map(inShort);
  }

  last<Type extends Sent["type"]>(type: Type): Extract<Sent, { type: Type }> {
    const found = this.sent.findLast((message) => message.type === type);
    if (found === undefined) throw new Error(`No ${type} was sent.`);
    return found as Extract<Sent, { type: Type }>;
  }

  async #post(message: Sent): Promise<boolean> {
    // As the workbench does, so that nobody may change it afterwards.
    this.sent.push(structuredClone(message));
    this.mostOpen = Math.max(this.mostOpen, ++this.#open);
    const held = this.#held;
    if (held !== undefined) await new Promise<void>((resolve) => held.push(resolve));
    this.#open--;
    return true;
  }
}

function inShort(message: Sent): string {
  switch (message.type) {
    case "open":
    case "columns":
      return `${message.type} ${message.epoch}.${message.revision}`;
    case "delta":
      return `delta ${message.epoch}.${message.fromRevision}-${message.revision}`;
    case "header":
      return `header ${message.epoch}`;
    case "reply":
      return `reply ${message.id} ${message.ok ? "ok" : message.stale ? "stale" : message.error}`;
    case "part":
      return `part ${message.id}`;
    case "reveal":
      return `reveal ${message.epoch}:${message.row}`;
    case "navigate":
      return `navigate ${message.target}`;
    case "unavailable":
      return `unavailable ${message.reason}`;
    case "delay":
      return `delay of ${message.of}`;
    case "init":
      return "init";
  }
}
