// A collector for each test, on a directory of its own, and the real exporters of OpenTelemetry for JavaScript.
import { readdirSync } from "node:fs";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, SimpleSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach } from "vitest";
import { type Collector, type CollectorOptions, startCollector } from "../../src/collector/collector";
import { loadSession } from "../../src/store/loadSession";
import type { LoadedSession } from "../../src/trace/sessionFiles";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { renderTree } from "../trace/renderTree";

export class CollectorSetup {
  folder!: TempDir;
  collector!: Collector;
  readonly problems: string[] = [];
  readonly #providers: BasicTracerProvider[] = [];

  async start(options: Partial<CollectorOptions> = {}): Promise<void> {
    this.collector = await startCollector({
      directory: this.folder.path,
      port: 0,
      onProblem: ({ message }) => void this.problems.push(message),
      ...options,
    });
  }

  get port(): number {
    return this.collector.port;
  }

  /** Safe ids of the sessions in the directory, sorted. */
  get sessionIds(): string[] {
    return readdirSync(this.folder.path)
      .flatMap((name) => /^(.*?)(?:\.\d+\.journal\.ndjson|\.json)$/.exec(name)?.[1] ?? [])
      .filter((id, index, all) => all.indexOf(id) === index)
      .sort();
  }

  load(safeId: string): Promise<LoadedSession> {
    return loadSession(this.folder.join(`${safeId}.json`), () => "alive");
  }

  /** Names, two spaces a level. */
  async tree(safeId: string): Promise<string[]> {
    const { trace } = await this.load(safeId);
    return renderTree(trace.spans)
      .split("\n")
      .map((line) => line.replace(/ (?:session|span|tool|generation) .*$/, ""));
  }

  provider(exporter: SpanExporter, resource?: Record<string, string>): BasicTracerProvider {
    const provider = providerOf(exporter, resource);
    this.#providers.push(provider);
    return provider;
  }

  async reset(): Promise<void> {
    for (const provider of this.#providers.splice(0)) await provider.shutdown();
    this.problems.length = 0;
  }
}

export function collectorSetup(): CollectorSetup {
  const setup = new CollectorSetup();
  beforeEach(async () => {
    setup.folder = await makeTempDir();
  });
  afterEach(async () => {
    await setup.reset();
    await setup.collector.close();
    await setup.folder.remove();
  });
  return setup;
}

export function providerOf(
  exporter: SpanExporter,
  resource: Record<string, string> = { "service.name": "shop" },
): BasicTracerProvider {
  return new BasicTracerProvider({
    resource: resourceFromAttributes(resource),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
}

/** The exporters as people set them up. */
export const exporters: Readonly<Record<string, (url: string, headers?: Record<string, string>) => SpanExporter>> = {
  JSON: (url, headers = {}) => new JsonExporter({ url: `${url}/v1/traces`, headers }),
  "JSON in gzip": (url, headers = {}) =>
    new JsonExporter({ url: `${url}/v1/traces`, headers, compression: "gzip" as never }),
  protobuf: (url, headers = {}) => new ProtobufExporter({ url: `${url}/v1/traces`, headers }),
  "protobuf in gzip": (url, headers = {}) =>
    new ProtobufExporter({ url: `${url}/v1/traces`, headers, compression: "gzip" as never }),
};
