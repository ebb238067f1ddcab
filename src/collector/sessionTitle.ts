// What a collected session is called in lists: the program, and what tells its sessions apart.

import type { SessionPlace } from "./sessionOfSpans";

/**
 * @param resource of a span's program
 * @param step name of a span at the top, where one has come
 */
export function titleOf(
  { by, of }: Pick<SessionPlace, "by" | "of">,
  resource: Readonly<Record<string, unknown>>,
  step?: string,
): string {
  const service = resource["service.name"];
  // "unknown_service:node" is what a program is called that nobody gave a name.
  const program =
    typeof service === "string" && service !== "" && !service.startsWith("unknown_service") ? service : undefined;
  const own = by === "trace" ? (step ?? `trace ${of.slice(0, 8)}`) : of;
  return [program, own].filter((part) => part !== undefined && part !== "").join(" · ");
}
