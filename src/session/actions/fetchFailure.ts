// Why a request had no answer, in words: `fetch` itself says "fetch failed".

import { errorCode } from "../../base/errorCode";
import { describeError } from "../../base/logger";

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: "the connection was cut",
  ENOTFOUND: "the host was not found",
  EAI_AGAIN: "the host could not be looked up",
  ETIMEDOUT: "the connection took too long",
  UND_ERR_CONNECT_TIMEOUT: "the connection took too long",
  UND_ERR_HEADERS_TIMEOUT: "no answer came for too long",
  UND_ERR_BODY_TIMEOUT: "the answer stopped coming for too long",
  UND_ERR_SOCKET: "the connection was cut",
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is signed by itself",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate can't be verified",
};

/** Of a request that was ended before its time: whoever ended it knows why. */
export const abortedRequest = "the request was ended";

/** @param url as it was asked for, masked; a name and a password in it are left out */
export function fetchFailure(error: unknown, url: string): string {
  if (error instanceof Error && error.name === "AbortError") return abortedRequest;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = errorCode(cause);
  const known = code === undefined ? undefined : words[code];
  const why = known === undefined ? describeError(cause) : `${known} (${code})`;
  return `no answer from ${shortUrl(url)}: ${why}`;
}

/** Without name, password, query and fragment. @param url masked: what is left out may be a part of a secret */
export function shortUrl(url: string): string {
  const [, scheme = "", place = ""] = /^(https?:\/\/)?(?:[^/?#]*@)?([^?#]*)/i.exec(url) ?? [];
  return scheme + place;
}
