// Files of other programs that grow, in whatever pieces: after each the reading is that of the whole file, and a panel that
// looks only now and then has what the reader has.
import { appendFile, mkdir, utimes } from "node:fs/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { ImportedSource } from "../../src/reader/importedSource";
import { loadImported } from "../../src/reader/loadImported";
import { OpenedTrace } from "../../src/reader/openedTrace";
import { readingInMemory } from "../../src/reader/readingInMemory";
import type { SessionUpdate } from "../../src/reader/sessionSource";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { TraceReplacedError } from "../../src/trace/spanSource";
import { arbitraryFile, claudeLines } from "../importers/arbitraryTranscripts";
import { linesOf } from "../importers/importing";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { expectMirrored, Mirror } from "./mirror";
import { expectSameReading } from "./sameReading";

const never = new AbortController().signal;
const nowMs = 1_800_000_000_000;

let folder: TempDir;
let files = 0;
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

/** As `OpenedTrace` does: what was taken in the wrong way is read anew. */
async function readNow(source: ImportedSource): Promise<SessionUpdate> {
  try {
    return await source.read(never);
  } catch (error) {
    if (!(error instanceof TraceReplacedError)) throw error;
    return await source.read(never);
  }
}

const cuts = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), { maxLength: 10 });

/** Pieces of the bytes up to these places, which are parts of the whole. */
function* piecesOf(bytes: Buffer, places: readonly (readonly [number, boolean])[]) {
  let from = 0;
  for (const [part, looks] of [...places, [1, true] as const].sort(([one], [other]) => one - other)) {
    const to = Math.max(from, Math.round(part * bytes.length));
    yield { piece: bytes.subarray(from, to), looks };
    from = to;
  }
}

describe("a file that grows in any pieces", () => {
  it("says after each what reading the whole file says", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryFile, cuts, fc.constantFrom(0, 16_384), async ({ format, lines }, places, kept) => {
        const path = await folder.write(`${++files}.jsonl`, "");
        const source = new ImportedSource({ path, format, access: nodeFileAccess, longestKeptBytes: kept });
        const bytes = linesOf(...lines);
        for (const { piece } of piecesOf(bytes, places)) {
          await appendFile(path, piece);
          await utimes(path, nowMs / 1000, nowMs / 1000);
          const { reading } = await readNow(source);
          const whole = readingInMemory(await loadImported(path, format, nodeFileAccess));
          expectSameReading(reading, whole, nowMs, true);
        }
        source.dispose();
      }),
      { numRuns: 400 },
    );
  });

  it("is in a panel what it is in the reader", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryFile, cuts, async ({ format, lines }, places) => {
        const path = await folder.write(`${++files}.jsonl`, "");
        const source = new ImportedSource({ path, format, access: nodeFileAccess });
        const trace = new OpenedTrace({ source, firstEpoch: 1, logger: silentLogger, now: Date.now, onNews() {} });
        const mirror = new Mirror();
        for (const { piece, looks } of piecesOf(linesOf(...lines), places)) {
          await appendFile(path, piece);
          await trace.update();
          if (!looks) continue;
          await mirror.catchUp(trace);
          expectMirrored(mirror, trace);
        }
        trace.dispose();
      }),
      { numRuns: 200 },
    );
  });

  it("takes in what its sub-agents write, whichever file grows first", async () => {
    const both = fc.tuple(claudeLines("main-"), claudeLines("agent-"));
    await fc.assert(
      fc.asyncProperty(both, cuts, async ([mainLines, agentLines], places) => {
        const name = `s${++files}`;
        const path = await folder.write(`${name}.jsonl`, "");
        await mkdir(folder.join(name, "subagents"), { recursive: true });
        const agentPath = await folder.write(`${name}/subagents/agent-a0.jsonl`, "");
        const source = new ImportedSource({ path, format: "claude-code", access: nodeFileAccess });
        const side = { isSidechain: true, agentId: "a0" };
        const agentPieces = piecesOf(linesOf(...agentLines.map((line) => ({ ...line, ...side }))), places.toReversed());
        for (const { piece, looks } of piecesOf(linesOf(...mainLines), places)) {
          await appendFile(path, piece);
          const next = looks ? agentPieces.next().value : undefined;
          if (next !== undefined) await appendFile(agentPath, next.piece);
          await readNow(source);
        }
        for (const { piece } of agentPieces) await appendFile(agentPath, piece);
        const { reading } = await readNow(source);
        const whole = readingInMemory(await loadImported(path, "claude-code", nodeFileAccess));
        const idsOf = ({ spans }: typeof whole) =>
          Array.from({ length: spans.count }, (_, row) => spans.idOf(row)).sort();
        expect(idsOf(reading)).toEqual(idsOf(whole));
        expect(reading.session.header.summary).toMatchObject({
          openSpans: whole.session.header.summary["openSpans"],
          totalTokens: whole.session.header.summary.totalTokens,
        });
        source.dispose();
      }),
      { numRuns: 60 },
    );
  });

  it("begins an agent with its first line in the order of the files, also where that came last", async () => {
    const message = { role: "user", content: "go" };
    const said = (uuid: string, more: object) => ({ type: "user", uuid, sessionId: "s1", ...more, message });
    const path = await folder.write("late.jsonl", linesOf(said("first", {})));
    await mkdir(folder.join("late", "subagents"), { recursive: true });
    await folder.write("late/subagents/agent-a0.jsonl", linesOf(said("own", { isSidechain: true, agentId: "a0" })));
    const source = new ImportedSource({ path, format: "claude-code", access: nodeFileAccess });
    await readNow(source);
    await appendFile(path, linesOf(said("late", { agentId: "a0" })));
    const { reading } = await readNow(source);
    const ids = Array.from({ length: reading.spans.count }, (_, row) => reading.spans.idOf(row));
    expect(ids.sort()).toEqual(["agent-a0", "first", "own", "session"]);
    source.dispose();
  });
});
