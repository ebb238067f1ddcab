import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Machine } from "../../src/recorder/liveness";
import { nodeFs } from "../../src/recorder/recorderFs";
import { recoverSession, type SessionRecovery } from "../../src/recorder/recoverSession";
import { encodeCrashNote, parseCrashMarker } from "../../src/trace/marker";
import { parseTraceFileName } from "../../src/trace/safeId";
import type { TraceFile } from "../../src/trace/schema";
import { faultyFs } from "../faults/faultyFs";
import { makeTempDir } from "../support/tempDir";
import { concat } from "../trace/journalLines";
import {
  baseMs,
  begin,
  contents,
  crash,
  end,
  type Files,
  finish,
  journal,
  journalLines,
  lay,
  liveMarker,
  load,
  machineWith,
  names,
  render,
  rootSpan,
  snapshot,
  text,
  toolSpan,
  work,
  writerOf,
} from "./recoveryFiles";

const gone = machineWith();
const one = journal(work);
const killed = { "S.1.journal.ndjson": one, "S.live": liveMarker(1) };

async function recovered(
  files: Files,
  machine: Machine = gone,
  options: { foldUnknown?: boolean } = {},
): Promise<{ result: SessionRecovery; files: string[]; seen: string; trace: TraceFile | undefined }> {
  await using folder = await makeTempDir();
  await lay(folder.path, files);
  const result = await recoverSession(folder.path, "S", { machine, ...options });
  const after = await contents(folder.path);
  const again = await recoverSession(folder.path, "S", { machine, ...options });
  expect(await contents(folder.path), "a second recovery changes nothing").toEqual(after);
  const isAtRest = ["live", "unknown", "newer-version", "failed"].includes(result.action);
  expect(again.action).toBe(isAtRest ? result.action : "nothing");
  const left = await names(folder.path);
  const json = after["S.json"];
  return { result, files: left, seen: await render(folder.path), trace: json ? JSON.parse(json) : undefined };
}

