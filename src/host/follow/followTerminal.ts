// A terminal without a program: it shows the events of a followed session and says whether they are live, from the disk, or
// only a part. Closing it ends the following and leaves the session alone.

import * as vscode from "vscode";
import { DisposableStore } from "../../base/disposable";
import { describeError } from "../../base/logger";
import { FollowedLines, type Piece } from "../../session/stream/followedLines";
import { type Followed, followEvents } from "../../session/stream/followSession";
import type { StreamEvent } from "../../session/stream/streamEvent";
import { oneLine } from "../../trace/plainText";

const codes: Readonly<Record<NonNullable<Piece["style"]>, string>> = {
  strong: "1",
  faint: "2",
  error: "31",
  errorStrong: "1;31",
  good: "32",
  warning: "33",
  live: "36",
};
/** What comes within so long is written at once. */
const gatherMs = 20;
/** Of a session that prints without end no more than this waits to be written. */
const mostWaiting = 256 * 1024;

export class FollowTerminal implements vscode.Pseudoterminal {
  readonly #key: string;
  readonly #owned = new DisposableStore();
  readonly #writes = this.#owned.add(new vscode.EventEmitter<string>());
  readonly #closes = this.#owned.add(new vscode.EventEmitter<void>());
  readonly #stop = new AbortController();
  #waiting: string[] = [];
  #waitingLength = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  readonly onDidWrite = this.#writes.event;
  readonly onDidClose = this.#closes.event;

  /** @param key path of `S.json` */
  constructor(key: string) {
    this.#key = key;
  }

  open(): void {
    void this.#follow();
  }

  close(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
    this.#owned.dispose();
  }

  handleInput(data: string): void {
    if (this.#isOver || data === "\u0003") this.#closes.fire();
  }

  async #follow(): Promise<void> {
    const lines = new FollowedLines(paint);
    try {
      for await (const next of followEvents(this.#key, { signal: this.#stop.signal })) {
        this.#show(next, lines);
        if (this.#waitingLength > mostWaiting) await this.#flushed();
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#say(vscode.l10n.t("The session can't be followed: {0}", describeError(error)), "error");
    }
    this.#isOver = true;
    this.#say(vscode.l10n.t("Press any key to close this terminal. The session has nothing to do with it."), "faint");
  }

  #show(next: Followed<StreamEvent>, lines: FollowedLines): void {
    if (next.type !== "inactive") {
      for (const line of lines.of(next.value)) this.#write(line);
      return;
    }
    const told = next.isPartial
      ? vscode.l10n.t("The session can't be followed any more: {0}. What stands above is partial.", next.reason)
      : vscode.l10n.t("The session can't be followed live: {0}. This is its trace on the disk:", next.reason);
    this.#say(told, "warning");
  }

  #say(text: string, style: NonNullable<Piece["style"]>): void {
    this.#write(paint([{ text: oneLine(text, 1_000), style }]));
  }

  #write(line: string): void {
    if (this.#owned.isDisposed) return;
    this.#waiting.push(line);
    this.#waitingLength += line.length;
    this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#waiting.map((line) => `${line}\r\n`).join("");
    this.#waiting = [];
    this.#waitingLength = 0;
    if (text !== "" && !this.#owned.isDisposed) this.#writes.fire(text);
  }

  /** The window has a turn to take what was written. */
  async #flushed(): Promise<void> {
    this.#flush();
    await new Promise((resolve) => setTimeout(resolve, gatherMs));
  }
}

function paint(pieces: readonly Piece[]): string {
  return pieces
    .map(({ text, style }) => (style === undefined || text === "" ? text : `\u001b[${codes[style]}m${text}\u001b[0m`))
    .join("");
}
