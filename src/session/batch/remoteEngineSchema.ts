// The installation of trigger.dev that a person has chosen to run batches, as settings, launches and orders have it.

import * as z from "zod/mini";

/** As logs name it. */
export const triggerEngineName = "trigger.dev";
export const usualTriggerUrl = "https://api.trigger.dev";

/** Of the chosen installation of trigger.dev. */
export const remoteEngineSchema = z.object({
  url: z.string(),
  /** That of the environment where it is left out. */
  key: z.optional(z.string()),
});
export type RemoteEngine = z.infer<typeof remoteEngineSchema>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** As the SDK takes it. */
export function environmentUrl(environment: Environment): string {
  return environment["TRIGGER_API_URL"] || usualTriggerUrl;
}

/** The environment's key is for the environment's address: a setting of a workspace must not lead it elsewhere. */
export function environmentKey(url: string, environment: Environment): string | undefined {
  const isSame = withoutSlash(environmentUrl(environment)) === withoutSlash(url);
  return isSame ? environment["TRIGGER_SECRET_KEY"] || undefined : undefined;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

/** Whether a collector at that port would hand its batches on to itself. */
export function isOwnAddress(url: string, port: number): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, port: other, protocol } = new URL(url);
  const isLoopback = hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
  return isLoopback && Number(other || (protocol === "https:" ? 443 : 80)) === port;
}

/**
 * Where the installation shows a run; undefined where nobody knows.
 * @param url of its API, as the log of a batch has it
 */
export function runPage(url: string | undefined, runId: string | undefined): string | undefined {
  if (url === undefined || runId === undefined || !URL.canParse(url)) return undefined;
  const { origin, protocol } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") return undefined;
  const pages = origin === new URL(usualTriggerUrl).origin ? "https://cloud.trigger.dev" : origin;
  return `${pages}/runs/${encodeURIComponent(runId)}`;
}