describe("a session whose writer is gone", () => {
  it("is folded as crashed when it was killed, and what was open stays open", async () => {
    const { result, files, seen, trace } = await recovered(killed);
    expect(files).toEqual(["S.crash", "S.json"]);
    expect(seen).toBe('crashed (killed) | ses/1… bash…"said" bash!');
    expect(result).toMatchObject({
      safeId: "S",
      sessionId: "ses/1",
      action: "folded",
      state: "crashed",
      recoveredRecords: 5,
      lostRecords: 0,
      problems: [],
      keptFiles: [],
    });
    expect(result.error).toBeUndefined();
    expect(trace).toMatchObject({
      sessionId: "S",
      traceId: "trace-1",
      endedAt: new Date(baseMs + 5).toISOString(),
      metadata: { title: "T" },
      // The call that failed, and the one in progress.
      summary: { status: "crashed", error: "killed", failures: 2, openSpans: 2, totalToolCalls: 2 },
      writer: { ...writerOf(1), incarnation: 1, seq: 5, offsetBytes: one.length, rawSessionId: "ses/1" },
    });
    expect(trace?.writer).not.toHaveProperty("earlier");
    expect(trace?.spans[0]?.events).toEqual([
      { name: "tracekeeper.crash", timeMs: baseMs + 5, attributes: { reason: "killed", incarnation: 1 } },
    ]);
  });

  it("leaves a marker that names incarnation, time, reason and the length that was read", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, killed);
    await recoverSession(folder.path, "S", { machine: gone });
    const marker = await readFile(folder.join("S.crash"), "utf8");
    expect(marker.startsWith(new TextDecoder().decode(killed["S.live"]))).toBe(true);
    expect(parseCrashMarker(Buffer.from(marker))).toEqual({
      incarnation: 1,
      timeMs: baseMs + 5,
      reason: "killed",
      journalBytes: one.length,
    });
  });

  it("makes the marker anew where S.live is missing", async () => {
    const { files, seen } = await recovered({ "S.1.journal.ndjson": one });
    expect(files).toEqual(["S.crash", "S.json"]);
    expect(seen).toBe('crashed (killed) | ses/1… bash…"said" bash!');
  });

  it.each<[string, Files, string, SessionRecovery["state"]]>([
    ["completed", { "S.1.journal.ndjson": journal([...work, end("root"), finish()]) }, "completed", "completed"],
    ["failed", { "S.1.journal.ndjson": journal([...work, finish("error")]) }, "failed", "error"],
  ])("that ended is folded as %s without a marker", async (_, files, status, state) => {
    const { result, files: left, seen } = await recovered({ ...files, "S.live": liveMarker(1) });
    expect(left).toEqual(["S.json"]);
    expect(seen).toMatch(new RegExp(`^${status} \\| `));
    expect(result).toMatchObject({ action: "folded", state });
  });

  it("that said it crashed is marked with its own words", async () => {
    const files = { ...killed, "S.1.journal.ndjson": journal([...work, crash("SIGTERM"), finish()]) };
    const { files: left, seen, trace } = await recovered(files);
    expect(left).toEqual(["S.crash", "S.json"]);
    expect(seen).toBe('crashed (SIGTERM) | ses/1… bash…"said" bash!');
    expect(trace).toMatchObject({ summary: { status: "crashed", error: "SIGTERM" } });
    expect(trace?.spans[0]?.events).toHaveLength(1);
  });

  it("keeps the marker that its writer made, and what it says", async () => {
    const marker = concat([liveMarker(1), encodeCrashNote({ timeMs: baseMs + 9, reason: "uncaught" })]);
    await using folder = await makeTempDir();
    await lay(folder.path, { "S.1.journal.ndjson": one, "S.crash": marker });
    await recoverSession(folder.path, "S", { machine: gone });
    expect(await readFile(folder.join("S.crash"))).toEqual(Buffer.from(marker));
    expect(await render(folder.path)).toBe('crashed (uncaught) | ses/1… bash…"said" bash!');
    const { trace } = await load(folder.path);
    expect(trace).toMatchObject({ endedAt: new Date(baseMs + 9).toISOString(), summary: { error: "uncaught" } });
  });

  it("holds with a marker that is torn, and invents no reason", async () => {
    const { files, seen, trace } = await recovered({ "S.1.journal.ndjson": one, "S.crash": '{"incarn' });
    expect(files).toEqual(["S.crash", "S.json"]);
    expect(seen).toBe('crashed | ses/1… bash…"said" bash!');
    expect(trace?.summary).not.toHaveProperty("error");
  });

  it("is removed with a report when nothing was recorded", async () => {
    for (const files of [
      { "S.1.journal.ndjson": journal([]), "S.live": liveMarker(1) },
      { "S.1.journal.ndjson": journal([]) },
      { "S.live": liveMarker(1) },
      { "S.1.journal.ndjson": "", "S.live": liveMarker(1) },
      { "S.1.journal.ndjson": journal([]).subarray(0, 40), "S.live": liveMarker(1) },
      {
        "S.1.journal.ndjson": journal([]),
        "S.live": liveMarker(1),
        "S.json": snapshot([], { seq: 0, offsetBytes: 1 }),
      },
    ]) {
      const { result, files: left } = await recovered(files);
      expect(left).toEqual([]);
      expect(result).toMatchObject({ action: "removed-empty", sessionId: "ses/1" });
      expect(result.state).toBeUndefined();
    }
  });

  it("keeps older data when the newest incarnation recorded nothing", async () => {
    const ended = snapshot([rootSpan({ endTime: baseMs + 9 })], { seq: 9 }, { summary: { status: "completed" } });
    const continues = { instance: writerOf(1).instance, incarnation: 1 };
    for (const files of [
      { "S.json": ended, "S.2.journal.ndjson": journal([], { incarnation: 2, continues }), "S.live": liveMarker(2) },
      { "S.json": ended, "S.live": liveMarker(2) },
    ]) {
      const { result, files: left, seen, trace } = await recovered(files);
      expect(left).toEqual(["S.crash", "S.json"]);
      expect(seen).toBe("crashed (killed) | ses/1");
      expect(result).toMatchObject({ action: "folded", state: "crashed" });
      expect(trace?.writer).toMatchObject({ instance: writerOf(2).instance, incarnation: 2, seq: 0 });
    }
  });

  it("that has ended and was folded is not touched, whatever its marker", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, { "S.json": snapshot([rootSpan()], undefined), "S.crash": "" });
    const fs = faultyFs(nodeFs);
    const result = await recoverSession(folder.path, "S", { fs, machine: gone });
    expect(result.action).toBe("nothing");
    expect(fs.calls.map(({ name }) => name)).toEqual(["list"]);
  });

  it("does not lose what the snapshot alone holds, nor repeat it", async () => {
    const held = [rootSpan(), toolSpan("a", { output: "sa" }), toolSpan("b")];
    const journals = journal([...work.slice(0, 2), text("a", "sa"), begin(toolSpan("b")), text("a", "id")]);
    const { seen, trace } = await recovered({
      "S.1.journal.ndjson": journals,
      "S.live": liveMarker(1),
      "S.json": snapshot(held, { seq: 4 }, { kept: { unknown: [1] }, metadata: { title: "newer", own: true } }),
    });
    expect(seen).toBe('crashed (killed) | ses/1… bash…"said" bash…');
    expect(trace).toMatchObject({
      kept: { unknown: [1] },
      metadata: { title: "newer", own: true },
      writer: { seq: 5 },
    });
  });
});

