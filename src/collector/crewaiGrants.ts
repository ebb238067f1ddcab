// Grants of crewAI's newer releases: leave to send the spans of one execution over OTLP for a while. A token says by
// itself for which execution it is and until when, signed with a secret, so that a collector that was started again knows
// the tokens of the one before, and that asking for many costs no memory.

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { isBatchId } from "./crewaiRoutes";
import { crewSessionId } from "./crewaiSession";

export interface CrewGrant {
  readonly executionId: string;
  /** Raw id of the session that records the execution's spans. */
  readonly sessionId: string;
  readonly tier: CrewTier;
  /** ms since the epoch. */
  readonly expiresMs: number;
}

/** Whether whoever asked was logged in at crewAI. The client believes no answer of the other one. */
export type CrewTier = "authenticated" | "ephemeral";

export interface CrewGrantsOptions {
  /** At least 32 bytes that nobody else knows; kept by the caller where tokens are to outlive the process. */
  readonly secret?: Uint8Array | undefined;
  readonly grantMs?: number | undefined;
}

/** The client asks for the next one when 30 s are left. */
const defaultGrantMs = 3_600_000;
const tokenStart = "crewai";

export class CrewGrants {
  readonly #secret: Uint8Array;
  readonly #grantMs: number;

  constructor({ secret, grantMs }: CrewGrantsOptions = {}) {
    if (secret !== undefined && secret.length < 32) throw new Error("The secret of grants has less than 32 bytes");
    this.#secret = secret ?? randomBytes(32);
    this.#grantMs = grantMs ?? defaultGrantMs;
  }

  /** @returns the answer to `POST …/grants`; undefined for what can't be an execution */
  grant(executionId: unknown, tier: CrewTier, collectorUrl: string, nowMs = Date.now()): object | undefined {
    if (!isBatchId(executionId)) return undefined;
    const expiresMs = nowMs + this.#grantMs;
    const claim = `${tokenStart}.${executionId}.${tier}.${expiresMs}`;
    return {
      tier,
      execution_uuid: executionId,
      token: `${claim}.${this.#sign(claim)}`,
      collector_url: collectorUrl,
      // Python reads the letter Z from 3.11 on.
      expires_at: new Date(expiresMs).toISOString().replace("Z", "+00:00"),
    };
  }

  /** What a token was given for; undefined for any other token and one that has expired. */
  find(token: string, nowMs = Date.now()): CrewGrant | undefined {
    const at = token.lastIndexOf(".");
    const claim = token.slice(0, Math.max(0, at));
    const [start, executionId, tier, expires, ...more] = claim.split(".");
    if (start !== tokenStart || more.length > 0 || !isBatchId(executionId) || !/^\d{1,15}$/.test(expires ?? ""))
      return undefined;
    const [right, given] = [Buffer.from(this.#sign(claim)), Buffer.from(token.slice(at + 1))];
    if (right.length !== given.length || !timingSafeEqual(right, given)) return undefined;
    const expiresMs = Number(expires);
    if (expiresMs <= nowMs || (tier !== "authenticated" && tier !== "ephemeral")) return undefined;
    return { executionId, sessionId: crewSessionId(executionId), tier, expiresMs };
  }

  #sign(claim: string): string {
    return createHmac("sha256", this.#secret).update(claim).digest("base64url");
  }
}
