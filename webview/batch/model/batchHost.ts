// The one way to the host: posts what happened, checks every message on arrival. A message that is not understood is
// reported to the host's log and never thrown.

import * as z from "zod/mini";
import {
  type BatchHostMessage,
  type BatchPageMessage,
  type BatchViewState,
  batchHostMessageSchema,
  batchViewStateSchema,
} from "../../../src/protocol/batchMessages";
import type { VsCodeApi } from "../../model/hostConnection";

export class BatchHost {
  readonly #api: VsCodeApi;

  constructor(api: VsCodeApi) {
    this.#api = api;
  }

  listen(target: Pick<Window, "addEventListener">, onMessage: (message: BatchHostMessage) => void): void {
    target.addEventListener("message", (event) => {
      const parsed = batchHostMessageSchema.safeParse(event.data);
      if (parsed.success) onMessage(parsed.data);
      else this.log("warn", `Ignored a message of the host: ${z.prettifyError(parsed.error)}`);
    });
  }

  post(message: BatchPageMessage): void {
    this.#api.postMessage(message);
  }

  log(level: "debug" | "info" | "warn" | "error", message: string): void {
    this.post({ type: "log", level, message: message.slice(0, 4_000) });
  }

  /** What the page kept; undefined where that is nothing, or not understood. */
  readState(): BatchViewState | undefined {
    const parsed = batchViewStateSchema.safeParse(this.#api.getState());
    return parsed.success ? parsed.data : undefined;
  }

  keepState(state: BatchViewState): void {
    this.#api.setState(state);
  }
}
