// The one way to the host: posts intents, asks questions, checks every message on arrival. An unknown message is
// reported to the host's log and never thrown.

import * as z from "zod/mini";
import {
  type HostMessage,
  hostMessageSchema,
  type PanelMessage,
  type PanelRequest,
  panelPartSchema,
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

/** For a question whose answer comes in parts, or that may be given up. */
export interface Following<Part> {
  /** Nobody waits any more once it is aborted: the promise rejects with its reason. */
  readonly signal: AbortSignal;
  readonly part: z.ZodMiniType<Part>;
  onPart(part: Part): void;
}

interface Pending {
  readonly schema: z.ZodMiniType;
  readonly following: Following<unknown> | undefined;
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
      const type = typeof data === "object" && data !== null ? (data as { type?: unknown }).type : undefined;
      if (type === "reply") return this.#receiveReply(data);
      if (type === "part") return this.#receivePart(data);
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
  request<Method extends PanelRequest["method"], Result, Part = never>(
    method: Method,
    params: ParamsOf<Method>,
    schema: z.ZodMiniType<Result>,
    following?: Following<Part>,
  ): Promise<Result> {
    const id = this.#nextId++;
    return new Promise<Result>((resolve, reject) => {
      this.#pending.set(id, {
        schema,
        following: following as Following<unknown> | undefined,
        resolve: (result) => resolve(result as Result),
        reject,
      });
      this.#api.postMessage({ method, id, params });
      following?.signal.addEventListener("abort", () => {
        if (!this.#pending.delete(id)) return;
        this.post({ type: "cancel", id });
        reject(following.signal.reason as Error);
      });
    });
  }

  getState(): unknown {
    return this.#api.getState();
  }

  setState(state: unknown): void {
    this.#api.setState(state);
  }

  #receivePart(data: unknown): void {
    const message = panelPartSchema.safeParse(data);
    const following = message.success ? this.#pending.get(message.data.id)?.following : undefined;
    if (!message.success || following === undefined) return;
    const part = following.part.safeParse(message.data.part);
    if (part.success) following.onPart(part.data);
    else this.log("warn", `Ignored a part of an answer: ${z.prettifyError(part.error)}`);
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
