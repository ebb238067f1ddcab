// Grants of crewAI's newer releases: leave to send the spans of one execution over OTLP. An execution is a session, and
// what is granted is that session's endpoint; the collector knows its tokens by themselves, so that nothing is kept here.
// The client believes only an answer of exactly this shape, and sends no trace otherwise.

import { isBatchId } from "./crewaiRoutes";

/** Whether whoever asked was logged in at crewAI. The client believes no answer of the other one. */
export type CrewTier = "authenticated" | "ephemeral";

/** Where spans of a session are taken. */
export interface GrantedEndpoint {
  /** The client sends there as it stands, without adding a path. */
  readonly tracesUrl: string;
  /** Sent as `Authorization: Bearer <token>`. */
  readonly token: string;
}

/** The client asks again when 30 s are left; it then gets the same endpoint. */
const grantMs = 3_600_000;

/** Of no batch, whatever its id: two recorders of one session would each undo what the other one writes. */
function executionSessionId(id: string): string {
  return `crewairun-${id}`;
}

/** The answer to a request for a grant; undefined for what can't be an execution. */
export function crewGrant(
  executionId: unknown,
  tier: CrewTier,
  endpointFor: (sessionId: string) => GrantedEndpoint,
  nowMs: number,
): object | undefined {
  if (!isBatchId(executionId)) return undefined;
  const { tracesUrl, token } = endpointFor(executionSessionId(executionId));
  return {
    tier,
    execution_uuid: executionId,
    token,
    collector_url: tracesUrl,
    // Python reads the letter Z from 3.11 on.
    expires_at: new Date(nowMs + grantMs).toISOString().replace("Z", "+00:00"),
  };
}
