// The paths of OTLP/HTTP. Traces are recorded, and what logs tell of spans; metrics, which the same environment makes a
// program send, are refused as partial success: what the specification has for data that a client must neither send again
// nor wait with, while an error would have some clients warn on every export.

import { type Fields, fieldOf } from "../importers/otlpFields";
import { parseOtlpJson } from "../importers/otlpJson";
import { countMessages } from "../importers/protobufReader";
import type { Acceptance, OtlpEncoding } from "./otlpAnswer";

export type OtlpSignal = "traces" | "logs" | "metrics";

/** @param url path and query of a request */
export function signalOfPath(url: string): OtlpSignal | undefined {
  const path = url.split("?", 1)[0];
  return path === "/v1/traces"
    ? "traces"
    : path === "/v1/logs"
      ? "logs"
      : path === "/v1/metrics"
        ? "metrics"
        : undefined;
}

/** The answer to metrics, of which nothing is recorded. Throws an `OtlpFault` for what is no request. */
export function metricsAnswer(bytes: Buffer, encoding: OtlpEncoding): Acceptance {
  const count = encoding === "protobuf" ? countMessages(bytes, pathToPoints) : countPoints(parseOtlpJson(bytes));
  if (count === 0) return { status: 200 };
  const message = "Tracekeeper records traces; metrics are not kept (OTEL_METRICS_EXPORTER=none stops sending them)";
  return { status: 200, partial: { name: "rejectedDataPoints", count, message } };
}

/**
 * Tags on the way from the request to what is counted: opentelemetry-proto, `metrics.proto`. Of a metric: gauge, sum,
 * histogram, exponential histogram, summary.
 */
const pathToPoints = [[0x0a], [0x12], [0x12], [0x2a, 0x3a, 0x4a, 0x52, 0x5a], [0x0a]] as const;

function countPoints(request: unknown): number {
  const metrics = below([request], ["resourceMetrics", "scopeMetrics", "metrics"]);
  const kinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
  const data = metrics.flatMap((metric) => kinds.map((kind) => part(metric, kind)));
  return below(data, ["dataPoints"]).length;
}

/** What stands in these lists of lists; what is of another type counts as none. */
function below(values: readonly unknown[], names: readonly string[]): readonly unknown[] {
  let level = values;
  for (const name of names) {
    level = level.flatMap((value) => {
      const list = part(value, name);
      return Array.isArray(list) ? (list as unknown[]) : [];
    });
  }
  return level;
}

function part(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? fieldOf(value as Fields, name) : undefined;
}