describe("a writer", () => {
  const rebooted = { bootId: "boot-2" };
  const answersEperm = machineWith({}, { process: () => ({ type: "present", isZombie: false, start: undefined }) });
  it.each<[string, Machine, SessionRecovery["action"]]>([
    ["that is alive", machineWith({ 1: "alive" }), "live"],
    ["of another user, of whom EPERM tells that it is there", answersEperm, "live"],
    ["whose pid another process has", machineWith({ 1: "reused" }), "folded"],
    [
      "that is a zombie",
      machineWith({}, { process: () => ({ type: "present", isZombie: true, start: "start-1" }) }),
      "folded",
    ],
    ["of this host before it was booted", machineWith({ 1: "alive" }, rebooted), "folded"],
    ["in another container", machineWith({}, { pidNamespace: "pid:[2]" }), "unknown"],
    [
      "in another container of a host that was booted",
      machineWith({}, { pidNamespace: "pid:[2]", ...rebooted }),
      "unknown",
    ],
    ["on another host", machineWith({}, { host: "other" }), "unknown"],
    ["of whom the system tells nothing", machineWith({ 1: "elsewhere" }), "unknown"],
  ])("%s: %s", async (_, machine, action) => {
    await using folder = await makeTempDir();
    await lay(folder.path, killed);
    const before = await contents(folder.path);
    const result = await recoverSession(folder.path, "S", { machine });
    expect(result.action).toBe(action);
    if (action !== "folded") expect(await contents(folder.path)).toEqual(before);
  });

  const elsewhere = machineWith({}, { pidNamespace: "pid:[2]" });

  it("of whom nothing is known is folded on a person's word, and its journal stays", async () => {
    const { result, files, seen } = await recovered(killed, elsewhere, { foldUnknown: true });
    expect(result).toMatchObject({ action: "folded", state: "crashed" });
    expect(files).toEqual(["S.1.journal.ndjson", "S.crash", "S.json"]);
    expect(seen).toBe('crashed (killed) | ses/1… bash…"said" bash!');
  });

  it("that was there all the same voids the marker, and its end is the session's", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, killed);
    await recoverSession(folder.path, "S", { machine: elsewhere, foldUnknown: true });
    const more = journalLines([...work, text("a", " more"), end("root"), finish()]).slice(6);
    await appendFile(folder.join("S.1.journal.ndjson"), more[0] ?? "");
    expect(await render(folder.path, "S", "alive")).toBe('running | ses/1… bash…"said more" bash!');
    expect((await recoverSession(folder.path, "S", { machine: elsewhere })).action).toBe("unknown");
    for (const line of more.slice(1)) await appendFile(folder.join("S.1.journal.ndjson"), line);
    expect(await render(folder.path, "S", "alive")).toBe('completed | ses/1 bash…"said more" bash!');
    expect(await recoverSession(folder.path, "S", { machine: gone })).toMatchObject({ state: "completed" });
    expect(await names(folder.path)).toEqual(["S.crash", "S.json"]);
    expect(await render(folder.path)).toBe('completed | ses/1 bash…"said more" bash!');
  });

  it("that was there and is killed later crashes again", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, killed);
    await recoverSession(folder.path, "S", { machine: elsewhere, foldUnknown: true });
    await appendFile(folder.join("S.1.journal.ndjson"), journalLines([...work, text("a", "!")])[6] ?? "");
    const result = await recoverSession(folder.path, "S", { machine: gone });
    expect(result).toMatchObject({ action: "folded", state: "crashed", recoveredRecords: 1 });
    expect(await names(folder.path)).toEqual(["S.crash", "S.json"]);
    expect(await render(folder.path)).toBe('crashed (killed) | ses/1… bash…"said!" bash!');
  });

  it("is known by S.live, the snapshot or the marker where the journal's header is lost", async () => {
    const headless = { "S.1.journal.ndjson": concat(journalLines(work).slice(1)) };
    const marker = concat([liveMarker(1), encodeCrashNote({ timeMs: baseMs, reason: "r" })]);
    for (const extra of [
      { "S.live": liveMarker(1) },
      { "S.crash": marker },
      { "S.json": snapshot([rootSpan()], { seq: 1 }) },
    ]) {
      const { result, trace } = await recovered({ ...headless, ...extra });
      expect(result).toMatchObject({ action: "folded", state: "crashed" });
      expect(trace?.writer).toMatchObject({ instance: writerOf(1).instance, seq: 5 });
    }
    for (const extra of [{}, { "S.live": liveMarker(2, 1) }, { "S.live": '{"inst' }]) {
      expect((await recovered({ ...headless, ...extra })).result.action).toBe("unknown");
    }
  });

  it("whose S.live is torn is the one that the newest journal names", async () => {
    const { files } = await recovered({ "S.1.journal.ndjson": journal([...work, finish()]), "S.live": '{"inst' });
    expect(files).toEqual(["S.json"]);
  });

  it("of a newer incarnation that is alive keeps everything as it is", async () => {
    const files = { ...killed, "S.live": liveMarker(2) };
    expect((await recovered(files, machineWith({ 2: "alive" }))).result.action).toBe("live");
    const begun = { ...killed, "S.2.journal.ndjson": journal([], { incarnation: 2 }) };
    expect((await recovered(begun, machineWith({ 2: "alive" }))).result.action).toBe("live");
  });
});

