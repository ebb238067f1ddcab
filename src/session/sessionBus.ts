// The bus of a session's process, which every session has: a playbook tells on it what happens in its run, and whatever
// the recorder has taken is told on it as well, in the words of the journal. The live stream hears of the latter: of spans
// that programs send and of output that no run knows of, too.

import { describeError } from "../base/logger";
import type { SessionRecorder } from "../recorder/sessionRecorder";
import { runProblemEvent } from "../trace/runAttributes";
import { EventBus } from "./bus/eventBus";
import { maskedEvent } from "./secrets/maskedEvent";
import type { SecretMask } from "./secrets/secretMask";
import type { SessionRecord } from "./sessionRecord";
import { isRecordedEvent, type RunBus, type RunEvent } from "./steps/runEvent";
import { tappedRecorder } from "./stream/tappedRecorder";

export interface SessionBusParts {
  /** Of what is told of the run; the recorder is given nothing that is not masked. */
  readonly mask?: SecretMask;
  /** Told what a handler threw; undefined while there is no record. */
  record(): SessionRecord | undefined;
}

export class SessionBus {
  readonly bus: RunBus;
  #recorder: SessionRecorder | undefined;

  constructor({ mask, record }: SessionBusParts) {
    const startMs = Date.now();
    const started = performance.now();
    this.bus = new EventBus<RunEvent>({
      nowMs: () => this.#recorder?.nowMs() ?? startMs + performance.now() - started,
      onHandlerError: (error, handler, { event }) => {
        // Recording this would be told as well, without an end; and who follows a session must never be its end.
        if (event.type === "recorded" || event.type === "recordEnded") return;
        const message = `${handler} could not take ${event.type}: ${describeError(error)}`;
        record()?.sessionEvent(runProblemEvent, { message });
      },
      prepare: (event) => (mask === undefined ? event : maskedEvent(event, mask)),
      isRecorded: isRecordedEvent,
    });
  }

  /** The same recorder, which tells on the bus what it has taken. To be called once. */
  telling(recorder: SessionRecorder): SessionRecorder {
    this.#recorder = recorder;
    const scope = this.bus.openRun(`record of ${recorder.rawId}`);
    return tappedRecorder(recorder, (event) => {
      scope.emit(event);
      if (event.type === "recordEnded") scope.close();
    });
  }
}
