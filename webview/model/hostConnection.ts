// The one way to the host: posts intents, asks questions, checks every message on arrival. An unknown message is
// reported to the host's log and never thrown.

import * as z from "zod/mini";
import {
  type HostMessage,
  hostMessageSchema,
  type PanelMessage,
  type PanelRequest,
  panelReplySchema,
} from "../../src/protocol/panelMessages";

/** What `acquireVsCodeApi()` gives. */
export interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

/** The question was about an epoch that has passed, or was superseded. */
export class StaleReplyError extends Error {
  override readonly name = "StaleReplyError";
}

type ParamsOf<Method extends PanelRequest["method"]> = Extract<PanelRequest, { method: Method }>["params"];

interface Pending {
  readonly schema: z.ZodMiniType;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class HostConnection {
  readonly #api: VsCodeApi;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;

  constructor(api: VsCodeApi) {
    this.#api = api;
  }

  /** Calls `onMessage` for every sound message of the host; replies go to who asked. */
  listen(target: Pick<Window, "addEventListener">, onMessage: (message: HostMessage) => void): void {
    target.addEventListener("message", (event) => {
      const data: unknown = event.data;
      if (typeof data === "object" && data !== null && (data as { type?: unknown }).type === "reply") {
        this.#receiveReply(data);
        return;
      }
      const parsed = hostMessageSchema.safeParse(data);
      if (parsed.success) onMessage(parsed.data);
      else this.log("warn", `Ignored a message of the host: ${z.prettifyError(parsed.error)}`);
    });
  }

  post(message: PanelMessage): void {
    this.#api.postMessage(message);
  }

  log(level: "debug" | "info" | "warn" | "error", message: string): void {
    this.post({ type: "log", level, message: message.slice(0, 4_000) });
  }

  /** Rejects with `StaleReplyError` when the epoch has passed, otherwise with the host's words. */
  request<Method extends PanelRequest["method"], Result>(
    method: Method,
    params: ParamsOf<Method>,
    schema: z.ZodMiniType<Result>,
  ): Promise<Result> {
    const id = this.#nextId++;
    return new Promise<Result>((resolve, reject) => {
      this.#pending.set(id, { schema, resolve: (result) => resolve(result as Result), reject });
      this.#api.postMessage({ method, id, params });
    });
  }

  getState(): unknown {
    return this.#api.getState();
  }

  setState(state: unknown): void {
    this.#api.setState(state);
  }

  #receiveReply(data: unknown): void {
    const parsed = panelReplySchema.safeParse(data);
    if (!parsed.success) {
      this.log("warn", `Ignored a reply of the host: ${z.prettifyError(parsed.error)}`);
      return;
    }
    const reply = parsed.data;
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    this.#pending.delete(reply.id);
    if (!reply.ok) {
      pending.reject(reply.stale ? new StaleReplyError(reply.error) : new Error(reply.error));
      return;
    }
    const result = pending.schema.safeParse(reply.result);
    if (result.success) pending.resolve(result.data);
    else pending.reject(new Error(z.prettifyError(result.error)));
  }
}
