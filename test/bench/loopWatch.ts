// How long this thread was busy at a stretch: in CPU, which is what it did itself, and by the clock, which counts what
// others took from it on a busy machine as well.
import { monitorEventLoopDelay } from "node:perf_hooks";

const intervalMs = 1;

export interface Stalls {
  /** Milliseconds of CPU that the longest turn took, with what came within a millisecond of it. */
  readonly cpuMs: number;
  /** Milliseconds for which no timer ran. */
  readonly clockMs: number;
}

/** It costs some microseconds each millisecond, so that CPU is not measured meanwhile. */
export class LoopWatch {
  readonly #delays = monitorEventLoopDelay({ resolution: intervalMs });
  readonly #timer: NodeJS.Timeout;
  #beforeMs = threadCpuMs();
  #longestMs = 0;

  constructor() {
    this.#delays.enable();
    this.#timer = setInterval(() => {
      const nowMs = threadCpuMs();
      this.#longestMs = Math.max(this.#longestMs, nowMs - this.#beforeMs);
      this.#beforeMs = nowMs;
    }, intervalMs);
  }

  stop(): Stalls {
    clearInterval(this.#timer);
    this.#delays.disable();
    return { cpuMs: this.#longestMs, clockMs: Math.max(0, this.#delays.max / 1e6 - intervalMs) };
  }
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
