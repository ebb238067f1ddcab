// The program of a session while it runs: its output is recorded and then shown, signals and stops reach it, and at some
// time it has ended, or is left to itself because the session must end before it.

import { setTimeout as delay } from "node:timers/promises";
import type { SessionRecorder } from "../recorder/sessionRecorder";
import type { OutputStream } from "../trace/outputBurst";
import { BackPressure } from "./backPressure";
import type { StopReason } from "./outcome";
import type { OwnOutput } from "./ownOutput";
import { type HandedOver, handOverTerminal } from "./ownTerminal";
import { ProgramSignals } from "./programSignals";
import { PtyChild } from "./ptyChild";
import type { ChildEnd, ChildRequest, RunningChild } from "./runningChild";
import { StopLadder, type StopPauses } from "./stopLadder";

export type ProgramEnd =
  | { readonly type: "ended"; readonly end: ChildEnd }
  /** It is still there. */
  | { readonly type: "left"; readonly what: string };

/** Name of the event on the command for each step of a stop. */
export const stopEvent = "tracekeeper.stop";

/** So long a program may take to end when its terminal is closed. */
const hangUpMs = 2000;
const lookAgainMs = 50;

/** Where its output and what happens to it are recorded. */
export interface ProgramRecord {
  readonly recorder: Pick<SessionRecorder, "health"> | undefined;
  readonly output: { add(stream: OutputStream, bytes: Buffer): void } | undefined;
  event(name: string, attributes: Readonly<Record<string, unknown>>): void;
}

export interface ProgramRunSetup {
  readonly record: ProgramRecord;
  readonly shown: Pick<OwnOutput, "show" | "queuedBytes">;
  readonly pauses: StopPauses;
}

export class ProgramRun {
  readonly #record: ProgramRecord;
  readonly #shown: ProgramRunSetup["shown"];
  readonly #ladder: StopLadder;
  readonly #left: Promise<ProgramEnd>;
  #leave: (what: string) => void = () => undefined;
  #child: RunningChild | undefined;
  #signals: ProgramSignals | undefined;
  #pressure: BackPressure | undefined;
  #terminal: HandedOver | undefined;
  #stop: StopReason | undefined;
  #isCtrlC = false;
  #isStopped = false;
  #isOver = false;

  constructor({ record, shown, pauses }: ProgramRunSetup) {
    this.#record = record;
    this.#shown = shown;
    this.#left = new Promise((resolve) => {
      this.#leave = (what) => resolve({ type: "left", what });
    });
    this.#ladder = new StopLadder(
      pauses,
      (step) => {
        const by = this.#stop?.type === "signal" ? this.#stop.signal : (this.#stop?.type ?? "person");
        this.#record.event(stopEvent, { step, by });
        this.#signals?.take(step);
      },
      () => this.#leave("it can't be killed"),
    );
  }

  /** Somebody wants it to be over, whatever became of the program. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Why it was ended before its time. */
  get stopReason(): StopReason | undefined {
    return this.#stop;
  }

  /** Ctrl+C was typed while it ran. */
  get isCtrlC(): boolean {
    return this.#isCtrlC;
  }

  /** Takes its output. What was recorded is shown. */
  readonly output: ChildRequest["output"] = (stream, bytes) => {
    this.#record.output?.add(stream, bytes);
    this.#shown.show(stream, bytes);
    this.#pressure?.look();
  };

  started(child: RunningChild): void {
    this.#child = child;
    this.#signals = new ProgramSignals(child);
    this.#pressure = new BackPressure(child, this.#record.recorder, () => this.#shown.queuedBytes);
    if (child instanceof PtyChild) {
      this.#terminal = handOverTerminal(child, () => {
        this.#isCtrlC = true;
      });
    }
    // It was asked for while the program was started.
    if (this.#stop?.type === "terminalClosed") this.#signals.send("SIGHUP");
    else if (this.#stop !== undefined) this.#ladder.request();
  }

  /** The session's own output took something, or is closed. @param closedFd 1 or 2 */
  shownMore(closedFd?: number): void {
    if (closedFd === 1) this.#child?.closeOutput("stdout");
    if (closedFd === 2) this.#child?.closeOutput("stderr");
    this.#pressure?.look();
  }

  /** The first request interrupts it; each further one goes to the next step. */
  stop(reason: StopReason): void {
    if (this.#isOver || this.#stop?.type === "terminalClosed") return;
    this.#isStopped = true;
    // What became of a program that has ended by itself stays; a stop is then for what it has left behind.
    if (this.#signals?.hasEnded !== true) this.#stop ??= reason;
    this.#pressure?.letGo();
    if (this.#child !== undefined) this.#ladder.request();
  }

  /** Its terminal is closed: it is told so, and waited for a little. */
  hangUp(): void {
    if (this.#isOver || this.#stop?.type === "terminalClosed") return;
    this.#isStopped = true;
    if (this.#signals?.hasEnded === true) return this.#pressure?.letGo();
    this.#stop = { type: "terminalClosed" };
    this.#pressure?.letGo();
    this.#signals?.send("SIGHUP");
    setTimeout(() => this.#leave("it is still there"), hangUpMs).unref();
  }

  /** A signal that a person sends by key to everything in the terminal. */
  keySignal(signal: "SIGINT" | "SIGQUIT"): void {
    this.#isCtrlC ||= signal === "SIGINT";
    // Without a terminal of its own it got the signal as we did, with all of our process group; nothing tells whether it
    // was meant for us alone, and a program that gets it twice may take that for haste. SIGTERM ends both in any case.
    if (this.#child?.hasOwnTerminal === true) this.#signals?.send(signal, true);
  }

  async ended(): Promise<ProgramEnd> {
    const result = await Promise.race([this.#childEnd(), this.#left]);
    this.#isOver = true;
    this.#ladder.over();
    this.#pressure?.letGo();
    this.#terminal?.endInput();
    return result;
  }

  /** To be called when all of its output is shown. */
  giveBackTerminal(): void {
    this.#terminal?.giveBack();
  }

  async #childEnd(): Promise<ProgramEnd> {
    const end = await this.#child?.ended;
    if (end === undefined) return { type: "left", what: "it was not started" };
    // A stop is for everything that the program has started.
    while (this.#ladder.isBegun && this.#signals?.isAnyLeft === true) await delay(lookAgainMs);
    return { type: "ended", end };
  }
}
