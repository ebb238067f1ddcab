// The body of a request of crewAI: who may send it, how much and for how long, and that it is an object which everybody
// who reads it later can take.

import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { isFields } from "../importers/crewaiEvent";
import { OtlpFault, wrongType } from "../importers/otlpFault";
import type { Fields } from "../importers/otlpFields";
import { parseOtlpJson } from "../importers/otlpJson";
import { type Refusal, refuseForeignHost } from "../session/otlpAccess";
import { type BodyLimits, BodyReader, decodeBody, refuseEncoding } from "../session/otlpBody";
import { WeightedTurns } from "../session/weightedTurns";
import { type CrewRoute, methodOf } from "./crewaiRoutes";

export type CrewBodyResult =
  | { readonly type: "body"; readonly value: Fields }
  | ({ readonly type: "refused" } & Refusal)
  /** The client has gone. */
  | { readonly type: "gone" };

export interface CrewBodyLimits extends BodyLimits {
  /** So long a body waits for others before it is refused. */
  readonly waitMs: number;
}

const tooBusy: CrewBodyResult = {
  type: "refused",
  status: 503,
  message: "Too many requests at once",
  headers: { "Retry-After": "1" },
};

/** What begins and ends a batch waits for nobody: as many of them as there may be connections have 16 MiB. */
const smallBytes = 64 * 1024;

/** Levels of lists and objects. crewAI itself cuts at five. */
const deepest = 64;

export class CrewBody {
  readonly #limits: CrewBodyLimits;
  readonly #bodies: BodyReader;
  /** crewAI sends nothing again, whatever it is told: what there is no room for waits, unread. */
  readonly #room: WeightedTurns;
  /** One body at a time is decompressed and read: it may take many times its size. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(limits: CrewBodyLimits) {
    this.#limits = limits;
    this.#room = new WeightedTurns(limits.allBodiesBytes);
    this.#bodies = new BodyReader({ ...limits, allBodiesBytes: Number.POSITIVE_INFINITY });
  }

  /** Throws an `OtlpFault` for what is no such object. */
  async read(request: IncomingMessage, route: CrewRoute): Promise<CrewBodyResult> {
    const refusal = refuseHead(request, route);
    if (refusal) return { type: "refused", ...refusal };
    const leave = await this.#enter(request);
    if (leave === undefined) return tooBusy;
    try {
      const body = await this.#bodies.read(request);
      if (body.type !== "body") return body;
      const turn = this.#turn.then(() => this.#parse(body.bytes, encodingOf(request)));
      this.#turn = turn.then(body.release, body.release);
      return await turn;
    } finally {
      leave();
    }
  }

  /** Waits for room for the whole body before any of it is read. @returns undefined where there is none for too long */
  async #enter(request: IncomingMessage): Promise<(() => void) | undefined> {
    const { bodyBytes, waitMs } = this.#limits;
    const announced = Number(request.headers["content-length"] ?? bodyBytes);
    if (announced <= smallBytes) return () => undefined;
    const entered = this.#room.take(Math.min(announced, bodyBytes));
    const waited = new AbortController();
    const leave = await Promise.race([entered, delay(waitMs, undefined, { signal: waited.signal })]);
    waited.abort();
    // Whoever is let in later has gone.
    if (leave === undefined) void entered.then((late) => late());
    return leave;
  }

  /** A client that still sends reads no answer, so the rest is thrown away; but not for ever. */
  drain(request: IncomingMessage): void {
    if (request.complete) return;
    request.resume();
    const timer = setTimeout(() => request.destroy(), this.#limits.bodyMs);
    timer.unref();
    request.once("close", () => clearTimeout(timer));
  }

  async #parse(bytes: Buffer, encoding: string): Promise<CrewBodyResult> {
    const decoded = await decodeBody(bytes, encoding, this.#limits.bodyBytes);
    if (!Buffer.isBuffer(decoded)) return { type: "refused", ...decoded };
    const value = parseOtlpJson(decoded);
    if (!isFields(value)) throw new OtlpFault(wrongType(value, "an object"));
    if (!isWithin(value, deepest)) throw new OtlpFault(`is nested deeper than ${deepest} levels`);
    return { type: "body", value };
  }
}

function refuseHead(request: IncomingMessage, route: CrewRoute): Refusal | undefined {
  const foreign = refuseForeignHost(request);
  if (foreign) return foreign;
  if (route.type === "unknown") return { status: 404, message: "Trace batches and grants alone are taken here" };
  const method = methodOf(route);
  if (request.method !== method) return { status: 405, message: `Only ${method} is taken`, headers: { Allow: method } };
  // A page in a browser can't send this type without asking first, and nobody answers that.
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") return { status: 415, message: "The Content-Type must be application/json" };
  return refuseEncoding(encodingOf(request));
}

function encodingOf(request: IncomingMessage): string {
  return (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
}

/** Level by level: what is nested a hundred thousand deep ends no stack. */
function isWithin(value: unknown, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const part of level) {
      if (typeof part !== "object" || part === null) continue;
      if (depth === levels) return false;
      for (const inner of Object.values(part)) if (typeof inner === "object" && inner !== null) next.push(inner);
    }
    level = next;
  }
  return true;
}
