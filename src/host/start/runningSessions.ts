// The sessions that run in this window's directories and were started from VS Code: here, or before a reload, when their
// claims tell of them. One is over when its trace says so, or when its process is gone.

import * as vscode from "vscode";
import { type Disposable, DisposableStore, toDisposable } from "../../base/disposable";
import { Emitter } from "../../base/event";
import type { Logger } from "../../base/logger";
import { type Machine, thisMachine } from "../../recorder/liveness";
import { type Launch, type LaunchClaim, readClaim } from "../../session/launch";
import type { TraceStore } from "../../store/traceStore";
import { inBackground } from "../commandEdge";
import { isClaimAlive } from "./launchFolder";

export interface RunningSession {
  readonly launch: Launch;
  /** Of the launch file. */
  readonly launchPath: string;
  /** Path of `S.json`. */
  readonly key: string;
  readonly startedMs: number;
  readonly claim: LaunchClaim | undefined;
  readonly terminal: vscode.Terminal | undefined;
}

/** Until a launch is claimed its claim is looked for so often: nothing tells of a file in a folder that is not watched. */
const claimLookMs = 100;
/** A task may ask the person something before it starts: after so long it is looked for less often, and then given up. */
const promptMs = 10_000;
const giveUpMs = 15 * 60_000;
/** Processes end without a word: so often it is looked whether they are there. */
const livenessLookMs = 2_000;

export class RunningSessions implements Disposable {
  readonly #store: Pick<TraceStore, "entry" | "onDidChange">;
  readonly #logger: Logger;
  readonly #machine: Machine = thisMachine();
  readonly #owned = new DisposableStore();
  readonly #sessions = new Map<string, RunningSession>();
  /** Terminals that are still open after their session, by its key. */
  readonly #leftTerminals = new Map<string, vscode.Terminal>();
  readonly #changes = this.#owned.add(new Emitter<void>());
  #timer: NodeJS.Timeout | undefined;

  /** One more, one less, or more is known of one. */
  readonly onDidChange = this.#changes.event;

  constructor(store: Pick<TraceStore, "entry" | "onDidChange">, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
    this.#owned.add(store.onDidChange(() => this.#dropEnded()));
    this.#owned.add(vscode.window.onDidOpenTerminal((terminal) => this.#match(terminal)));
    this.#owned.add(vscode.window.onDidCloseTerminal((terminal) => this.#onClosed(terminal)));
    this.#owned.add({ dispose: () => clearTimeout(this.#timer) });
  }

  /** Those that are claimed, the one that was started first at the front. */
  get all(): readonly RunningSession[] {
    return this.#started.filter(({ claim }) => claim !== undefined);
  }

  of(key: string): RunningSession | undefined {
    return this.all.find((session) => session.key === key);
  }

  get #started(): readonly RunningSession[] {
    return [...this.#sessions.values()].sort((a, b) => a.startedMs - b.startedMs);
  }

  process(pid: number) {
    return this.#machine.process(pid);
  }

  /** @param session whose claim may not be there yet */
  add(session: RunningSession): void {
    this.#sessions.set(session.launch.id, session);
    for (const terminal of session.terminal ? [] : vscode.window.terminals) this.#match(terminal);
    this.#changes.fire();
    this.#look();
  }

