// What of the output is not recorded because nothing can be: while the journal can't be written a little of it is kept in
// memory, and the rest is counted, so that the trace can say what is missing and why.

import { jsonOfAttributes } from "../recorder/safeJson";
import type { SessionRecorder } from "../recorder/sessionRecorder";
import { objectJson, roundMs } from "../recorder/spanJson";

/** Handed to a recorder that writes slowly. As JSON it is at most six times as long, and fits into the memory of that one. */
const mostWaitingBytes = 2 * 1024 * 1024;
/** Where nothing can be written what waits must fit into the room that is kept for the end; see `DiskReserve`. */
const mostWaitingFailedBytes = 64 * 1024;

/** Name of the event on the span of the output. */
export const outputLostEvent = "tracekeeper.output-lost";

export class OutputLoss {
  readonly #target: Pick<SessionRecorder, "event" | "nowMs" | "health">;
  readonly #spanId: string;
  #waitingBytes = 0;
  #lostBytes = 0;
  #toldBytes = 0;
  #fromMs = 0;
  #reason: string | undefined;

  constructor(target: Pick<SessionRecorder, "event" | "nowMs" | "health">, spanId: string) {
    this.#target = target;
    this.#spanId = spanId;
  }

  /** All that is lost. */
  get bytes(): number {
    return this.#toldBytes + this.#lostBytes;
  }

  /** True where these bytes can't be recorded; they are counted then. */
  isLost(bytes: Uint8Array): boolean {
    const { state, error } = this.#target.health;
    if (state === "ok") {
      this.#waitingBytes = 0;
      this.#tell();
      return false;
    }
    const mostBytes = state === "failed" ? mostWaitingFailedBytes : mostWaitingBytes;
    if (this.#lostBytes === 0 && this.#waitingBytes + bytes.length <= mostBytes) {
      this.#waitingBytes += bytes.length;
      return false;
    }
    if (this.#lostBytes === 0) this.#fromMs = roundMs(this.#target.nowMs());
    this.#lostBytes += bytes.length;
    this.#reason = error?.message ?? this.#reason;
    return true;
  }

  /** Tells of what is lost. */
  end(): void {
    this.#tell();
  }

  #tell(): void {
    if (this.#lostBytes === 0) return;
    const attributes = jsonOfAttributes({
      bytes: this.#lostBytes,
      untilMs: roundMs(this.#target.nowMs()),
      reason: this.#reason ?? "the journal was not written fast enough",
    });
    this.#target.event(
      this.#spanId,
      objectJson({ name: JSON.stringify(outputLostEvent), timeMs: this.#fromMs, attributes }),
    );
    this.#toldBytes += this.#lostBytes;
    this.#lostBytes = 0;
    this.#reason = undefined;
  }
}
