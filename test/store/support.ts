// What the tests of the store share: a file access that counts, traces to write, and waiting for what must happen.
import { setTimeout as delay } from "node:timers/promises";
import type { Event } from "../../src/base/event";
import { type FileAccess, nodeFileAccess } from "../../src/store/fileAccess";
import { edgeBytes, type FileEdges, readFileEdges } from "../../src/store/fileEdges";
import type { SessionEntry } from "../../src/store/sessionEntry";

export interface FileCounts {
  opens: number;
  closes: number;
  bytes: number;
}

/** Counts by path what is opened and how many bytes are read; hands everything on to `inner`. */
export class CountingAccess implements FileAccess {
  readonly counts = new Map<string, FileCounts>();
  lists = 0;
  stats = 0;
  concurrent = 0;
  maxConcurrent = 0;
  readonly #inner: FileAccess;

  constructor(inner: FileAccess = nodeFileAccess) {
    this.#inner = inner;
  }

  reset(): void {
    this.counts.clear();
    this.lists = 0;
    this.stats = 0;
    this.maxConcurrent = 0;
  }

  get opens(): number {
    return [...this.counts.values()].reduce((sum, { opens }) => sum + opens, 0);
  }

  of(path: string): FileCounts {
    const counts = this.counts.get(path) ?? { opens: 0, closes: 0, bytes: 0 };
    this.counts.set(path, counts);
    return counts;
  }

  list(directory: string) {
    this.lists++;
    return this.#inner.list(directory);
  }

  stat(path: string) {
    this.stats++;
    return this.#inner.stat(path);
  }

  watch(...args: Parameters<FileAccess["watch"]>) {
    return this.#inner.watch(...args);
  }

  readLink(path: string) {
    return this.#inner.readLink(path);
  }

  async open(path: string) {
    const counts = this.of(path);
    counts.opens++;
    this.maxConcurrent = Math.max(this.maxConcurrent, ++this.concurrent);
    try {
      const file = await this.#inner.open(path);
      return {
        stat: () => file.stat(),
        read: async (into: Uint8Array, offsetBytes: number) => {
          const bytes = await file.read(into, offsetBytes);
          counts.bytes += bytes;
          return bytes;
        },
        readSync: (into: Uint8Array, offsetBytes: number) => {
          const bytes = file.readSync(into, offsetBytes);
          counts.bytes += bytes;
          return bytes;
        },
        close: async () => {
          counts.closes++;
          this.concurrent--;
          await file.close();
        },
      };
    } catch (error) {
      this.concurrent--;
      counts.closes++;
      throw error;
    }
  }
}

/** The edges of a file of these bytes, as they are read from disk. */
export async function edgesOf(content: string | Uint8Array): Promise<FileEdges> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const stamp = {
    kind: "file",
    sizeBytes: bytes.length,
    mtimeNs: 0n,
    ctimeNs: 0n,
    dev: 0n,
    ino: 0n,
    birthNs: 0n,
  } as const;
  const access: FileAccess = {
    ...nodeFileAccess,
    open: async () => ({
      stat: async () => stamp,
      read: async (into, offsetBytes) => copyPart(bytes, into, offsetBytes),
      readSync: (into, offsetBytes) => copyPart(bytes, into, offsetBytes),
      close: async () => undefined,
    }),
  };
  return readFileEdges(access, "memory");
}

function copyPart(bytes: Uint8Array, into: Uint8Array, offsetBytes: number): number {
  const part = bytes.subarray(offsetBytes, offsetBytes + into.length);
  into.set(part);
  return part.length;
}

/** Larger than what is read of a file. */
export const largeBytes = 2 * edgeBytes + 4096;

export interface TraceOptions {
  readonly title?: string;
  readonly prompt?: string;
  readonly status?: string;
  /** The root span has no end. */
  readonly open?: boolean;
  /** Bytes of padding between the ends. */
  readonly padding?: number;
  readonly startMs?: number;
  readonly [field: string]: unknown;
}

/** A trace v2 as the recorder that others use writes it. */
export function makeTrace(sessionId: string, options: TraceOptions = {}): Record<string, unknown> {
  const {
    title = `Title of ${sessionId}`,
    prompt,
    status = "completed",
    open = false,
    padding = 0,
    startMs = 1_795_170_000_000,
    ...rest
  } = options;
  const endMs = startMs + 60_000;
  const filler = padding > 0 ? [child(sessionId, startMs, "x".repeat(padding))] : [];
  return {
    version: 2,
    traceId: `trace-${sessionId}`,
    sessionId,
    startedAt: new Date(startMs).toISOString(),
    endedAt: new Date(endMs).toISOString(),
    metadata: {
      title,
      model: "vendor/model-1",
      agent: "build",
      ...(prompt !== undefined && { prompt }),
      tags: ["sample"],
    },
    spans: [
      {
        spanId: "root",
        parentSpanId: null,
        name: sessionId,
        kind: "session",
        startTime: startMs,
        status: "ok",
        input: prompt ?? "",
        ...(!open && { endTime: endMs }),
      },
      ...filler,
    ],
    summary: { totalTokens: 1234, totalCost: 0.25, totalToolCalls: 1, totalGenerations: 1, duration: 60_000, status },
    ...rest,
  };
}

function child(sessionId: string, startMs: number, output: string): Record<string, unknown> {
  return {
    spanId: `${sessionId}-1`,
    parentSpanId: "root",
    name: "bash",
    kind: "tool",
    startTime: startMs + 1,
    endTime: startMs + 2,
    status: "ok",
    input: { command: "true", summary: { status: "error" } },
    output,
  };
}

/** Settles when `isTrue`, looked at now and after every event; rejects after a long time, only so that a failure ends. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  events: readonly Event<unknown>[],
  what: string,
): Promise<void> {
  let wake: () => void = () => undefined;
  const subscriptions = events.map((event) => event(() => wake()));
  const giveUpMs = performance.now() + 100_000;
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (await isTrue()) return;
      if (performance.now() > giveUpMs) throw new Error(`Waited in vain until ${what}`);
      // Besides events, a look now and then: what is waited for may have no event of its own.
      await Promise.race([woken, delay(250)]);
    }
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
  }
}

/** One line a session, sorted: `id status title !problem`. */
export function renderEntries(entries: readonly SessionEntry[]): string {
  return entries
    .map(({ safeId, state, title, problem }) =>
      [safeId, state.status, title ?? "-", ...(problem ? [`!${problem.code}`] : [])].join(" "),
    )
    .sort()
    .join("\n");
}
