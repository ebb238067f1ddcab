// The four requests of crewAI's trace batches, on both families of endpoints. Whatever the server or the network does, each
// ends within its time limit with an answer and throws nothing; an answer counts only when all of it has come. Bodies and
// answers: `plus_api.py` and `trace_batch_manager.py` of crewAI 1.15.

import { describeError } from "../base/logger";
import type { Fetch } from "../recorder/httpUpload";
import { maskText } from "../trace/maskedText";
import { isFields } from "../trace/soundSpan";
import type { PublishClock } from "./publishClock";
import type { BatchStart, Family, Outcome } from "./publishRecord";

export interface UploadApiOptions {
  /** See `checkBaseUrl`. */
  readonly baseUrl: string;
  readonly clock: PublishClock;
  /** Sent to the endpoints of a team alone. */
  readonly token?: string | undefined;
  readonly organizationId?: string | undefined;
  /** Stands for a person without naming one; for ephemeral batches. */
  readonly userIdentifier?: string | undefined;
  readonly fetch?: Fetch | undefined;
}

export interface ApiAnswer {
  readonly outcome: Outcome;
  readonly status?: number | undefined;
  /** Of the server, or why there was no answer. Data: somebody else wrote it. */
  readonly message?: string | undefined;
  readonly batchId?: string | undefined;
  readonly accessCode?: string | undefined;
}

/** The release whose requests these are. */
const crewaiVersion = "1.15.17";
const limitMs = 30_000;
const ephemeralInitialiseMs = 5_000;
/** What a slow line takes in a millisecond: a large body has more time. */
const slowBytesPerMs = 100;
const longestAnswerBytes = 65_536;
const longestMessage = 300;

export class UploadApi {
  readonly #options: UploadApiOptions;

  /** Throws for an address that `checkBaseUrl` refuses: no token and no trace goes there, whoever asks for it. */
  constructor(options: UploadApiOptions) {
    const problem = checkBaseUrl(options.baseUrl);
    if (problem !== undefined) throw new Error(problem);
    this.#options = options;
  }

  /** Confirmed with a `batchId`, which may be another one than was asked for. */
  async initialise(family: Family, traceId: string, start: BatchStart): Promise<ApiAnswer> {
    const isEphemeral = family === "ephemeral";
    const body = initialisation(family, traceId, start, this.#options.userIdentifier);
    const answer = await this.#send(
      "POST",
      family,
      "",
      JSON.stringify(body),
      isEphemeral ? ephemeralInitialiseMs : limitMs,
    );
    if (!isSuccess(answer, [200, 201])) return refusal(answer);
    const id = answer.fields[isEphemeral ? "ephemeral_trace_id" : "trace_id"];
    if (isBatchId(id)) return { outcome: "confirmed", status: answer.status, batchId: id };
    return { outcome: "refused", status: answer.status, message: "the server gave the batch no id" };
  }

  /** @param events as JSON, with commas between them */
  async events(family: Family, id: string, events: Uint8Array, count: number, sequence: number): Promise<ApiAnswer> {
    const metadata = JSON.stringify({ events_count: count, batch_sequence: sequence, is_final_batch: false });
    const body = Buffer.concat([Buffer.from('{"events":['), events, Buffer.from(`],"batch_metadata":${metadata}}`)]);
    const ms = limitMs + body.length / slowBytesPerMs;
    const answer = await this.#send("POST", family, `/${encodeURIComponent(id)}/events`, body, ms);
    return isSuccess(answer, [200, 201]) ? { outcome: "confirmed", status: answer.status } : refusal(answer);
  }

  async finalise(family: Family, id: string, durationMs: number, events: number): Promise<ApiAnswer> {
    const body = { status: "completed", duration_ms: Math.round(durationMs), final_event_count: events };
    const path = `/${encodeURIComponent(id)}/finalize`;
    const answer = await this.#send("PATCH", family, path, JSON.stringify(body), limitMs);
    if (!isSuccess(answer, [200])) return refusal(answer);
    const code = answer.fields["access_code"];
    const accessCode = family === "ephemeral" && typeof code === "string" && code !== "" ? code : undefined;
    return { outcome: "confirmed", status: answer.status, accessCode };
  }

  async fail(family: Family, id: string, reason: string): Promise<ApiAnswer> {
    const body = JSON.stringify({ status: "failed", failure_reason: reason });
    const answer = await this.#send("PATCH", family, `/${encodeURIComponent(id)}`, body, limitMs);
    return isSuccess(answer, [200, 201, 202, 204]) ? { outcome: "confirmed", status: answer.status } : refusal(answer);
  }

