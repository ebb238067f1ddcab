// The variables by which OpenTelemetry's SDKs find the collector.

/** @param address `http://127.0.0.1:<port>` */
export function collectorEnvironment(address: string): Readonly<Record<string, string>> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: address,
    // gRPC, which some SDKs take otherwise, is not spoken there.
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
  };
}