describe("several incarnations", () => {
  const again = [begin(rootSpan()), begin(toolSpan("c"))];
  const continues = { instance: writerOf(1).instance, incarnation: 1 };
  const two = (records = again) => journal(records, { incarnation: 2, continues });
  const both = { "S.1.journal.ndjson": one, "S.2.journal.ndjson": two(), "S.live": liveMarker(2) };

  it("are folded together, and the crash of the older one stays in sight", async () => {
    const { result, files, seen, trace } = await recovered(both);
    expect(files).toEqual(["S.crash", "S.json"]);
    expect(seen).toBe('crashed (killed) | ses/1… bash…"said" bash! bash…');
    expect(result.recoveredRecords).toBe(7);
    expect(trace?.spans[0]?.events?.map(({ name, attributes }) => [name, attributes?.["incarnation"]])).toEqual([
      ["tracekeeper.crash", 1],
      ["tracekeeper.crash", 2],
    ]);
    expect(trace?.writer).toMatchObject({
      ...writerOf(2),
      incarnation: 2,
      seq: 2,
      earlier: [{ instance: writerOf(1).instance, incarnation: 1, seq: 5 }],
    });
  });

  it.each(["alive", "elsewhere"] as const)("keep all their journals while an older writer is %s", async (fate) => {
    await using folder = await makeTempDir();
    const ended = [...again, end("c"), end("root"), finish()];
    await lay(folder.path, { ...both, "S.2.journal.ndjson": two(ended) });
    const machine = machineWith({ 1: fate });
    const result = await recoverSession(folder.path, "S", { machine });
    expect(result).toMatchObject({ action: "folded", state: "completed" });
    expect(await names(folder.path)).toEqual(["S.1.journal.ndjson", "S.2.journal.ndjson", "S.json", "S.live"]);
    // The older writer goes on, and its rename that comes late puts its old trace in place of the new one.
    await appendFile(
      folder.join("S.1.journal.ndjson"),
      journalLines([...work, text("a", " late"), end("root")])[6] ?? "",
    );
    expect(await render(folder.path)).toBe('completed | ses/1 bash…"said late" bash! bash');
    await lay(folder.path, { "S.json": snapshot([rootSpan()], { seq: 1 }) });
    expect(await render(folder.path)).toBe('completed | ses/1 bash…"said late" bash! bash');
    expect((await recoverSession(folder.path, "S", { machine })).action).toBe("folded");
    expect((await recoverSession(folder.path, "S", { machine: gone })).action).toBe("cleaned");
    expect(await names(folder.path)).toEqual(["S.json"]);
    expect(await render(folder.path)).toBe('completed | ses/1 bash…"said late" bash! bash');
  });

  it("take in what an older writer logged after the newest had ended", async () => {
    const earlier = [{ instance: writerOf(1).instance, incarnation: 1, seq: 2 }];
    const { result, files, seen, trace } = await recovered({
      "S.1.journal.ndjson": one,
      "S.json": snapshot(
        [rootSpan({ endTime: baseMs + 9 }), toolSpan("a")],
        { incarnation: 2, seq: 9, earlier },
        {
          summary: { status: "completed", narrative: "Done" },
          endedAt: new Date(baseMs + 9).toISOString(),
        },
      ),
    });
    expect(result).toMatchObject({ action: "folded", state: "completed", recoveredRecords: 3 });
    expect(files).toEqual(["S.json"]);
    expect(seen).toBe('completed | ses/1 bash…"said" bash!');
    expect(trace).toMatchObject({
      endedAt: new Date(baseMs + 9).toISOString(),
      summary: { status: "completed", narrative: "Done", failures: 1 },
      writer: { incarnation: 2, seq: 9, earlier: [{ seq: 5 }] },
    });
  });

  it("keep the journal of an older one of which nobody knows what the snapshot holds", async () => {
    const { result, files, seen } = await recovered({
      "S.1.journal.ndjson": one,
      "S.json": snapshot(
        [rootSpan({ endTime: baseMs + 9 })],
        { incarnation: 2, seq: 9 },
        {
          summary: { status: "completed" },
        },
      ),
    });
    expect(result).toMatchObject({ action: "cleaned", keptFiles: ["S.1.journal.ndjson.unmerged"] });
    expect(files).toEqual(["S.1.journal.ndjson.unmerged", "S.json"]);
    expect(seen).toBe("completed | ses/1");
  });

  it("let the marker of an older one tell of its crash before the newest's takes its place", async () => {
    const marker = concat([liveMarker(1), encodeCrashNote({ timeMs: baseMs + 4, reason: "SIGHUP" })]);
    const crashed = snapshot([rootSpan(), toolSpan("a")], { seq: 5 }, { summary: { status: "crashed" } });
    const { files, seen, trace } = await recovered({
      "S.crash": marker,
      "S.json": crashed,
      "S.2.journal.ndjson": two(),
      "S.live": liveMarker(2),
    });
    expect(files).toEqual(["S.crash", "S.json"]);
    expect(seen).toBe("crashed (killed) | ses/1… bash… bash…");
    expect(trace?.spans[0]?.events?.map(({ attributes }) => attributes)).toEqual([
      { reason: "SIGHUP", incarnation: 1 },
      { reason: "killed", incarnation: 2 },
    ]);
  });

  it("of one writer, after a failed sync, are one run", async () => {
    const next = { by: 1, incarnation: 2, continues };
    const second = [{ ...text("a", "said"), o: 3 }, text("a", "."), end("root"), finish()];
    const { result, seen, files } = await recovered({
      "S.1.journal.ndjson": one,
      "S.2.journal.ndjson": journal(second, next),
      "S.live": liveMarker(1, 2),
    });
    expect(result).toMatchObject({ action: "folded", state: "completed" });
    expect(seen).toBe('completed | ses/1 bash…"said." bash!');
    expect(files).toEqual(["S.json"]);
  });
});

