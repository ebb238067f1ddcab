// The paths of the collector: those of OTLP, for everybody or below the endpoint of a session.

import { type OtlpSignal, signalOfPath } from "../session/otlpSignals";

export interface CollectorPath {
  readonly signal: OtlpSignal;
  /** The session whose endpoint it is. */
  readonly sessionId: string | undefined;
}

const longestSessionId = 1_024;

/** @param url path and query of a request */
export function collectorPath(url: string): CollectorPath | undefined {
  const [path = ""] = url.split("?", 1);
  const own = /^\/s\/([^/]+)(\/.*)$/.exec(path);
  const signal = signalOfPath(own?.[2] ?? path);
  if (signal === undefined) return undefined;
  if (own?.[1] === undefined) return { signal, sessionId: undefined };
  const sessionId = decoded(own[1]);
  return sessionId === undefined || sessionId.length > longestSessionId ? undefined : { signal, sessionId };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
