// How long the output of a program that is gone is waited for: until its streams are closed, as nearly always at once;
// where another process holds them, until nothing has come for a while, and never for long. While output is not taken no
// time passes.

const silenceMs = 1000;
const mostMs = 5000;

export class LastOutput {
  readonly #giveUp: () => void;
  #silence: NodeJS.Timeout | undefined;
  #limit: NodeJS.Timeout | undefined;
  #state: "running" | "waiting" | "done" = "running";
  #isPaused = false;

  /** @param giveUp called once, where the streams stay open */
  constructor(giveUp: () => void) {
    this.#giveUp = giveUp;
  }

  get isGone(): boolean {
    return this.#state !== "running";
  }

  /** The process is gone. */
  gone(): void {
    if (this.#state !== "running") return;
    this.#state = "waiting";
    this.#start();
  }

  /** Something came. */
  heard(): void {
    this.#silence?.refresh();
  }

  pause(): void {
    this.#isPaused = true;
    this.#stop();
  }

  resume(): void {
    this.#isPaused = false;
    this.#start();
  }

  /** The streams are closed. */
  done(): void {
    this.#state = "done";
    this.#stop();
  }

  #start(): void {
    if (this.#state !== "waiting" || this.#isPaused || this.#limit !== undefined) return;
    const end = () => {
      if (this.#state !== "waiting") return;
      this.done();
      this.#giveUp();
    };
    this.#silence = setTimeout(end, silenceMs);
    this.#limit = setTimeout(end, mostMs);
  }

  #stop(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#limit);
    this.#silence = undefined;
    this.#limit = undefined;
  }
}
