// The environment of the program: what the person's terminal would have given it, without what started the session
// process, and with where its spans can be sent. An exporter that the person has set is the person's.

import { parkedName, parkedVariables } from "./sessionCommand";

export interface SpanTarget {
  /** Base URL of the receiver; undefined where there is none. */
  readonly url: string | undefined;
  readonly token: string;
  readonly sessionId: string;
  /** Of the session; hex digits and dashes. */
  readonly traceId: string;
  /** Parent of the program's spans. */
  readonly spanId: string;
}

export interface ChildEnvironmentRequest {
  /** Of the session process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The launch's own; null takes a variable away. */
  readonly changes: Readonly<Record<string, string | null>> | undefined;
  readonly cwd: string;
  readonly target: SpanTarget;
  readonly platform?: NodeJS.Platform;
}

export interface ChildEnvironment {
  readonly env: Record<string, string>;
  /** Where the person lets spans go instead: the endpoint, without a name and password in it. */
  readonly keptEndpoint: string | undefined;
  /** What the program would have been a part of otherwise. */
  readonly outer: OuterSpan | undefined;
}

export interface OuterSpan {
  readonly spanId: string;
  readonly traceId: string;
  /** Where it is a session's. */
  readonly sessionId: string | undefined;
}

/** Marks the endpoint of a session, so that one within it does not take it for the person's. */
const endpointMark = "TRACEKEEPER_OTLP_ENDPOINT";
const ownVariables = ["TRACEKEEPER_SESSION_ID", "TRACEKEEPER_SPAN_ID", endpointMark];
const generalEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
const tracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
/** Settings, after their common beginning, that reach farther than traces. */
const personal = ["METRICS_ENDPOINT", "LOGS_ENDPOINT", "HEADERS", "PROTOCOL"];

export function childEnvironment(request: ChildEnvironmentRequest): ChildEnvironment {
  const { cwd, target, platform = process.platform } = request;
  const variables = new Variables(request.environment, platform === "win32");
  for (const name of parkedVariables) {
    const parked = variables.take(parkedName(name));
    if (parked !== undefined) variables.set(name, parked);
  }
  variables.take("ELECTRON_RUN_AS_NODE");
  const outer = outerSpan(variables);
  takeOuterExporter(variables);
  for (const name of ownVariables) variables.take(name);
  // A shell's own note of the folder would be that of another one.
  if (platform !== "win32") variables.set("PWD", cwd);
  for (const [name, value] of Object.entries(request.changes ?? {})) {
    if (value === null) variables.take(name);
    else variables.set(name, value);
  }
  const kept = variables.get(tracesEndpoint) || variables.get(generalEndpoint) || undefined;
  if (kept === undefined && target.url !== undefined) setExporter(variables, target.url, target.token);
  variables.set("TRACEKEEPER_SESSION_ID", target.sessionId);
  variables.set("TRACEKEEPER_SPAN_ID", target.spanId);
  // Spans that go elsewhere belong to the trace that is kept there.
  if (kept === undefined || variables.get("TRACEPARENT") === undefined) {
    variables.set("TRACEPARENT", `00-${target.traceId.replaceAll("-", "")}-${target.spanId}-01`);
  }
  return {
    env: variables.all(),
    keptEndpoint: kept === undefined ? undefined : withoutCredentials(kept),
    outer,
  };
}

/** What a session within another one finds of that one's. */
function takeOuterExporter(variables: Variables): void {
  const mark = variables.get(endpointMark);
  if (mark === undefined) return;
  const isGeneral = mark === variables.get(generalEndpoint);
  const isOfTraces = tracesUrl(mark) === variables.get(tracesEndpoint);
  if (!isGeneral && !isOfTraces) return;
  variables.take("TRACEPARENT");
  for (const name of ["ENDPOINT", "PROTOCOL", "HEADERS"]) {
    variables.take(`OTEL_EXPORTER_OTLP_${isGeneral ? "" : "TRACES_"}${name}`);
  }
}

function tracesUrl(url: string): string {
  return `${url}/v1/traces`;
}

function setExporter(variables: Variables, url: string, token: string): void {
  // The one protocol that every SDK has; an exporter that knows JSON alone does not look here.
  const settings = { PROTOCOL: "http/protobuf", HEADERS: `authorization=Bearer%20${token}` };
  variables.set(endpointMark, url);
  // What the person has set for metrics, for logs or for all stays as it is, and none of them gets our token.
  if (personal.some((name) => variables.get(`OTEL_EXPORTER_OTLP_${name}`) !== undefined)) {
    variables.set(tracesEndpoint, tracesUrl(url));
    for (const [name, value] of Object.entries(settings)) variables.set(`OTEL_EXPORTER_OTLP_TRACES_${name}`, value);
    return;
  }
  variables.set(generalEndpoint, url);
  for (const [name, value] of Object.entries(settings)) {
    variables.set(`OTEL_EXPORTER_OTLP_${name}`, value);
    // What is set for traces alone would win over what is set for all.
    const ofTraces = `OTEL_EXPORTER_OTLP_TRACES_${name}`;
    if (variables.get(ofTraces) !== undefined) variables.set(ofTraces, value);
  }
}

function outerSpan(variables: Variables): OuterSpan | undefined {
  const parent = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(variables.get("TRACEPARENT") ?? "");
  const [, traceId, spanId] = parent ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  const sessionId = variables.get("TRACEKEEPER_SESSION_ID");
  // Trace ids of ours are written as UUIDs.
  const uuid = traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return { spanId, traceId: sessionId === undefined ? traceId : uuid, sessionId };
}

function withoutCredentials(endpoint: string): string {
  try {
    const { protocol, origin, pathname } = new URL(endpoint);
    if (protocol === "http:" || protocol === "https:") return origin + pathname;
  } catch {
    // Without a scheme it is no URL, and may hold a name and a password all the same.
  }
  const [plain = ""] = endpoint.split(/[?#]/);
  return plain.slice(plain.lastIndexOf("@") + 1);
}

/** On Windows names differ by more than their case. */
class Variables {
  readonly #entries = new Map<string, { readonly name: string; readonly value: string }>();
  readonly #isCaseless: boolean;

  constructor(environment: Readonly<Record<string, string | undefined>>, isCaseless: boolean) {
    this.#isCaseless = isCaseless;
    for (const [name, value] of Object.entries(environment)) if (value !== undefined) this.set(name, value);
  }

  get(name: string): string | undefined {
    return this.#entries.get(this.#key(name))?.value;
  }

  set(name: string, value: string): void {
    this.#entries.set(this.#key(name), { name, value });
  }

  take(name: string): string | undefined {
    const value = this.get(name);
    this.#entries.delete(this.#key(name));
    return value;
  }

  all(): Record<string, string> {
    return Object.fromEntries([...this.#entries.values()].map(({ name, value }) => [name, value]));
  }

  #key(name: string): string {
    return this.#isCaseless ? name.toUpperCase() : name;
  }
}
