// Follows a session, live where that can be had. The first failure of the live stream makes the session inactive for the
// one who follows. Where not one event (of the trace: not one byte) had come, the persisted copy is given in its place;
// otherwise what had come is all there is, and it is said to be partial. Live and persisted data are never mixed.

import { describeError } from "../../base/logger";
import { makeProbeLiveness } from "../../recorder/liveness";
import { loadSession } from "../../store/loadSession";
import { answerOf, readEvents, type StreamReaderOptions } from "./eventReader";
import { persistedEvents } from "./persistedEvents";
import type { StreamEvent } from "./streamEvent";
import { readStreamFile } from "./streamFile";

export type Followed<T> =
  | { readonly type: "live"; readonly value: T }
  /** The session is inactive: nothing live follows. `isPartial`: nothing follows at all. */
  | { readonly type: "inactive"; readonly reason: string; readonly isPartial: boolean }
  | { readonly type: "persisted"; readonly value: T };

const noStream = "it is not running, or can't be followed";

/**
 * @param key path of `S.json`
 * @throws the system's error where the persisted copy is needed and can't be read; the signal's reason
 */
export async function* followEvents(
  key: string,
  options: StreamReaderOptions = {},
): AsyncGenerator<Followed<StreamEvent>> {
  let delivered = 0;
  let reason = noStream;
  const address = await readStreamFile(key);
  if (address !== undefined) {
    try {
      // Who is greeted and nothing more has been delivered nothing.
      let hello: StreamEvent | undefined;
      for await (const event of readEvents(address, options)) {
        if (event.type === "hello") {
          hello = event;
          continue;
        }
        if (hello !== undefined) yield { type: "live", value: hello };
        hello = undefined;
        delivered++;
        yield { type: "live", value: event };
        if (event.type === "end") return;
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      reason = describeError(error);
    }
  }
  yield { type: "inactive", reason, isPartial: delivered > 0 };
  if (delivered > 0) return;
  for await (const event of persistedEvents(key, options.signal)) yield { type: "persisted", value: event };
}

/** The whole trace as JSON, piece by piece; throws as `followEvents` does. */
export async function* followTrace(
  key: string,
  options: StreamReaderOptions = {},
): AsyncGenerator<Followed<Uint8Array>> {
  let bytes = 0;
  let reason = noStream;
  const address = await readStreamFile(key);
  if (address !== undefined) {
    try {
      const response = await answerOf(address, "/trace", options.signal ?? new AbortController().signal);
      const length = Number(response.headers.get("content-length"));
      for await (const piece of response.body ?? []) {
        if (piece.length === 0) continue;
        bytes += piece.length;
        yield { type: "live", value: piece };
      }
      if (bytes === length) return;
      reason = `${bytes} of ${length} bytes came`;
    } catch (error) {
      options.signal?.throwIfAborted();
      reason = describeError(error);
    }
  }
  yield { type: "inactive", reason, isPartial: bytes > 0 };
  if (bytes > 0) return;
  const { trace } = await loadSession(key, makeProbeLiveness(), options.signal);
  yield { type: "persisted", value: Buffer.from(JSON.stringify(trace)) };
}