describe("damage", () => {
  const lines = journalLines(work);
  const kept = "S.1.journal.ndjson.damaged";

  it.each<[string, Uint8Array, number, string, string]>([
    ["a lost record", concat([...lines.slice(0, 3), ...lines.slice(4)]), 1, "bash…", "journal-gap"],
    [
      "a flipped byte",
      concat([...lines.slice(0, 3), "X", (lines[3] ?? new Uint8Array()).subarray(1), ...lines.slice(4)]),
      1,
      "bash…",
      "journal-record",
    ],
    [
      "a torn end",
      concat([...lines.slice(0, 5), (lines[5] ?? new Uint8Array()).subarray(0, 30)]),
      1,
      'bash…"said"',
      "truncated",
    ],
  ])("%s: what is sound is folded, and the journal's bytes are kept", async (_, bytes, lost, tool, code) => {
    const { result, files, seen } = await recovered({ "S.1.journal.ndjson": bytes, "S.live": liveMarker(1) });
    expect(files).toEqual([kept, "S.crash", "S.json"]);
    expect(parseTraceFileName(kept).type).toBe("other");
    expect(seen).toContain(`ses/1… ${tool} bash`);
    expect(result).toMatchObject({ action: "folded", lostRecords: lost, keptFiles: [kept] });
    const problem = result.problems.find((one) => one.code === code);
    expect(problem).toMatchObject({ file: "S.1.journal.ndjson", offsetBytes: expect.any(Number) });
  });

  it("keeps every damaged journal, also where one of that name was kept before", async () => {
    await using folder = await makeTempDir();
    const bytes = concat([...lines.slice(0, 3), ...lines.slice(4)]);
    await lay(folder.path, { "S.1.journal.ndjson": bytes, [kept]: "other", [`${kept}.2`]: "more" });
    const result = await recoverSession(folder.path, "S", { machine: gone });
    expect(result.keptFiles).toEqual([`${kept}.3`]);
    expect(await readFile(folder.join(`${kept}.3`))).toEqual(Buffer.from(bytes));
    expect(await readFile(folder.join(kept), "utf8")).toBe("other");
  });

  it("of the snapshot: what is left of it goes into the new one, and its bytes are kept", async () => {
    const whole = snapshot([rootSpan(), toolSpan("only-here"), toolSpan("cut")], { seq: 5 });
    const cut = whole.subarray(0, whole.length - 300);
    const { result, files, trace } = await recovered({ ...killed, "S.json": cut });
    expect(files).toEqual(["S.crash", "S.json", "S.json.replaced"].map((name) => name.replace("replaced", "damaged")));
    expect(result.keptFiles).toEqual(["S.json.damaged"]);
    expect(trace?.spans.map(({ spanId }) => spanId)).toEqual(expect.arrayContaining(["root", "a", "b"]));
  });

  it("of a snapshot that is empty keeps nothing of it", async () => {
    expect((await recovered({ ...killed, "S.json": "" })).files).toEqual(["S.crash", "S.json"]);
  });

  it("leaves a journal of a newer version alone and says so", async () => {
    const newer = { "S.1.journal.ndjson": journal(work, { version: 2 }), "S.live": liveMarker(1) };
    const { result, files } = await recovered(newer);
    expect(files).toEqual(["S.1.journal.ndjson", "S.live"]);
    expect(result).toMatchObject({ action: "newer-version", problems: [{ code: "newer-version" }] });
    expect(
      (await recovered({ ...killed, "S.2.journal.ndjson": journal([], { incarnation: 2, version: 9 }) })).result.action,
    ).toBe("newer-version");
  });

  it("of a span of which only the end was found does not make the trace unsound", async () => {
    const { seen, trace, result } = await recovered({
      "S.1.journal.ndjson": journal([begin(rootSpan()), end("x", { output: "o" })]),
    });
    expect(seen).toBe('crashed (killed) | ses/1… (its beginning is lost)"o"');
    expect(trace?.spans[1]).not.toHaveProperty("startTime");
    expect(result.action).toBe("folded");
  });
});

