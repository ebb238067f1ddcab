import { appendFile, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { OpenedTrace } from "../../src/reader/openedTrace";
import { ScannedSource } from "../../src/reader/scannedSource";
import { TailedSource, type TailedSourceOptions } from "../../src/reader/tailedSource";
import { encodeTrace } from "../../src/recorder/traceText";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { loadSession } from "../../src/store/loadSession";
import type { Liveness } from "../../src/trace/evidence";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { encodeCrashNote } from "../../src/trace/marker";
import { traceFileNames } from "../../src/trace/safeId";
import { CountingAccess } from "../store/support";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { traceText } from "../trace/arbitrarySpans";
import { baseMs, beginTool, concat, type JournalSetup, journalOf, linesOf, root } from "../trace/journalLines";
import { Follower, record, work } from "./followedFolder";

const owned: { dispose(): void }[] = [];
const folders: TempDir[] = [];
afterEach(async () => {
  for (const source of owned.splice(0)) source.dispose();
  for (const folder of folders.splice(0)) await folder.remove();
});

async function makeFolder(): Promise<TempDir> {
  const folder = await makeTempDir();
  folders.push(folder);
  return folder;
}

function follow(folder: TempDir, options: Partial<TailedSourceOptions> = {}, liveness?: Liveness): Follower {
  const follower = new Follower(folder.join("S.json"), options, liveness);
  owned.push(follower.source);
  return follower;
}

const nameOf = (incarnation: number) => traceFileNames.journal("S", incarnation);
const steps: JournalRecord[] = [root, beginTool("a"), { t: "end", id: "a" }, beginTool("b")];
const end: JournalRecord = { t: "end", id: "b", set: { output: "done" } };

/** A folder with a journal of these records. */
async function journalFolder(records: readonly JournalRecord[] = steps, setup?: JournalSetup): Promise<TempDir> {
  const folder = await makeFolder();
  await folder.write(nameOf(setup?.incarnation ?? 1), journalOf(records, setup));
  return folder;
}

/** The lines of records that come after `steps`. */
function linesAfter(...records: readonly JournalRecord[]): Uint8Array {
  return concat(linesOf([...steps, ...records]).slice(steps.length + 1));
}

describe("a session that is followed while our recorder writes it", () => {
  it("is at every moment what reading its files says, and is read only once", async () => {
    const folder = await makeFolder();
    const recorder = record(folder);
    const follower = follow(folder);
    expect(await follower.readSame()).toBe("anew");
    for (let turn = 0; turn < 12; turn++) {
      work(recorder, turn);
      recorder.appendNow();
      expect(await follower.readSame()).toBe("grown");
      if (turn % 4 !== 3) continue;
      // `S.json` is replaced by one that holds all of it.
      await recorder.flush();
      expect(await follower.readSame()).toBe("grown");
    }
    await recorder.finish({ status: "completed" });
    await follower.readSame();
    expect(follower.state.status).toBe("completed");
  });

  it("goes on when the session is taken up again, and is then what both incarnations say", async () => {
    const folder = await makeFolder();
    const first = record(folder);
    work(first, 0);
    first.crash("SIGTERM");
    const follower = follow(folder);
    await follower.readSame();
    expect(follower.state.status).toBe("crashed");
    const second = record(folder);
    work(second, 1);
    // Its first snapshot takes the place of the first recorder's.
    await second.flush();
    expect(await follower.readSame()).toBe("anew");
    work(second, 2);
    second.appendNow();
    expect(await follower.readSame()).toBe("grown");
    expect(follower.state.status).toBe("running");
    await second.finish({ status: "error", error: "no" });
    await follower.readSame();
    expect(follower.state.status).toBe("failed");
  });

  it("reads of a session whose process is gone what the journal holds, without a snapshot", async () => {
    const folder = await makeFolder();
    const recorder = record(folder);
    for (let turn = 0; turn < 5; turn++) work(recorder, turn);
    recorder.appendNow();
    recorder.stopSnapshots();
    await rm(folder.join("S.json"), { force: true });
    const follower = follow(folder, {}, "gone");
    await follower.readSame();
    expect(follower.state.status).toBe("crashed");
    expect(follower.reading.spans.count).toBe(16);
    recorder.crash("end of the test");
  });
});

describe("a journal that is followed", () => {
  it("waits for the rest of a line", async () => {
    const folder = await journalFolder();
    const follower = follow(folder);
    await follower.readSame(baseMs);
    const bytes = linesAfter(end);
    for (const part of [bytes.subarray(0, 20), bytes.subarray(20, -1), bytes.subarray(-1)]) {
      await appendFile(folder.join(nameOf(1)), part);
      expect(await follower.readSame(baseMs)).toBe("grown");
    }
    expect(follower.reading.spans.spanAt(2)).toMatchObject({ output: "done" });
  });

  it("is read again where it was cut, replaced or written anew in place", async () => {
    const folder = await journalFolder();
    const path = folder.join(nameOf(1));
    const follower = follow(folder);
    await follower.readSame(baseMs);
    const { length } = await readFile(path);

    await truncate(path, length - 30);
    expect(await follower.readSame(baseMs)).toBe("anew");

    await folder.write("other", journalOf([root, beginTool("x"), beginTool("y"), beginTool("z"), end]));
    await rename(folder.join("other"), path);
    expect(await follower.readSame(baseMs)).toBe("anew");
    expect(follower.reading.spans.idOf(1)).toBe("x");

    // Longer, and with other bytes where the last ones were.
    const longer = journalOf([root, beginTool("p"), beginTool("q"), beginTool("r"), beginTool("s"), beginTool("t")]);
    await writeFile(path, longer);
    expect(await follower.readSame(baseMs)).toBe("anew");
    expect(follower.reading.spans.idOf(1)).toBe("p");
  });

  it("is read again where a record comes late, a line goes on that had been whole, or an older journal grows", async () => {
    const folder = await journalFolder();
    const path = folder.join(nameOf(1));
    const follower = follow(folder);
    await follower.readSame(baseMs);
    const [later, between] = [beginTool("d"), beginTool("c")].map((record, index) =>
      concat(linesOf([record], { firstSeq: index === 0 ? 7 : 6 }).slice(1)),
    );
    await appendFile(path, later ?? "");
    expect(await follower.readSame(baseMs)).toBe("grown");
    await appendFile(path, between ?? "");
    expect(await follower.readSame(baseMs)).toBe("anew");
    expect(follower.reading.spans.idOf(3)).toBe("c");
    const last = concat(linesOf([beginTool("e")], { firstSeq: 8 }).slice(1));
    await appendFile(path, last.subarray(0, -1));
    expect(await follower.readSame(baseMs)).toBe("grown");
    expect(follower.reading.spans.idOf(5)).toBe("e");
    await appendFile(path, "more\n");
    expect(await follower.readSame(baseMs)).toBe("anew");

    await folder.write(nameOf(2), journalOf([beginTool("n")], { instance: "bbbb-2", incarnation: 2 }));
    expect(await follower.readSame(baseMs)).toBe("anew");
    await appendFile(path, concat(linesOf([beginTool("o")], { firstSeq: 9 }).slice(1)));
    expect(await follower.readSame(baseMs)).toBe("anew");
  });

  it("loses nothing that comes while it is read, and reads it with the next look", async () => {
    const folder = await journalFolder();
    const path = folder.join(nameOf(1));
    let stats = 0;
    const access = {
      ...nodeFileAccess,
      stat: async (file: string) => {
        const stamp = await nodeFileAccess.stat(file);
        if (file === path && ++stats === 3) await appendFile(path, linesAfter(end));
        return stamp;
      },
    };
    const follower = follow(folder, { access });
    await follower.read();
    await follower.read();
    while (stats < 3) await follower.read();
    expect(await follower.readSame(baseMs)).toBe("grown");
    expect(follower.reading.spans.spanAt(2)).toMatchObject({ output: "done" });
  });

  it("says what markers say that come, and follows on", async () => {
    const folder = await journalFolder();
    const follower = follow(folder, {}, "unknown");
    await follower.readSame(baseMs);
    await folder.write("S.crash", encodeCrashNote({ incarnation: 1, timeMs: baseMs + 9, reason: "SIGKILL" }));
    expect(await follower.readSame(baseMs)).toBe("grown");
    expect(follower.state).toMatchObject({ status: "crashed", error: "SIGKILL" });
  });
});

describe("a snapshot beside a journal that is followed", () => {
  const writer = (seq: number) => ({ instance: "aaaa-1", incarnation: 1, seq, offsetBytes: 1 });
  const own = (spans: readonly object[], seq: number) =>
    `${traceText([])
      .replace('"spans":[]', `"spans":[\n${spans.map((span) => JSON.stringify(span)).join(",\n")}\n]`)
      .slice(0, -1)},"writer":${JSON.stringify(writer(seq))}}\n`;
  const rootSpan = {
    spanId: "root",
    parentSpanId: null,
    name: "ses/1",
    kind: "session",
    startTime: baseMs + 1,
    status: "ok",
    input: "Do it",
  };

  it("is not read whole when the journal's writer made it", async () => {
    const folder = await journalFolder();
    const access = new CountingAccess();
    const follower = follow(folder, { access });
    await follower.readSame(baseMs);
    const spans = Array.from({ length: 600 }, (_, index) => ({
      ...rootSpan,
      spanId: `s${index}`,
      output: "x".repeat(1_000),
    }));
    await folder.write("S.json", own([rootSpan, ...spans], 1));
    access.reset();
    expect(await follower.read()).toBe("grown");
    expect(access.of(folder.join("S.json")).bytes).toBeLessThan(50_000);
    expect(follower.reading.session.header.writer).toEqual(writer(1));
    expect(follower.reading.session.evidence.recovered).toEqual({ records: steps.length - 1, lost: 0 });
  });

  it("is read when it says more than the journal does, or when another program wrote it", async () => {
    const folder = await journalFolder();
    const follower = follow(folder);
    await follower.readSame(baseMs);
    await folder.write("S.json", own([rootSpan, { ...rootSpan, spanId: "a", parentSpanId: "root" }], 9));
    expect(await follower.readSame(baseMs)).toBe("anew");
    await folder.write("foreign", traceText([rootSpan]));
    await rename(folder.join("foreign"), folder.join("S.json"));
    expect(await follower.readSame(baseMs)).toBe("anew");
    expect(follower.reading.problems.map(({ code }) => code)).toContain("instance-mismatch");
    await appendFile(folder.join(nameOf(1)), linesAfter(end));
    expect(await follower.readSame(baseMs)).toBe("grown");
    await rm(folder.join("S.json"));
    expect(await follower.readSame(baseMs)).toBe("anew");
  });

  it("is what the records are added to, sound or damaged", async () => {
    const sound = own([rootSpan, { ...rootSpan, spanId: "only-here", parentSpanId: "root", kind: "tool" }], 1);
    for (const text of [sound, sound.slice(0, -40), `${sound.slice(0, 200)}\0\0${sound.slice(202)}`, ""]) {
      const folder = await journalFolder();
      await folder.write("S.json", text);
      const follower = follow(folder);
      await follower.readSame(baseMs);
      await appendFile(folder.join(nameOf(1)), linesAfter(end));
      expect(await follower.readSame(baseMs)).toBe("grown");
    }
  });

  describe("when it is long", () => {
    const children = Array.from({ length: 9_000 }, (_, index) => ({
      ...rootSpan,
      spanId: `child-${index}`,
      parentSpanId: index % 300 === 299 ? "nobody" : index % 3 === 0 ? "root" : `child-${index - 1}`,
      kind: index % 7 === 0 ? "generation" : "tool",
      name: `step ${index % 5}`,
      // Not in order of time.
      startTime: rootSpan.startTime + ((index * 7_919) % 10_007),
      status: index % 11 === 0 ? "error" : "ok",
      ...(index % 13 === 0 ? {} : { endTime: rootSpan.startTime + 20_000 + index }),
    }));
    const sound = own([rootSpan, ...children], 1);
    const middle = sound.length >> 1;

    it.each([
      ["sound", sound],
      ["hit in a step", `${sound.slice(0, middle)}\0\0${sound.slice(middle + 2)}`],
      ["hit at its beginning", `${sound.slice(0, 200)}\0\0${sound.slice(202)}`],
    ])("is taken in with pauses as it is in one go: %s", async (_, text) => {
      const folder = await journalFolder();
      await folder.write("S.json", text);
      const follower = follow(folder);
      await follower.readSame(baseMs);
      expect(follower.reading.spans.count).toBeGreaterThan(8_900);
      await appendFile(folder.join(nameOf(1)), linesAfter(end));
      expect(await follower.readSame(baseMs)).toBe("grown");
    });

    it("is given up where nobody waits for it any more", async () => {
      const folder = await journalFolder();
      await folder.write("S.json", sound.slice(0, -2_000));
      const source = new TailedSource({ key: folder.join("S.json"), access: nodeFileAccess, probe: () => "alive" });
      owned.push(source);
      const abort = new AbortController();
      const reading = source.read(abort.signal);
      abort.abort(new Error("closed"));
      await expect(reading).rejects.toThrow("closed");
    });
  });
});

describe("the files of a session that is followed", () => {
  it.each([false, true])(
    "are closed when nobody follows it any more, closed after each read: %s",
    async (closesAfterReads) => {
      const folder = await journalFolder();
      await folder.write("S.json", traceText([]));
      const access = new CountingAccess();
      const follower = follow(folder, { access, closesAfterReads });
      await follower.readSame(baseMs);
      await appendFile(folder.join(nameOf(1)), linesAfter(end));
      await follower.readSame(baseMs);
      for (let time = 0; time < 4; time++) {
        await truncate(folder.join(nameOf(1)), 700 - time);
        await follower.readSame(baseMs);
      }
      follower.source.dispose();
      const { opens, closes } = access.of(folder.join(nameOf(1)));
      expect(opens).toBeGreaterThan(0);
      await expect.poll(() => access.of(folder.join(nameOf(1))).closes).toBe(opens);
      expect(closes).toBeLessThanOrEqual(opens);
    },
  );

  it("may go while they are read: then the session is read as it is afterwards", async () => {
    const folder = await journalFolder();
    const follower = follow(folder);
    await follower.readSame(baseMs);
    await rm(folder.join(nameOf(1)));
    await folder.write("S.json", traceText([]));
    expect(await follower.readSame(baseMs)).toBe("anew");
    expect(follower.reading.spans.count).toBe(0);
  });

  it("can be read from although the journal was removed, where the system lets a file go on without a name", async () => {
    if (process.platform === "win32") return;
    const folder = await journalFolder([...steps, end]);
    const follower = follow(folder);
    await follower.readSame(baseMs);
    const { spans } = follower.reading;
    await rm(folder.join(nameOf(1)));
    expect(spans.spanAt(2)).toMatchObject({ output: "done" });
  });

  it("says that a span was replaced where its file can't be read any more", async () => {
    const folder = await journalFolder([...steps, end]);
    const follower = follow(folder, { closesAfterReads: true });
    await follower.read();
    const { spans } = follower.reading;
    await rm(folder.join(nameOf(1)));
    expect(() => spans.spanAt(2)).toThrow(expect.objectContaining({ name: "TraceReplacedError" }));
  });
});

describe("a panel of a session that ends", () => {
  it.each([9_990, 10_010])("keeps its rows and their texts, with %i of them when it was opened", async (count) => {
    const many = Array.from({ length: count - 2 }, (_, index): JournalRecord => {
      const times = { startTime: baseMs + index, endTime: baseMs + index + 1 };
      const span = {
        spanId: `t${index}`,
        parentSpanId: "root",
        name: "bash",
        kind: "tool",
        status: "ok",
        ...times,
      } as const;
      return { t: "span", span: { ...span, input: { command: `run ${index}` } } };
    });
    const folder = await journalFolder([root, ...many]);
    const path = folder.join(nameOf(1));
    const key = folder.join("S.json");
    const probe = () => "alive" as const;
    const options = { key, access: nodeFileAccess, probe };
    const source = new ScannedSource({ ...options, journaled: new TailedSource(options) });
    const trace = new OpenedTrace({ source, firstEpoch: 1, logger: silentLogger, now: () => baseMs, onNews() {} });
    owned.push(trace);
    await trace.update();
    const more: JournalRecord[] = [beginTool("last", { command: "pwd" }), ...many.slice(0, 20)].map((record, index) =>
      record.t === "span" ? { t: "span", span: { ...record.span, spanId: `more${index}` } } : record,
    );
    const times = { startTime: baseMs + count, endTime: baseMs + count + 1 };
    const silent = { spanId: "silent", parentSpanId: "root", name: "think", kind: "generation", status: "ok" } as const;
    more.push({ t: "span", span: { ...silent, ...times } });
    await appendFile(path, concat(linesOf(more, { firstSeq: count }).slice(1)));
    await trace.update();
    const followed = trace.picture;
    // A panel that asks for the texts of rows need not ask for those of one that is told to have none.
    const silentRow = followed?.spans.rowOf("silent") ?? -1;
    expect((followed?.columns.label[silentRow] ?? 0) > 0).toBe(count > 10_000);
    expect(followed?.columns.strings[followed.columns.label[silentRow] ?? 0]).toBe("");
    expect(followed).toMatchObject({ epoch: 1, revision: 2, hasTexts: count <= 10_000 });

    const ended: JournalRecord[] = [
      { t: "end", id: "last", set: { output: "/repo" } },
      { t: "end", id: "root" },
      { t: "finish", status: "completed" },
    ];
    await appendFile(path, concat(linesOf(ended, { firstSeq: count + more.length }).slice(1)));
    const { trace: whole } = await loadSession(key, probe);
    const writer = { instance: "aaaa-1", incarnation: 1, seq: count + more.length + 2, offsetBytes: 1 };
    await folder.write("S.json", concat([...encodeTrace(whole, writer)]));
    await rm(path);
    await trace.update();
    const { picture } = trace;
    expect(picture).toMatchObject({ epoch: 1, hasTexts: count <= 10_000, state: { status: "completed" } });
    const changed = trace.changes(2, picture?.revision ?? 0)?.changedRows ?? [];
    expect([...changed].map((row) => picture?.spans.idOf(row))).toEqual(["root", "last"]);
    const labelOf = (row: number) => picture?.columns.strings[picture.columns.label[row] ?? 0];
    expect(labelOf(changed[1] ?? 0)).toBe("pwd");
    expect(labelOf((changed[1] ?? 0) + 1)).toBe("run 0");
    expect((picture?.columns.label[silentRow] ?? 0) > 0).toBe(count > 10_000);
    expect(labelOf(1)).toBe(count <= 10_000 ? "run 0" : "");
  });
});
