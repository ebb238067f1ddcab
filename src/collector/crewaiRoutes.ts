// The paths of crewAI's tracing API. Anything else of crewAI's API is not answered here.

export type CrewRoute =
  | { readonly type: "grant" }
  | { readonly type: "initialise"; readonly isEphemeral: boolean }
  | { readonly type: "events" | "finalise" | "change"; readonly isEphemeral: boolean; readonly id: string }
  /** Below the tracing API, and no part of it. */
  | { readonly type: "unknown" };

const prefix = "/crewai_plus/api/v1/tracing/";

/** Undefined for a path that is none of the tracing API's. */
export function crewRoute(url: string): CrewRoute | undefined {
  const path = url.split("?", 1)[0] ?? "";
  if (!path.startsWith(prefix)) return undefined;
  const rest = path.slice(prefix.length);
  if (rest === "grants") return { type: "grant" };
  const [, ephemeral, id, action] = /^(ephemeral\/)?batches(?:\/([^/]+)(?:\/(events|finalize))?)?$/.exec(rest) ?? [];
  if (!/^(?:ephemeral\/)?batches(?:\/|$)/.test(rest)) return { type: "unknown" };
  const isEphemeral = ephemeral !== undefined;
  if (rest.endsWith("batches")) return { type: "initialise", isEphemeral };
  if (id === undefined || !isBatchId(id)) return { type: "unknown" };
  const type = action === "events" ? "events" : action === "finalize" ? "finalise" : "change";
  return { type, isEphemeral, id };
}

export function methodOf(route: CrewRoute): "POST" | "PATCH" {
  return route.type === "finalise" || route.type === "change" ? "PATCH" : "POST";
}

/** Ids are UUIDs; whatever could be a path, or be mistaken for another id, is none. */
export function isBatchId(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(value);
}
