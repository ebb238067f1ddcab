// A server with crewAI's routes alone, and a client that sends what crewAI's own one sends.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type CrewaiHandler, type CrewaiHandlerOptions, crewaiHandler } from "../../src/collector/crewaiHandler";
import { loadSession } from "../../src/store/loadSession";
import { deriveState } from "../../src/trace/state";
import { type OtlpAnswer, post } from "../session/otlpClient";
import { renderTree } from "../trace/renderTree";

export interface CrewServer {
  readonly port: number;
  readonly handler: CrewaiHandler;
  readonly problems: string[];
  /** Ends its sessions and takes no more. */
  close(): Promise<void>;
}

export async function startCrewServer(
  directory: string,
  options: Partial<CrewaiHandlerOptions> = {},
): Promise<CrewServer> {
  const problems: string[] = [];
  const handler = crewaiHandler({ directory, onProblem: ({ message }) => void problems.push(message), ...options });
  const server: Server = createServer((request, response) => {
    void handler(request, response).then((isTaken) => {
      if (!isTaken) response.writeHead(404).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    handler,
    problems,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      await handler.close();
    },
  };
}

export const login = "a-login-at-crewAI";

export interface CrewClient {
  initialise(id: unknown, parts?: object): Promise<OtlpAnswer>;
  events(id: string, events: readonly unknown[]): Promise<OtlpAnswer>;
  finalise(id: string, eventCount?: number): Promise<OtlpAnswer>;
  fail(id: string, reason: string): Promise<OtlpAnswer>;
}

/** @param hasLogin whether it sends the token of a login, as it does on ephemeral batches after a refusal too */
export function crewClient(port: number, family: "authenticated" | "ephemeral", hasLogin = false): CrewClient {
  const isEphemeral = family === "ephemeral";
  const batches = `/crewai_plus/api/v1/tracing/${isEphemeral ? "ephemeral/" : ""}batches`;
  const headers = {
    "User-Agent": "CrewAI-CLI/1.15.17",
    "X-Crewai-Version": "1.15.17",
    Authorization: hasLogin ? `Bearer ${login}` : undefined,
  };
  const send = (method: "POST" | "PATCH", path: string, body: object) =>
    post(port, body, { path: batches + path, method, headers });
  return {
    initialise: (id, parts = {}) => send("POST", "", initialisation(id, isEphemeral, parts)),
    events: (id, events) =>
      send("POST", `/${id}/events`, {
        events,
        batch_metadata: { events_count: events.length, batch_sequence: 1, is_final_batch: false },
      }),
    finalise: (id, final_event_count = 0) =>
      send("PATCH", `/${id}/finalize`, { status: "completed", duration_ms: 1234, final_event_count }),
    fail: (id, failure_reason) => send("PATCH", `/${id}`, { status: "failed", failure_reason }),
  };
}

function initialisation(id: unknown, isEphemeral: boolean, parts: object): object {
  return {
    trace_id: id,
    execution_type: "crew",
    execution_context: {
      crew_fingerprint: null,
      crew_name: "Tax crew",
      flow_name: null,
      crewai_version: "1.15.17",
      privacy_level: "standard",
      project_id: null,
    },
    execution_metadata: {
      expected_duration_estimate: 300,
      agent_count: 0,
      task_count: 0,
      flow_method_count: 0,
      execution_started_at: "2026-11-20T09:00:00.000000+00:00",
    },
    ...(isEphemeral ? { ephemeral_trace_id: id, user_identifier: "4f".repeat(32) } : {}),
    ...parts,
  };
}

export const batchId = "0b5c7a52-6d0e-4f4e-9c39-3f1b1d1c0001";

/** The session of a batch as every reader reads it. */
export async function readBatch(directory: string, id = batchId, prefix = "crewai-") {
  const loaded = await loadSession(join(directory, `${prefix}${id}.json`), () => "gone");
  const { trace, problems, evidence } = loaded;
  const state = deriveState(evidence, Date.now());
  return { trace, problems, evidence, state, root: trace.spans[0], tree: renderTree(trace.spans) };
}