  async #send(
    method: "POST" | "PATCH",
    family: Family,
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    ms: number,
  ): Promise<Answered> {
    const { baseUrl, clock, fetch = globalThis.fetch } = this.#options;
    const stop = new AbortController();
    let timer: { dispose(): void } | undefined;
    try {
      // Raced, not only aborted: what can't be aborted is not waited for either.
      const late = new Promise<Answered>((resolve) => {
        timer = clock.after(ms, () => {
          resolve({ type: "none", message: `no answer within ${Math.round(ms / 1000)} s` });
          stop.abort();
        });
      });
      const url = batchesUrl(baseUrl, family) + path;
      const work = exchange(fetch, url, {
        method,
        headers: this.#headers(family),
        body,
        // A redirect would take the token and the trace to where nobody has agreed to.
        redirect: "manual",
        signal: stop.signal,
      });
      return this.#withoutToken(await Promise.race([work, late]));
    } catch (error) {
      return this.#withoutToken({ type: "none", message: causeOf(error) });
    } finally {
      timer?.dispose();
    }
  }

  #headers(family: Family): Record<string, string> {
    const { token, organizationId } = this.#options;
    return {
      "Content-Type": "application/json",
      "User-Agent": "Tracekeeper",
      "X-Crewai-Version": crewaiVersion,
      ...(token === undefined || family === "ephemeral" ? {} : { Authorization: `Bearer ${token}` }),
      ...(organizationId === undefined || family === "ephemeral" ? {} : { "X-Crewai-Organization-Id": organizationId }),
    };
  }

  /** A server or a proxy may say back what it was sent. */
  #withoutToken(answer: Answered): Answered {
    const { token } = this.#options;
    if (!token || answer.message === undefined) return answer;
    return { ...answer, message: answer.message.replaceAll(token, maskText) };
  }
}

/** Where a person looks at a batch. */
export function viewUrl(baseUrl: string, family: Family, id: string, accessCode: string | undefined): string {
  const name = family === "ephemeral" ? "ephemeral_trace_batches" : "trace_batches";
  const query = accessCode === undefined ? "" : `?access_code=${encodeURIComponent(accessCode)}`;
  return `${below(baseUrl)}/crewai_plus/${name}/${encodeURIComponent(id)}${query}`;
}

/** Why nothing can be published there, in words; undefined where it can. */
export function checkBaseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return "The address must begin with https://";
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  if (username !== "" || password !== "") return "The address must hold no name and no password";
  if (search !== "" || hash !== "") return "The address must hold nothing after its path";
  const isLoopback = hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
  if (protocol === "https:" || (protocol === "http:" && isLoopback)) return undefined;
  return "The address must begin with https://; http:// is for this machine alone";
}

type Answered =
  | {
      readonly type: "answer";
      readonly status: number;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message?: string | undefined;
    }
  | { readonly type: "none"; readonly message: string };

async function exchange(fetch: Fetch, url: string, init: RequestInit): Promise<Answered> {
  const response = await fetch(url, init);
  const text = await shortText(response);
  const fields = fieldsIn(text);
  const said = fields["message"] ?? fields["error"] ?? fields["detail"];
  const message = typeof said === "string" && said.trim() !== "" ? said : text.trim();
  return {
    type: "answer",
    status: response.status,
    fields,
    ...(message === "" ? {} : { message: [...message.slice(0, 2 * longestMessage)].slice(0, longestMessage).join("") }),
  };
}

/** Rejects where the answer breaks off. What is too long to be an answer of this API is not read to its end. */
async function shortText({ body }: Response): Promise<string> {
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestAnswerBytes) return "";
  }
  return Buffer.concat(chunks).toString("utf8");
}

function fieldsIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
}

function isSuccess(answer: Answered, statuses: readonly number[]): answer is Extract<Answered, { type: "answer" }> {
  return answer.type === "answer" && statuses.includes(answer.status);
}

function refusal(answer: Answered): ApiAnswer {
  if (answer.type === "none") return { outcome: "failed", message: answer.message };
  const { status, message } = answer;
  const words = message === undefined ? `status ${status}` : `status ${status}, ${message}`;
  const outcome = status === 401 || status === 403 ? "unauthorised" : status >= 500 ? "failed" : "refused";
  return { outcome, status, message: words };
}

/** `fetch` itself says no more than that it failed. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return describeError(cause).slice(0, longestMessage) || "no answer";
}

function initialisation(
  family: Family,
  traceId: string,
  start: BatchStart,
  userIdentifier: string | undefined,
): object {
  const { name, executionType, startedMs, metadata } = start;
  const isFlow = executionType === "flow";
  return {
    trace_id: traceId,
    execution_type: executionType,
    execution_context: {
      crew_fingerprint: null,
      crew_name: isFlow ? null : name,
      flow_name: isFlow ? name : null,
      crewai_version: crewaiVersion,
      privacy_level: "standard",
      project_id: null,
    },
    execution_metadata: {
      expected_duration_estimate: 300,
      agent_count: 0,
      task_count: 0,
      flow_method_count: 0,
      ...metadata,
      execution_started_at: new Date(startedMs).toISOString().replace("Z", "+00:00"),
    },
    ...(family === "ephemeral"
      ? { ephemeral_trace_id: traceId, ...(userIdentifier === undefined ? {} : { user_identifier: userIdentifier }) }
      : {}),
  };
}

function batchesUrl(baseUrl: string, family: Family): string {
  return `${below(baseUrl)}/crewai_plus/api/v1/tracing/${family === "ephemeral" ? "ephemeral/" : ""}batches`;
}

function below(baseUrl: string): string {
  const { origin, pathname } = new URL(baseUrl);
  return origin + pathname.replace(/\/+$/, "");
}

/** What could be a path, or the beginning of one, is no id. */
function isBatchId(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9_-]{1,128}$/.test(value);
}