describe("a trace that another program puts in place of S.json", () => {
  const foreign = (spans = [rootSpan({ endTime: baseMs + 9 })]) =>
    snapshot(spans, undefined, { summary: { status: "completed" } });

  it.each<[string, Files]>([
    ["before a crash is recovered", { ...killed, "S.1.journal.ndjson": journal([...work, crash()]) }],
    ["after the crash was marked", { "S.1.journal.ndjson": one, "S.crash": liveMarker(1) }],
  ])("%s: the data of the journal is kept", async (_, files) => {
    const { files: left, seen } = await recovered({ ...files, "S.json": foreign() });
    expect(left).toEqual(["S.crash", "S.json"]);
    expect(seen).toMatch(/^crashed.* \| ses\/1… bash…"said" bash!$/);
  });

  it("is kept as well when it holds what the journal does not", async () => {
    const bytes = foreign([rootSpan(), toolSpan("theirs")]);
    const { files, result, seen } = await recovered({ ...killed, "S.json": bytes });
    expect(files).toEqual(["S.crash", "S.json", "S.json.replaced"]);
    expect(result.keptFiles).toEqual(["S.json.replaced"]);
    expect(seen).toBe('crashed (killed) | ses/1… bash…"said" bash!');
  });
});

describe("files that can't be read", () => {
  it.each(["S.1.journal.ndjson", "S.json", "S.live"])("%s: nothing is done, and the report says why", async (name) => {
    await using folder = await makeTempDir();
    await lay(folder.path, { ...killed, "S.json": snapshot([rootSpan()], { seq: 1 }) });
    const before = await contents(folder.path);
    const fs = faultyFs(nodeFs, [{ on: { name: "open", path: new RegExp(`${join("/", name)}$`) }, error: "EACCES" }]);
    const result = await recoverSession(folder.path, "S", { fs, machine: gone });
    expect(fs.fired).toBe(1);
    expect(result).toMatchObject({ action: "failed", error: { message: `${name} can't be read: EACCES` } });
    expect(await contents(folder.path)).toEqual(before);
  });

  it("a crash marker counts although it can't be read", async () => {
    await using folder = await makeTempDir();
    await lay(folder.path, { "S.1.journal.ndjson": journal([...work, finish()]), "S.crash": "x" });
    const fs = faultyFs(nodeFs, [{ on: { name: "open", path: /S\.crash$/ }, error: "EACCES" }]);
    const result = await recoverSession(folder.path, "S", { fs, machine: gone });
    expect(result).toMatchObject({ action: "folded", state: "crashed" });
    expect(await names(folder.path)).toEqual(["S.crash", "S.json"]);
  });
});
