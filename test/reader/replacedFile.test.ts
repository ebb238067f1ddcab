// A file that is replaced between the reading of its columns and the reading of one of its spans.
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { OpenedTrace, type TraceNews } from "../../src/reader/openedTrace";
import { readingInMemory } from "../../src/reader/readingInMemory";
import type { SessionReading, SessionSource } from "../../src/reader/sessionSource";
import { answerCall } from "../../src/reader/traceCalls";
import { readSession } from "../../src/trace/readSession";
import type { TraceSpan } from "../../src/trace/schema";
import { TraceReplacedError } from "../../src/trace/spanSource";
import { nowMs, spanOf, traceOf } from "./pictures";

const never = new AbortController().signal;

/** A session on a disk of which the file may go under what was read of it. */
class ReplacedFile implements SessionSource {
  reads = 0;
  spans: readonly TraceSpan[];
  /** Counts up with each replacement. */
  version = 1;
  /** What is read is gone as soon as it was read. */
  alwaysGone = false;

  constructor(spans: readonly TraceSpan[]) {
    this.spans = spans;
  }

  replace(spans: readonly TraceSpan[]): void {
    this.spans = spans;
    this.version++;
  }

  async read(): Promise<{ type: "anew"; reading: SessionReading }> {
    this.reads++;
    const bytes = new TextEncoder().encode(JSON.stringify(traceOf(this.spans)));
    const files = { safeId: "s", snapshot: { name: "s.json", bytes, mtimeMs: nowMs }, journals: [] };
    const reading = readingInMemory(readSession(files, () => "unknown"));
    const { version } = this;
    const here = <T>(what: T): T => {
      if (this.alwaysGone || version !== this.version) throw new TraceReplacedError("The file is another one");
      return what;
    };
    const spanAt = (row: number) => here(reading.spans.spanAt(row));
    return { type: "anew", reading: { ...reading, spans: { ...reading.spans, spanAt } } };
  }

  forget(): void {}
  dispose(): void {}
}

async function opened(file: ReplacedFile) {
  const news: TraceNews[] = [];
  const trace = new OpenedTrace({
    source: file,
    firstEpoch: 1,
    logger: silentLogger,
    now: () => nowMs,
    onNews: (told) => {
      // As the reader does, who reads the failing step for what it tells.
      if (told.type === "picture") told.picture.spans.spanAt(0);
      news.push(told);
    },
  });
  await trace.update();
  return { trace, news };
}

describe("a file that was replaced", () => {
  it("is read again, and the answer is of what is there now", async () => {
    const file = new ReplacedFile([spanOf("a", { input: "old" })]);
    const { trace } = await opened(file);
    file.replace([spanOf("a", { input: "new" }), spanOf("b")]);
    expect(await answerCall(trace, "text", { epoch: 1, row: 0, field: "input" }, never, () => {})).toBe("new");
    expect(trace.picture?.columns.count).toBe(2);
  });

  it("makes a question stale where its row is another one by now", async () => {
    const file = new ReplacedFile([spanOf("a", { input: "old" })]);
    const { trace } = await opened(file);
    file.replace([spanOf("other")]);
    const asked = answerCall(trace, "text", { epoch: 1, row: 0, field: "input" }, never, () => {});
    await expect(asked).rejects.toThrow("The trace was replaced meanwhile");
    expect(trace.picture?.epoch).toBe(2);
  });

  it("over and over is read three times and then reported, until it changes", async () => {
    const file = new ReplacedFile([spanOf("a")]);
    file.alwaysGone = true;
    const { trace, news } = await opened(file);
    expect(file.reads).toBe(3);
    expect(news).toEqual([{ type: "unreadable", message: "The file is another one", isMissing: false }]);
    file.alwaysGone = false;
    await trace.update();
    expect(news.at(-1)?.type).toBe("picture");
  });
});