  remove(id: string): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    this.#sessions.delete(id);
    // That of a task belongs to VS Code, which uses it for other tasks then.
    if (session.terminal && session.terminal.exitStatus === undefined && session.launch.origin.type !== "task")
      this.#leftTerminals.set(session.key, session.terminal);
    this.#changes.fire();
  }

  /** Of a session that runs, or whose terminal waits to be closed. */
  terminalOf(key: string): vscode.Terminal | undefined {
    return this.of(key)?.terminal ?? this.#leftTerminals.get(key);
  }

  /** Closes the terminal of a session that is over; what was shown there is in its trace. */
  closeLeft(key: string): void {
    this.#leftTerminals.get(key)?.dispose();
  }

  /** The session once it is recorded, or why it never will be. */
  claimed(id: string): Promise<RunningSession | "notStarted" | "disposed"> {
    return new Promise((resolve) => {
      const waiting = this.#owned.add(new DisposableStore());
      const settle = (result: RunningSession | "notStarted") => {
        resolve(result);
        this.#owned.release(waiting);
      };
      const look = () => {
        const session = this.#sessions.get(id);
        if (!session) settle("notStarted");
        else if (session.claim?.path !== undefined) settle(session);
      };
      waiting.add(toDisposable(() => resolve("disposed")));
      waiting.add(this.onDidChange(look));
      look();
    });
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #update(id: string, changes: Partial<RunningSession>): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    this.#sessions.set(id, { ...session, ...changes });
    this.#changes.fire();
  }

  #look(): void {
    clearTimeout(this.#timer);
    if (this.#sessions.size === 0 || this.#owned.isDisposed) return;
    const nowMs = Date.now();
    const isExpected = this.#started.some(
      ({ claim, startedMs }) => claim?.path === undefined && nowMs - startedMs < promptMs,
    );
    this.#timer = setTimeout(
      () =>
        inBackground(this.#logger, "Looking after running sessions", async () => {
          try {
            await this.#readClaims();
            this.#dropEnded();
          } finally {
            this.#look();
          }
        }),
      isExpected ? claimLookMs : livenessLookMs,
    );
    this.#timer.unref();
  }

  async #readClaims(): Promise<void> {
    for (const { launch, launchPath, claim: known } of this.#started) {
      if (known?.control && known.path !== undefined) continue;
      const claim = await readClaim(launchPath);
      if (!claim || JSON.stringify(claim) === JSON.stringify(known)) continue;
      this.#update(launch.id, { claim, key: claim.path ?? this.#sessions.get(launch.id)?.key ?? "" });
      if (known === undefined) for (const terminal of vscode.window.terminals) this.#match(terminal);
    }
  }

  #dropEnded(): void {
    for (const { launch, key, claim, startedMs } of this.#started) {
      if (claim?.refused !== undefined) {
        this.remove(launch.id);
        continue;
      }
      if (!claim) {
        // What ended before its claim was read is not lost: the claim stays, and is read next.
        if (Date.now() - startedMs > giveUpMs) this.remove(launch.id);
        continue;
      }
      const status = this.#store.entry(key)?.state.status;
      const isOver = status === "completed" || status === "failed" || status === "crashed";
      if (isOver || !isClaimAlive(claim, (pid) => this.#machine.process(pid))) this.remove(launch.id);
    }
  }

  /** A terminal is that of a session when its process is; a name says nothing. */
  #match(terminal: vscode.Terminal): void {
    inBackground(this.#logger, "Matching a terminal", async () => {
      const pid = await terminal.processId;
      const session = pid === undefined ? undefined : this.all.find(({ claim }) => claim?.pid === pid);
      if (session && session.terminal !== terminal && terminal.exitStatus === undefined)
        this.#update(session.launch.id, { terminal });
    });
  }

  #onClosed(terminal: vscode.Terminal): void {
    for (const [key, left] of this.#leftTerminals) {
      if (left !== terminal) continue;
      this.#leftTerminals.delete(key);
      this.#changes.fire();
    }
    for (const { launch, terminal: own, claim } of this.#started) {
      if (own !== terminal) continue;
      // The process may go on for a moment to record that its terminal is gone; one that claimed nothing never will.
      if (claim) this.#update(launch.id, { terminal: undefined });
      else this.dropUnclaimed(launch.id);
    }
  }

  /** What was to claim it is gone. */
  dropUnclaimed(id: string): void {
    inBackground(this.#logger, "A session that is gone", async () => {
      await this.#readClaims();
      const session = this.#sessions.get(id);
      if (session && !session.claim) this.remove(id);
      else this.#update(id, { terminal: undefined });
    });
  }
}
