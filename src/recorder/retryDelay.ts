// Which failures of a request are worth another try, and when. A server's word on when goes before our own guess.

import { randomInt } from "node:crypto";

/** What a server says that may be otherwise in a moment. */
const transientStatuses: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

/** A connection that was not made or that broke. An unknown name or a bad certificate is not better a second later. */
const transientCodes: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_SOCKET",
]);

const firstPauseMs = 100;

export function isTransientStatus(status: number): boolean {
  return transientStatuses.has(status);
}

/** Looks at an error and its causes, for `fetch` puts the system's error into one. */
export function isTransientError(error: unknown): boolean {
  // A chain of causes may be a ring.
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("code" in at && typeof at.code === "string" && transientCodes.has(at.code)) return true;
  }
  return false;
}

/**
 * How long an answer asks to be waited for (RFC 9110, 10.2.3); undefined where it does not say so in a way that is
 * understood. A date is compared with the answer's own, so that it holds where our clocks differ.
 */
export function retryAfterMs(retryAfter: string | undefined, date: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const untilMs = httpDateMs(retryAfter);
  if (untilMs === undefined) return undefined;
  return Math.max(0, untilMs - (httpDateMs(date) ?? Date.now()));
}

/** `Date.parse` alone takes almost anything for a date. */
function httpDateMs(text: string | undefined): number | undefined {
  const ms = text?.endsWith(" GMT") ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** A pause that doubles with each failure, less up to a half of it, so that many clients don't come back at once. */
export function backOffMs(failures: number): number {
  const ms = firstPauseMs * 2 ** (failures - 1);
  return randomInt(ms / 2, ms + 1);
}
