// The spans of one or more OTLP requests as one trace: each counts once, whoever sent it twice; a span that has begun is
// replaced by the one that has ended. Spans keep the order in which they were first heard of, and parents may come later.

import type { Steps } from "../base/steps";
import type { OtlpFault } from "./otlpFault";
import { readingOtlpRequest } from "./otlpRequest";
import { OtlpRows } from "./otlpRows";
import { mapOtlpSpan } from "./otlpSpan";

const sessionNames = [
  "gen_ai.conversation.id",
  "session.id",
  "ai.telemetry.metadata.sessionId",
  "copilot_chat.session_id",
  "copilot_chat.chat_session_id",
];

/** Between two pauses. */
const spansPerStep = 256;

export class OtlpSpans {
  readonly rows = new OtlpRows();
  #sessionId: string | undefined;
  #repeated = 0;

  /** Spans that came more than once. */
  get repeated(): number {
    return this.#repeated;
  }

  /** As the first span says that names a session. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /**
   * Returns what is wrong with single spans; pauses meanwhile.
   * @throws OtlpFault for what is no request at all
   */
  *taking(request: unknown): Steps<readonly OtlpFault[]> {
    const { spans, faults } = yield* readingOtlpRequest(request);
    for (const [index, sent] of spans.entries()) {
      if (index % spansPerStep === spansPerStep - 1) yield;
      const named = sessionNames.map((name) => sent.attributes[name]).find((value) => typeof value === "string");
      this.#sessionId ??= typeof named === "string" && named !== "" ? named : undefined;
      if (!this.rows.add(mapOtlpSpan(sent))) this.#repeated++;
    }
    return faults;
  }
}
