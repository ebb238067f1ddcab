// How the programs of one machine come to share one collector: whoever listens at the port says what it is, tells those who
// wait when it ends and why, and ends when somebody with its token asks. A page in a browser can do none of it.

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import * as z from "zod/mini";
import { refuseForeignHost, refuseStranger, tokenCheck } from "../session/otlpAccess";

/** The answer to `GET /tracekeeper`. */
const presenceSchema = z.object({
  name: z.literal("tracekeeper-collector"),
  pid: z.int(),
  /** Trace directory in which sessions are recorded; absolute. Only words, of whoever may listen there. */
  directory: z.string(),
  /** Made of the challenge that was sent and the token: only who knows that can make it. */
  proof: z.optional(z.string()),
});

export type Presence = Omit<z.infer<typeof presenceSchema>, "proof">;

const challengeHeader = "x-tracekeeper-challenge";

/** Why a collector ended: somebody asked for it, or whoever had started it went away. */
const endSchema = z.object({ end: z.enum(["stopped", "left"]) });

/** `lost`: it was killed, or nobody can tell. */
export type CollectorEnd = z.infer<typeof endSchema>["end"] | "lost";

/** Windows of one person; more wait for nothing good. */
const mostWaiting = 64;
const answerMs = 2_000;
const mostAnswerBytes = 64 * 1024;

export class PresenceHandler {
  readonly #presence: Presence;
  readonly #token: string;
  readonly #isToken: (token: string) => boolean;
  readonly #onStop: () => void;
  readonly #waiting = new Set<ServerResponse>();

  /** @param onStop somebody who has the token asks for the end */
  constructor(presence: Omit<Presence, "name">, token: string, onStop: () => void) {
    this.#presence = { name: "tracekeeper-collector", ...presence };
    this.#token = token;
    this.#isToken = tokenCheck(token);
    this.#onStop = onStop;
  }

  /** Resolves with false where the path is none of ours. */
  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const path = (request.url ?? "").split("?", 1)[0];
    if (path !== "/tracekeeper" && path !== "/tracekeeper/end" && path !== "/tracekeeper/stop") return false;
    request.resume();
    const foreign = refuseForeignHost(request);
    if (foreign) answer(response, foreign.status, { message: foreign.message });
    else if (path === "/tracekeeper/stop") this.#stop(request, response);
    else if (request.method !== "GET") answer(response, 405, { message: "Only GET is taken" }, { Allow: "GET" });
    else if (path === "/tracekeeper") {
      const challenge = request.headers[challengeHeader];
      const proof = typeof challenge === "string" ? proofOf(challenge, this.#token) : undefined;
      answer(response, 200, { ...this.#presence, proof });
    } else this.#wait(response);
    return true;
  };

  /** Tells those who wait. */
  ended(end: "stopped" | "left"): void {
    for (const response of this.#waiting) response.end(JSON.stringify({ end }));
    this.#waiting.clear();
  }

  #stop(request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== "POST") return answer(response, 405, { message: "Only POST is taken" }, { Allow: "POST" });
    const stranger = refuseStranger(request, this.#isToken);
    if (stranger) return answer(response, stranger.status, { message: "The collector's token is missing or wrong" });
    answer(response, 202, {});
    this.#onStop();
  }

  #wait(response: ServerResponse): void {
    if (this.#waiting.size >= mostWaiting) return answer(response, 429, { message: "Too many wait already" });
    this.#waiting.add(response);
    response.once("close", () => this.#waiting.delete(response));
    response.writeHead(200, { "Content-Type": "application/json" });
    // The head tells that the wait has begun.
    response.flushHeaders();
  }
}

function answer(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...headers,
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(text);
}

/**
 * The collector that listens at this port of the loopback; undefined where it is another program, or nobody.
 * @param token it has to know; without one, whoever says so is believed
 */
export async function findCollector(port: number, token?: string): Promise<Presence | undefined> {
  const challenge = randomBytes(24).toString("hex");
  try {
    const headers = { [challengeHeader]: challenge };
    const response = await send(port, "GET", "/tracekeeper", headers, AbortSignal.timeout(answerMs));
    const answered = presenceSchema.parse(JSON.parse(await textOf(response)));
    if (token !== undefined && !isSame(answered.proof ?? "", proofOf(challenge, token))) return undefined;
    const { proof: _, ...presence } = answered;
    return presence;
  } catch {
    return undefined;
  }
}

function proofOf(challenge: string, token: string): string {
  return createHmac("sha256", token).update(challenge).digest("hex");
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** Resolves when the collector at this port has ended. Rejects with the signal's reason alone. */
export async function whenCollectorEnds(port: number, signal: AbortSignal): Promise<CollectorEnd> {
  try {
    const response = await send(port, "GET", "/tracekeeper/end", {}, signal);
    return endSchema.safeParse(JSON.parse(await textOf(response))).data?.end ?? "lost";
  } catch {
    signal.throwIfAborted();
    return "lost";
  }
}

/** Ends the collector for everybody. Throws where it does not answer, or the token is wrong. */
export async function stopCollector(port: number, token: string): Promise<void> {
  const headers = { Authorization: `Bearer ${token}` };
  const response = await send(port, "POST", "/tracekeeper/stop", headers, AbortSignal.timeout(answerMs));
  response.resume();
  if (response.statusCode !== 202) throw new Error(`The collector answered ${response.statusCode}`);
}

function send(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, method, path, headers, signal, agent: false }, resolve);
    request.once("error", reject);
    request.end();
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > mostAnswerBytes) throw new Error("The answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
