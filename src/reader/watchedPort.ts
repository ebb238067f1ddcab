// A line to a reader that notices when the reader hangs. While something is asked of it, it is pinged, and its event loop
// answers between any two pieces of work. Time is counted in ticks of this process and never read from a clock: ticks do
// not come while this process is stopped or the machine sleeps, so that neither looks as if the reader hung.

import { url as inspectorUrl } from "node:inspector";
import type { ReaderListener, ReaderPort } from "./readerPort";
import type { FromReader, ToReader } from "./readerProtocol";

export interface WatchOptions {
  /** Begins to call `tick` about every second, and gives what ends that. */
  readonly startTicks: (tick: () => void) => () => void;
  /** After so many ticks without an answer whoever waits is told. */
  readonly silentTicks: number;
  /** After so many the reader is given up; far more than its longest piece of work takes on a slow machine. */
  readonly lostTicks: number;
  /** Somebody may have stopped the reader on purpose: no tick counts. */
  readonly mayBeStopped: () => boolean;
}

export const usualWatch: WatchOptions = {
  startTicks(tick) {
    const timer = setInterval(tick, 1_000);
    timer.unref();
    return () => clearInterval(timer);
  },
  silentTicks: 4,
  lostTicks: 30,
  // Whoever debugs this process may hold its threads.
  mayBeStopped: () => inspectorUrl() !== undefined,
};

export function watchedPort(port: ReaderPort, options: WatchOptions = usualWatch): ReaderPort {
  return new WatchedPort(port, options);
}

class WatchedPort implements ReaderPort {
  readonly #port: ReaderPort;
  readonly #options: WatchOptions;
  #listener: ReaderListener | undefined;
  /** Calls without a result, by their trace: a closed one answers none. */
  readonly #asked = new Map<number, number>();
  #endTicks: (() => void) | undefined;
  /** One is on its way; there is never a second one. */
  #isPinged = false;
  /** Ticks since the ping that waits for its answer. */
  #ticks = 0;
  #isSilent = false;
  #isOver = false;

  constructor(port: ReaderPort, options: WatchOptions) {
    this.#port = port;
    this.#options = options;
  }

  post(message: ToReader): void {
    this.#port.post(message);
    if (this.#isOver) return;
    if (message.type === "call") this.#asked.set(message.id, message.trace);
    else if (message.type === "cancel") this.#asked.delete(message.id);
    else if (message.type === "close") this.#forget(message.trace);
    if (this.#endTicks !== undefined) return;
    this.#endTicks = this.#options.startTicks(() => this.#tick());
    this.#sendPing();
  }

  listen(listener: ReaderListener): void {
    this.#listener = listener;
    this.#port.listen({
      onMessage: (message) => this.#receive(message),
      onLost: (reason) => {
        if (this.#isOver) return;
        this.#end();
        listener.onLost(reason);
      },
      onSilence: (isSilent) => listener.onSilence?.(isSilent),
    });
  }

  close(): void {
    this.#end();
    this.#port.close();
  }

  #receive(message: FromReader): void {
    if (this.#isOver) return;
    if (message.type === "pong") {
      this.#isPinged = false;
      this.#setSilent(false);
      return;
    }
    if (message.type === "result" || message.type === "failed") this.#asked.delete(message.id);
    this.#listener?.onMessage(message);
  }

  #tick(): void {
    if (this.#isOver) return;
    if (!this.#isPinged) {
      if (this.#asked.size > 0) this.#sendPing();
      else this.#stopTicks();
      return;
    }
    if (this.#options.mayBeStopped()) return;
    this.#ticks++;
    if (this.#ticks >= this.#options.lostTicks) this.#giveUp();
    else if (this.#ticks >= this.#options.silentTicks) this.#setSilent(true);
  }

  #sendPing(): void {
    this.#isPinged = true;
    this.#ticks = 0;
    this.#port.post({ type: "ping" });
  }

  #giveUp(): void {
    this.#end();
    // A thread that waits for a disk cannot be ended: it goes on waiting, and nobody listens to it any more.
    this.#port.close();
    this.#listener?.onLost(`it did not answer for ${this.#options.lostTicks} seconds`);
  }

  #setSilent(isSilent: boolean): void {
    if (this.#isSilent === isSilent) return;
    this.#isSilent = isSilent;
    this.#listener?.onSilence?.(isSilent);
  }

  #forget(trace: number): void {
    for (const [id, of] of this.#asked) if (of === trace) this.#asked.delete(id);
  }

  #end(): void {
    this.#isOver = true;
    this.#stopTicks();
  }

  #stopTicks(): void {
    this.#endTicks?.();
    this.#endTicks = undefined;
  }
}
