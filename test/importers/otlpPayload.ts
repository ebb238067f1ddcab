// OTLP/JSON requests as short texts of a test: attributes are given as plain values.

type Json = unknown;

export function anyValue(value: Json): Json {
  if (value === null || value === undefined) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: attributes(value as Record<string, Json>) } };
}

export function attributes(values: Readonly<Record<string, Json>>): Json[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

export const traceId = "0af7651916cd43dd8448eb211c80319c";
export const startNs = 1_795_167_000_000_000_000n;

export interface SpanParts {
  readonly id?: string;
  readonly parent?: string | undefined;
  readonly trace?: string;
  readonly name?: string;
  /** After the start of all, in ms. */
  readonly atMs?: number;
  readonly durationMs?: number;
  /** Has not ended. */
  readonly isOpen?: boolean;
  readonly attributes?: Readonly<Record<string, Json>>;
  /** In place of what the others make. */
  readonly rest?: Readonly<Record<string, Json>>;
}

/** Id of 16 hex digits, which no session of ours gives. */
export function hexId(number: number): string {
  return `f${number.toString(16).padStart(15, "0")}`;
}

export function sentSpan(parts: SpanParts = {}): Record<string, Json> {
  const { id = hexId(1), parent, trace = traceId, name = "step", atMs = 0, durationMs = 5, isOpen } = parts;
  const start = startNs + BigInt(Math.round(atMs * 1e6));
  return {
    traceId: trace,
    spanId: id,
    ...(parent === undefined ? {} : { parentSpanId: parent }),
    name,
    kind: 1,
    startTimeUnixNano: String(start),
    ...(isOpen ? {} : { endTimeUnixNano: String(start + BigInt(Math.round(durationMs * 1e6))) }),
    attributes: attributes(parts.attributes ?? {}),
    status: {},
    ...parts.rest,
  };
}

export function sentRequest(
  spans: readonly Json[],
  resource: Readonly<Record<string, Json>> = { "service.name": "agent" },
): { resourceSpans: Json[] } {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributes(resource) },
        scopeSpans: [{ scope: { name: "my.library", version: "1.0.0" }, spans }],
      },
    ],
  };
}
