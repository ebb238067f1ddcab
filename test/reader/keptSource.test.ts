// A session that is opened again, by what a source of a panel sees and reads.
import { rename } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { ScannedSource } from "../../src/reader/scannedSource";
import { ScanStorage } from "../../src/reader/scanStorage";
import type { SessionReading } from "../../src/reader/sessionSource";
import { loadSession } from "../../src/store/loadSession";
import { CountingAccess } from "../store/support";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { wholeSource } from "../support/wholeSource";
import { arbitraryDocument } from "../trace/arbitraryDocument";
import { traceText } from "../trace/arbitrarySpans";
import { expectSameReading } from "./sameReading";

const never = new AbortController().signal;
const probe = () => "unknown" as const;
/** Files that a test has just written are an hour old. */
const now = () => Date.now() + 3_600_000;
const plain = { parentSpanId: null, name: "bash", kind: "tool", startTime: 1, endTime: 2, status: "ok" };

function scansIn(folder: TempDir): ScanStorage {
  const options = { folder: folder.join("scans"), producer: () => "1", mayWrite: () => true, logger: silentLogger };
  return new ScanStorage({ ...options, leastBytes: 0, delayMs: 0, now });
}

interface Opened extends Disposable {
  readonly reading: SessionReading;
  readonly source: ScannedSource;
  readonly access: CountingAccess;
}

async function open(folder: TempDir): Promise<Opened> {
  const key = folder.join("S.json");
  const access = new CountingAccess();
  const memory = scansIn(folder);
  const journaled = wholeSource((signal) => loadSession(key, probe, signal, access));
  const source = new ScannedSource({ key, access, probe, journaled, memory, now });
  const { reading } = await source.read(never);
  await memory.idle;
  return { reading, source, access, [Symbol.dispose]: () => source.dispose() };
}

/** So many spans that nothing is read of a row before somebody asks for it. */
const many = (id: string) =>
  traceText(Array.from({ length: 10_500 }, (_, row) => ({ ...plain, spanId: `${id}${row}`, output: "o".repeat(200) })));

describe("a session whose scan was kept", () => {
  it("is what it was at first", async () => {
    await using folder = await makeTempDir();
    await fc.assert(
      fc.asyncProperty(arbitraryDocument, async (text) => {
        await folder.write("S.json", text);
        using first = await open(folder);
        using again = await open(folder);
        expectSameReading(again.reading, first.reading, 1_000_000);
      }),
      { numRuns: 100 },
    );
  });

  it("is opened without reading its spans, and gives each of them", async () => {
    await using folder = await makeTempDir();
    const path = await folder.write("S.json", many("a"));
    using first = await open(folder);
    const firstBytes = first.access.of(path).bytes;
    expect(firstBytes).toBeGreaterThan(3_000_000);
    using again = await open(folder);
    // The ends, by which it is known, what stands beside the spans, and a few spans on which its state depends.
    expect(again.access.of(path).bytes).toBeLessThan(firstBytes / 5);
    for (const row of [0, 150, 10_499])
      expect(again.reading.spans.spanAt(row)).toEqual(first.reading.spans.spanAt(row));
  });

  it("is read anew where its file is another one, also while it is open", async () => {
    await using folder = await makeTempDir();
    const path = await folder.write("S.json", many("a"));
    using _first = await open(folder);
    using again = await open(folder);
    await folder.write("S.json.tmp", many("b"));
    await rename(folder.join("S.json.tmp"), path);
    // Who has it open reads what was opened until it looks again.
    expect(again.reading.spans.spanAt(5)?.spanId).toBe("a5");
    const { reading } = await again.source.read(never);
    expect(reading.spans.spanAt(5)?.spanId).toBe("b5");
    using next = await open(folder);
    expect(next.reading.spans.spanAt(5)?.spanId).toBe("b5");
  });
});
