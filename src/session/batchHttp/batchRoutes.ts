// The paths of the batch API: trigger.dev's, as its SDK 4.8 asks for them, and those by which a batch is controlled.

export const controls = ["cancel", "pause", "resume", "retry"] as const;
export type BatchControl = (typeof controls)[number];

interface Plain<T extends string> {
  readonly type: T;
}
interface OfBatch<T extends string> extends Plain<T> {
  readonly id: string;
}
interface OfRun<T extends string> extends Plain<T> {
  readonly runId: string;
}
interface Named<T extends string> extends Plain<T> {
  /** Of a packet, as the client wants to call it. */
  readonly name: string;
}

/** What is only read. `packetOfRun` tells where the payload of a run can be had. */
export type Reading =
  | Plain<"list">
  | Plain<"runs">
  | OfBatch<"retrieve">
  | OfBatch<"details">
  | OfBatch<"results">
  | OfRun<"run">
  | OfRun<"runResult">
  | OfRun<"packetOfRun">;

export type BatchRoute =
  | Reading
  | Plain<"create">
  | OfBatch<"items">
  | (OfBatch<"control"> & { readonly control: BatchControl })
  | Named<"upload">
  | Named<"download">
  /** Whoever was given the path of these two may have the bytes. */
  | OfRun<"payload">
  | (Plain<"packet"> & { readonly key: string })
  /** Below the API, and no part of it. */
  | Plain<"unknown">;

/** Ids are file names of ours: whatever could be a path is none. */
const id = "([A-Za-z0-9][A-Za-z0-9_-]{0,119})";
const longestName = 1_024;

type Make = (one: string, other: string) => BatchRoute;

const table: readonly (readonly [methods: readonly string[], pattern: RegExp, make: Make])[] = [
  [["POST"], /^\/v3\/batches$/, () => ({ type: "create" })],
  [["GET"], /^\/v1\/batches$/, () => ({ type: "list" })],
  [["POST"], new RegExp(`^/v3/batches/${id}/items$`), (batch) => ({ type: "items", id: batch })],
  [["GET"], new RegExp(`^/v2/batches/${id}$`), (batch) => ({ type: "retrieve", id: batch })],
  [["GET"], new RegExp(`^/v1/batches/${id}$`), (batch) => ({ type: "details", id: batch })],
  [["GET"], new RegExp(`^/v1/batches/${id}/results$`), (batch) => ({ type: "results", id: batch })],
  [
    ["POST"],
    new RegExp(`^/v1/batches/${id}/(${controls.join("|")})$`),
    (batch, control) => ({ type: "control", id: batch, control: control as BatchControl }),
  ],
  [["GET"], /^\/v1\/runs$/, () => ({ type: "runs" })],
  [["GET"], new RegExp(`^/v3/runs/${id}$`), (runId) => ({ type: "run", runId })],
  [["GET"], new RegExp(`^/v1/runs/${id}/result$`), (runId) => ({ type: "runResult", runId })],
  [["GET"], new RegExp(`^/v1/runs/${id}/packets/payload$`), (runId) => ({ type: "packetOfRun", runId })],
  [["GET"], new RegExp(`^/v1/runs/${id}/payload$`), (runId) => ({ type: "payload", runId })],
  [["PUT"], /^\/v2\/packets\/(.+)$/, (name) => ({ type: "upload", name })],
  [["GET"], /^\/v1\/packets\/(.+)$/, (name) => ({ type: "download", name })],
  [["PUT", "GET"], /^\/v1\/packet-content\/([0-9a-f]{64})$/, (key) => ({ type: "packet", key })],
];

export interface FoundRoute {
  readonly route: BatchRoute;
  /** By which it can be asked for; none where it is unknown. */
  readonly methods: readonly string[];
}

/** Undefined for a path that is none of the API's. @param path without the query */
export function batchRoute(path: string): FoundRoute | undefined {
  if (path !== "/api" && !path.startsWith("/api/")) return undefined;
  const rest = path.slice("/api".length);
  for (const [methods, pattern, make] of table) {
    const [, one = "", other = ""] = pattern.exec(rest) ?? [];
    if (!pattern.test(rest)) continue;
    const route = make(one, other);
    if (route.type !== "upload" && route.type !== "download") return { route, methods };
    const name = decoded(route.name);
    if (name === undefined || name.length > longestName) break;
    return { route: { ...route, name }, methods };
  }
  return { route: { type: "unknown" }, methods: [] };
}

export function pathOfPacket(key: string): string {
  return `/api/v1/packet-content/${key}`;
}

export function pathOfPayload(runId: string): string {
  return `/api/v1/runs/${runId}/payload`;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
