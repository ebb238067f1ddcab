// Holds the program's output while it can't be shown or recorded, so that memory stays flat and nothing is lost. A disk
// that is in trouble holds it up for a short time only: the program must go on, and what then is lost is counted.

import type { SessionRecorder } from "../recorder/sessionRecorder";
import type { RunningChild } from "./runningChild";

/** Beyond this the output waits to be shown. */
const mostShownBytes = 1024 * 1024;
const shownAgainBytes = 256 * 1024;
/** A disk is waited for so long. */
const mostRecorderMs = 5000;
const lookAgainMs = 50;

export class BackPressure {
  readonly #child: Pick<RunningChild, "pause" | "resume">;
  readonly #recorder: Pick<SessionRecorder, "health"> | undefined;
  readonly #queuedBytes: () => number;
  #isShowing = true;
  #recorderTimer: NodeJS.Timeout | undefined;
  #heldSinceMs: number | undefined;
  /** The disk has had its time; it gets another when it has been well again. */
  #isGivenUp = false;
  #isPaused = false;
  #isOff = false;

  /** @param queuedBytes that wait to be shown */
  constructor(
    child: Pick<RunningChild, "pause" | "resume">,
    recorder: Pick<SessionRecorder, "health"> | undefined,
    queuedBytes: () => number,
  ) {
    this.#child = child;
    this.#recorder = recorder;
    this.#queuedBytes = queuedBytes;
  }

  /** To be called after each piece of output, and whenever fewer bytes wait. */
  look(): void {
    const queuedBytes = this.#queuedBytes();
    if (queuedBytes > mostShownBytes) this.#isShowing = false;
    else if (queuedBytes <= shownAgainBytes) this.#isShowing = true;
    this.#lookAtRecorder();
    const isPaused = !this.#isOff && (!this.#isShowing || this.#recorderTimer !== undefined);
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#child.pause();
    else this.#child.resume();
  }

  /** From now on everything is taken: the program is being ended. */
  letGo(): void {
    this.#isOff = true;
    clearInterval(this.#recorderTimer);
    this.#recorderTimer = undefined;
    this.look();
  }

  #lookAtRecorder(): void {
    if (this.#recorder === undefined || this.#isOff) return;
    if (this.#recorder.health.state === "ok") {
      this.#isGivenUp = false;
      this.#heldSinceMs = undefined;
    } else {
      this.#heldSinceMs ??= performance.now();
      if (performance.now() - this.#heldSinceMs > mostRecorderMs) this.#isGivenUp = true;
    }
    const isHeld = this.#heldSinceMs !== undefined && !this.#isGivenUp;
    if (isHeld === (this.#recorderTimer !== undefined)) return;
    clearInterval(this.#recorderTimer);
    this.#recorderTimer = isHeld ? setInterval(() => this.look(), lookAgainMs) : undefined;
  }
}
