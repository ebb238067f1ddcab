// Hands a finished session to its exporters, all at once and each with a limit of its own: one that throws, rejects or
// hangs harms no other, and none of them holds up the end for longer than the limit.

import { textOf } from "./safeJson";
import type { TraceExporter, TraceFile, TraceSource } from "./traceTypes";
import { OutOfTime, withLimit } from "./withLimit";

export interface ExportRun {
  /** One result for each; undefined stands for one that has nothing to do. */
  readonly exporters: readonly (TraceExporter | undefined)[];
  /** Undefined where the trace can't be read. */
  readonly source: TraceSource | undefined;
  /** True when the session has crashed meanwhile: then nothing more is handed out. */
  isCrashed(): boolean;
  /** An exporter that got no trace, or gave no answer. */
  onSkipped(exporter: string, reason: string, error?: unknown): void;
}

export const exporterLimitMs = 5_000;
/** Larger traces are not built in memory. */
export const mostBuiltBytes = 256 * 1024 * 1024;

export async function runExporters(run: ExportRun): Promise<(string | undefined)[]> {
  const { exporters, source } = run;
  const isBuilt = exporters.some((exporter) => exporter !== undefined && !takesSource(exporter));
  const text = source && isBuilt && source.sizeBytes <= mostBuiltBytes ? await readText(source) : undefined;
  if (run.isCrashed()) return [];
  return await Promise.all(
    exporters.map(async (exporter) => {
      if (exporter === undefined) return undefined;
      const skip = (reason: string, error?: unknown) => {
        run.onSkipped(exporterName(exporter), reason, error);
        return undefined;
      };
      if (source === undefined) return skip("the trace can't be read");
      try {
        return await withLimit(exporterLimitMs, async (signal) => {
          if (takesSource(exporter)) return await exporter.exportFrom?.(source, signal);
          if (text === undefined) return skip("the trace is larger than 256 MiB");
          return await exporter.export(parseTrace(text));
        });
      } catch (error) {
        return skip(error instanceof OutOfTime ? "it gave no answer within 5 s" : "it failed", error);
      }
    }),
  );
}

/** True where `exportFrom` belongs to the exporter at least as closely as `export`: who overrides one of them means that. */
function takesSource(exporter: TraceExporter): boolean {
  try {
    if (typeof exporter.exportFrom !== "function") return false;
    for (let at: object | null = exporter; at !== null; at = Object.getPrototypeOf(at) as object | null) {
      if (Object.hasOwn(at, "exportFrom")) return true;
      if (Object.hasOwn(at, "export")) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** A trace for one exporter alone. It is no fold of a journal any more, so it names no writer. */
function parseTrace(text: string): TraceFile {
  const { writer: _writer, ...trace } = JSON.parse(text) as TraceFile & { writer?: unknown };
  return trace;
}

async function readText(source: TraceSource): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.open()) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function exporterName(exporter: TraceExporter): string {
  try {
    return textOf(exporter.name) ?? "exporter";
  } catch {
    return "exporter";
  }
}
