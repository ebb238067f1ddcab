import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeState } from "../../src/trace/describeState";
import type { Liveness, WriterIdentity } from "../../src/trace/evidence";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { encodeCrashNote, encodeLiveMarker } from "../../src/trace/marker";
import { readSession } from "../../src/trace/readSession";
import { type TraceFile, type TraceSpan, traceFileSchema, type Writer } from "../../src/trace/schema";
import type { FileBytes, SessionFiles } from "../../src/trace/sessionFiles";
import { deriveState } from "../../src/trace/state";
import { baseMs, beginTool, concat, journalOf, linesOf, root } from "./journalLines";

const now = baseMs + 60_000;
const file = (name: string, bytes: Uint8Array | string, mtimeMs = baseMs + 100): FileBytes => ({
  name,
  bytes: concat([bytes]),
  mtimeMs,
});
const journalFile = (incarnation: number, bytes: Uint8Array) => file(`S.${incarnation}.journal.ndjson`, bytes);
const identity = (incarnation: number, instance = "aaaa-1") => encodeLiveMarker({ instance, incarnation, host: "box" });

const finished = (id: string): TraceSpan => ({
  spanId: id,
  parentSpanId: "root",
  name: id,
  kind: "tool",
  startTime: baseMs,
  endTime: baseMs + 1,
  status: "ok",
});
const openRoot: TraceSpan = {
  spanId: "root",
  parentSpanId: null,
  name: "ses/1",
  kind: "session",
  startTime: baseMs + 1,
  status: "ok",
};
const writerOf = (seq: number, fields: Partial<Writer> = {}): Writer => ({
  instance: "aaaa-1",
  incarnation: 1,
  seq,
  offsetBytes: 1,
  rawSessionId: "ses/1",
  ...fields,
});

function snapshotOf(spans: readonly TraceSpan[], fields: Partial<TraceFile> = {}): FileBytes {
  const trace = {
    version: 2,
    traceId: "trace-1",
    sessionId: "ses/1",
    startedAt: new Date(baseMs).toISOString(),
    metadata: { title: "From the snapshot" },
    spans,
    summary: { status: "running" },
    ...fields,
  };
  return file("S.json", JSON.stringify(trace, null, 2));
}

function load(files: Partial<SessionFiles>, liveness: Liveness = "unknown") {
  const asked: WriterIdentity[] = [];
  const session = readSession({ safeId: "S", journals: [], ...files }, (writer) => {
    asked.push(writer);
    return liveness;
  });
  const sound = traceFileSchema.safeParse(
    JSON.parse(JSON.stringify(session.trace, (_, value) => (Number.isNaN(value) ? 0 : value))),
  );
  expect(sound.error).toBeUndefined();
  return { ...session, asked };
}

/** `Crashed (killed) | root… bash | status running | instance-mismatch` */
function render(files: Partial<SessionFiles>, liveness?: Liveness): string {
  const { trace, evidence, problems } = load(files, liveness);
  const { label, detail } = describeState(deriveState(evidence, now), now);
  const spans = trace.spans.map(({ name, endTime }) => (endTime === undefined ? `${name}…` : name)).join(" ");
  const codes = problems.map(({ code }) => code).join(" ");
  return [
    `${label}${detail ? ` (${detail})` : ""}`,
    spans,
    `says ${trace.summary.status ?? "nothing"}`,
    ...(codes ? [codes] : []),
  ].join(" | ");
}

const work: JournalRecord[] = [root, beginTool("a"), { t: "end", id: "a" }, beginTool("b")];

describe("readSession", () => {
  it("gives a trace without spans where there is not a sound byte", () => {
    const { trace, sessionId, problems, evidence } = load({
      snapshot: file("S.json", ""),
      journals: [journalFile(1, new Uint8Array(100))],
      unreadable: [{ name: "S.crash", reason: "permission denied" }],
    });
    expect(trace).toMatchObject({ traceId: "S", sessionId: "S", spans: [], startedAt: "" });
    expect(sessionId).toBe("S");
    expect(problems.map(({ code, file: name }) => `${code} ${name ?? "S.json"}`)).toEqual([
      "unreadable S.crash",
      "empty-file S.json",
      "journal-record S.1.journal.ndjson",
      "nul-bytes S.1.journal.ndjson",
    ]);
    expect(evidence.hasSnapshot).toBe(false);
  });

  it.each([
    ["a crash marker", "S.crash", {}, "Crashed"],
    ["the journal of the snapshot", "S.1.journal.ndjson", {}, "Unknown"],
    ["a newer journal", "S.2.journal.ndjson", {}, "Unknown"],
    ["an older journal", "S.1.journal.ndjson", { incarnation: 2 }, "Completed"],
  ])("does not believe that a session completed against %s that can't be read", (_, name, writer, label) => {
    const snapshot = snapshotOf([{ ...openRoot, endTime: baseMs + 2 }], {
      summary: { status: "completed" },
      writer: writerOf(5, writer),
    });
    const { evidence } = load({ snapshot, unreadable: [{ name, reason: "permission denied" }] });
    expect(describeState(deriveState(evidence, now), now).label).toBe(label);
  });

  it("reads a snapshot alone as it is", () => {
    const only = snapshotOf([openRoot], { summary: { status: "completed", totalTokens: 7 } });
    expect(load({ snapshot: only }).trace).toEqual(JSON.parse(new TextDecoder().decode(only.bytes)));
    expect(render({ snapshot: only })).toBe("Running | ses/1… | says completed");
  });

  it("reads a journal alone, as a crash before the first snapshot leaves it", () => {
    const { trace, sessionId, evidence, asked } = load(
      { journals: [journalFile(1, journalOf(work, { metadata: { title: "T" } }))] },
      "gone",
    );
    expect(trace).toMatchObject({
      traceId: "trace-1",
      sessionId: "ses/1",
      startedAt: new Date(baseMs).toISOString(),
      metadata: { title: "T" },
      summary: { status: "running", totalToolCalls: 2, openSpans: 2 },
    });
    expect(trace).not.toHaveProperty("endedAt");
    expect(sessionId).toBe("ses/1");
    expect(asked).toMatchObject([{ instance: "aaaa-1", pid: 42 }]);
    expect(evidence.recovered).toEqual({ records: 4, lost: 0 });
    expect(describeState(deriveState(evidence, now), now)).toEqual({
      label: "Crashed",
      detail: "killed; recovered 4 records",
    });
  });

  it("adds to a snapshot the records that it lacks, and no others", () => {
    const journals = [
      journalFile(1, journalOf([...work, { t: "text", id: "b", text: "x" }, { t: "text", id: "b", text: "y" }])),
    ];
    const b: TraceSpan = {
      spanId: "b",
      parentSpanId: "root",
      name: "bash",
      kind: "tool",
      startTime: baseMs + 4,
      status: "ok",
      output: "x",
    };
    const snapshot = snapshotOf([openRoot, finished("a"), b], { writer: writerOf(5) });
    const { trace, evidence, problems } = load({ snapshot, journals }, "alive");
    expect(problems).toEqual([]);
    expect(trace.spans.map(({ spanId, output }) => [spanId, output])).toEqual([
      ["root", undefined],
      ["a", undefined],
      ["b", "xy"],
    ]);
    expect(trace.metadata.title).toBe("From the snapshot");
    expect(evidence.recovered).toEqual({ records: 1, lost: 0 });
  });

  it("counts as lost only what the snapshot lacks too", () => {
    const lines = linesOf(work);
    const damaged = concat([lines[0] ?? "", lines[1] ?? "", lines[4] ?? ""]);
    const held = {
      snapshot: snapshotOf([openRoot, finished("a")], { writer: writerOf(3) }),
      journals: [journalFile(1, damaged)],
    };
    expect(load(held).evidence).toMatchObject({ recovered: { records: 1, lost: 0 }, journal: { lostCount: 0 } });
    const lacking = { ...held, snapshot: snapshotOf([openRoot], { writer: writerOf(1) }) };
    expect(load(lacking).evidence).toMatchObject({ recovered: { records: 1, lost: 2 }, journal: { lostCount: 2 } });
  });

  it("takes a snapshot that is ahead of a journal which lost its tail", () => {
    const snapshot = snapshotOf([openRoot, finished("a")], { writer: writerOf(99) });
    expect(render({ snapshot, journals: [journalFile(1, journalOf([root]))] }, "gone")).toBe(
      "Crashed (killed) | ses/1… a | says running",
    );
  });

  it("knows a journal without its header by its records", () => {
    const [, ...records] = linesOf(work);
    const snapshot = snapshotOf([openRoot], { writer: writerOf(1) });
    expect(render({ snapshot, journals: [journalFile(1, concat(records))] })).toBe(
      "Running | ses/1… bash bash… | says running | journal-record",
    );
  });

  it.each<[string, Partial<TraceFile>]>([
    ["another writer", { writer: writerOf(2, { instance: "bbbb-2" }) }],
    ["nobody we know", {}],
  ])("makes the journal the trace when the snapshot is of %s", (_, fields) => {
    const snapshot = snapshotOf([openRoot, finished("foreign")], { ...fields, summary: { status: "completed" } });
    expect(render({ snapshot, journals: [journalFile(1, journalOf(work))] }, "alive")).toBe(
      "Running | ses/1… bash bash… | says running | instance-mismatch",
    );
  });

  it("reads everything from the journal when its snapshot is damaged, and keeps what only the snapshot has", () => {
    const whole = snapshotOf([openRoot, finished("only-here"), finished("cut")], { writer: writerOf(4) });
    const text = new TextDecoder().decode(whole.bytes).replace('"spans"', '"writerFirst": 1,\n  "spans"');
    const parts = text.split('"spanId": "cut"');
    const writer = `"writer": ${JSON.stringify(writerOf(4))},\n  `;
    const cut = file("S.json", (parts[0] ?? "").replace('"version"', `${writer}"version"`));
    const line = render({ snapshot: cut, journals: [journalFile(1, journalOf(work))] }, "gone");
    expect(line).toMatch(/^Crashed \(killed; recovered 4 records\) \| ses\/1… only-here .*bash bash… \| says running/);
  });

  describe("after a crash", () => {
    const crash: JournalRecord = { t: "crash", reason: "SIGTERM" };
    const marker = file("S.crash", concat([identity(1), encodeCrashNote({ timeMs: baseMs + 50, reason: "SIGTERM" })]));
    const foreign = snapshotOf([{ ...openRoot, endTime: baseMs + 9 }], {
      summary: { status: "completed" },
      endedAt: new Date(now).toISOString(),
    });

    it.each<[string, Partial<SessionFiles>, string]>([
      [
        "marker and journal",
        { crashMarker: marker, journals: [journalFile(1, journalOf([...work, crash]))] },
        "Crashed (recovered 5 records) | ses/1… bash bash… | says crashed",
      ],
      [
        "the journal's record alone",
        { journals: [journalFile(1, journalOf([...work, crash]))] },
        "Crashed (recovered 5 records) | ses/1… bash bash… | says crashed",
      ],
      [
        "the marker alone, before the record",
        { crashMarker: marker, journals: [journalFile(1, journalOf(work))] },
        "Crashed (recovered 4 records) | ses/1… bash bash… | says crashed",
      ],
      [
        "a torn marker",
        { crashMarker: file("S.crash", '{"incarn'), journals: [journalFile(1, journalOf(work))] },
        "Crashed (recovered 4 records) | ses/1… bash bash… | says crashed",
      ],
      [
        "an empty marker and a snapshot",
        { crashMarker: file("S.crash", ""), snapshot: foreign },
        "Crashed | ses/1 | says completed",
      ],
      [
        "a late foreign rename onto S.json",
        { crashMarker: marker, snapshot: foreign, journals: [journalFile(1, journalOf([...work, crash]))] },
        "Crashed (recovered 5 records) | ses/1… bash bash… | says crashed | instance-mismatch",
      ],
      [
        "a late foreign rename, the marker lost",
        { snapshot: foreign, journals: [journalFile(1, journalOf([...work, crash]))] },
        "Crashed (recovered 5 records) | ses/1… bash bash… | says crashed | instance-mismatch",
      ],
      [
        "a late foreign rename and a torn journal",
        { crashMarker: marker, snapshot: foreign, journals: [journalFile(1, journalOf(work).subarray(0, -9))] },
        "Crashed (recovered 3 records, 1 lost) | ses/1… bash | says crashed | truncated instance-mismatch",
      ],
      [
        "a late own rename that says completed",
        {
          crashMarker: marker,
          snapshot: snapshotOf([openRoot, { ...finished("bash"), spanId: "a", endTime: undefined }], {
            writer: writerOf(2),
            summary: { status: "completed" },
          }),
          journals: [journalFile(1, journalOf([...work, crash]))],
        },
        "Crashed (recovered 3 records) | ses/1… bash bash… | says crashed",
      ],
      [
        "an end logged after it",
        {
          crashMarker: marker,
          journals: [journalFile(1, journalOf([...work, crash, { t: "finish", status: "completed" }]))],
        },
        "Crashed (recovered 6 records) | ses/1… bash bash… | says crashed",
      ],
    ])("stays crashed with %s", (_, files, expected) => {
      expect(render(files)).toBe(expected);
      expect(load(files).asked).toEqual([]);
    });

    it("is void when recovery made the marker and the journal has grown since", () => {
      const journal = journalOf(work);
      const made = (journalBytes: number) =>
        file("S.crash", concat([identity(1), encodeCrashNote({ timeMs: now, journalBytes })]));
      const journals = [journalFile(1, journal)];
      expect(render({ crashMarker: made(journal.length), journals }, "alive")).toBe(
        "Crashed (recovered 4 records) | ses/1… bash bash… | says crashed",
      );
      expect(render({ crashMarker: made(journal.length - 1), journals }, "alive")).toBe(
        "Running | ses/1… bash bash… | says running | crash-marker",
      );
    });

    it("stays void when the journal that went on has been folded and is gone", () => {
      const made = file("S.crash", concat([identity(1), encodeCrashNote({ timeMs: now, journalBytes: 900 })]));
      const ended = (offsetBytes: number) =>
        snapshotOf([{ ...openRoot, endTime: now }], {
          writer: writerOf(9, { offsetBytes }),
          summary: { status: "completed" },
        });
      expect(render({ crashMarker: made, snapshot: ended(901) })).toBe(
        "Completed | ses/1 | says completed | crash-marker",
      );
      expect(load({ crashMarker: made, snapshot: ended(901) }).trace.spans[0]?.events).toBeUndefined();
      expect(render({ crashMarker: made, snapshot: ended(900) })).toBe("Crashed | ses/1 | says completed");
    });
  });

  describe("with several incarnations", () => {
    const one = journalFile(1, journalOf([root, beginTool("a")]));
    const again: JournalRecord[] = [{ t: "begin", span: { spanId: "root" } }, beginTool("b")];
    const two = (records = again) =>
      journalFile(
        2,
        journalOf(records, { incarnation: 2, instance: "bbbb-2", continues: { instance: "aaaa-1", incarnation: 1 } }),
      );
    const crashesOf = (spans: readonly TraceSpan[]) =>
      spans[0]?.events?.map(
        ({ name, attributes }) => `${name} ${attributes?.["incarnation"]} ${attributes?.["reason"]}`,
      );

    it("takes the state of the newest and shows that the one before was killed", () => {
      const files = { journals: [two(), one] };
      expect(render(files, "alive")).toBe("Running | ses/1… bash… bash… | says running");
      expect(crashesOf(load(files).trace.spans)).toEqual(["tracekeeper.crash 1 killed"]);
    });

    it("keeps a crash of the one before as an event, once, and its marker from crashing the newest", () => {
      const crashed = journalFile(1, journalOf([root, { t: "crash", reason: "SIGTERM" }]));
      const crashMarker = file(
        "S.crash",
        concat([identity(1), encodeCrashNote({ timeMs: baseMs + 2, reason: "SIGTERM" })]),
      );
      const files = { journals: [crashed, two()], crashMarker };
      expect(render(files, "alive")).toBe("Running | ses/1… bash… | says running | crash-marker");
      expect(crashesOf(load(files).trace.spans)).toEqual(["tracekeeper.crash 1 SIGTERM"]);
    });

    it("believes the marker of the one before more than that its journal has no end", () => {
      const note = encodeCrashNote({ timeMs: baseMs + 2, reason: "SIGHUP" });
      const files = { journals: [one, two()], crashMarker: file("S.crash", concat([identity(1), note])) };
      expect(crashesOf(load(files).trace.spans)).toEqual(["tracekeeper.crash 1 SIGHUP"]);
    });

    it("tells of a crash whose journal was folded by its marker", () => {
      const crashMarker = file("S.crash", identity(1), 77);
      const snapshot = snapshotOf([openRoot], { writer: writerOf(3, { incarnation: 2, instance: "bbbb-2" }) });
      expect(crashesOf(load({ crashMarker, snapshot }).trace.spans)).toEqual(["tracekeeper.crash 1 undefined"]);
      expect(render({ crashMarker, snapshot }, "alive")).toBe("Running | ses/1… | says running | crash-marker");
    });

    it("does not let the snapshot of a crash before speak for the newest", () => {
      const snapshot = snapshotOf([openRoot, finished("a")], { writer: writerOf(9), summary: { status: "crashed" } });
      expect(render({ snapshot, journals: [two()] }, "alive")).toBe("Running | ses/1… a bash… | says running");
    });

    it("combines with a foreign snapshot that the newest says it took over", () => {
      const snapshot = snapshotOf([openRoot, finished("a")], { summary: { status: "completed" } });
      const continued = journalFile(1, journalOf(again, { continues: { traceId: "trace-1" } }));
      expect(render({ snapshot, journals: [continued] }, "alive")).toBe("Running | ses/1… a bash… | says running");
    });

    it("asks for the process of an incarnation that has just begun", () => {
      const snapshot = snapshotOf([{ ...openRoot, endTime: now }], {
        writer: writerOf(9),
        summary: { status: "completed" },
      });
      const files = { snapshot, liveMarker: file("S.live", identity(2, "bbbb-2")) };
      expect(load(files, "alive").asked).toMatchObject([{ instance: "bbbb-2", host: "box" }]);
      expect(render(files, "alive")).toBe("Running | ses/1 | says completed");
      expect(render(files, "gone")).toBe("Crashed (killed) | ses/1 | says completed");
    });

    it("calls a change of files by one writer no crash", () => {
      const next = journalFile(
        2,
        journalOf([{ t: "end", id: "a" }], { incarnation: 2, continues: { instance: "aaaa-1", incarnation: 1 } }),
      );
      expect(load({ journals: [one, next] }).trace.spans[0]?.events).toBeUndefined();
    });

    it("leaves an old journal alone that a newer snapshot has outlived", () => {
      const snapshot = snapshotOf([{ ...openRoot, endTime: now }], {
        writer: writerOf(9, { incarnation: 2, instance: "bbbb-2" }),
        summary: { status: "completed" },
      });
      expect(render({ snapshot, journals: [one] }, "gone")).toBe("Completed | ses/1 | says completed");
    });
  });

  it("reads nothing into a journal of a newer format", () => {
    const header = new TextDecoder().decode(linesOf([])[0]).replace('"version":1', '"version":9');
    const snapshot = snapshotOf([{ ...openRoot, endTime: now }], { summary: { status: "completed" } });
    expect(render({ snapshot, journals: [journalFile(1, concat([header]))] })).toBe(
      "Unknown (its newest journal can't be read; last write 59 s ago) | ses/1 | says completed | newer-version",
    );
  });

  it("ends as the journal says, in each gap between the steps of an end", () => {
    const end: JournalRecord[] = [root, { t: "end", id: "root" }, { t: "finish", status: "completed" }];
    const journals = [journalFile(1, journalOf(end))];
    const liveMarker = file("S.live", identity(1));
    const before = snapshotOf([openRoot], { writer: writerOf(1) });
    const after = snapshotOf([{ ...openRoot, endTime: baseMs + 2 }], {
      writer: writerOf(3),
      summary: { status: "completed" },
    });
    for (const files of [
      { journals, liveMarker },
      { journals, liveMarker, snapshot: before },
      { journals, liveMarker, snapshot: after },
      { journals, snapshot: after },
      { snapshot: after },
    ]) {
      expect(render(files, "gone")).toBe("Completed | ses/1 | says completed");
    }
  });

  it("does not fail when the probe does", () => {
    const session = readSession({ safeId: "S", journals: [journalFile(1, journalOf(work))] }, () => {
      throw new Error("no /proc");
    });
    expect(session.evidence.liveness).toBe("unknown");
  });

  it("never throws, whatever the bytes", () => {
    const sample = readFileSync(new URL("../fixtures/trace-v2/ses_failed_dbt_build.json", import.meta.url));
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.nat(sample.length), fc.nat(255))
        .map(([cut, byte]) => concat([sample.subarray(0, cut), new Uint8Array([byte])])),
      fc.tuple(fc.nat(500), fc.nat(255)).map(([at, byte]) => {
        const bytes = journalOf(work);
        bytes[at % bytes.length] = byte;
        return bytes;
      }),
      fc.json().map((text) => concat([text])),
      fc.constantFrom(identity(1), identity(2), snapshotOf([openRoot], { writer: writerOf(2) }).bytes, journalOf(work)),
    );
    const maybe = fc.option(anyBytes, { nil: undefined });
    fc.assert(
      fc.property(maybe, fc.array(anyBytes, { maxLength: 3 }), maybe, maybe, (snapshot, journals, live, crash) => {
        const files = {
          snapshot: snapshot && file("S.json", snapshot),
          journals: journals.map((bytes, index) => journalFile(index + 1, bytes)),
          liveMarker: live && file("S.live", live),
          crashMarker: crash && file("S.crash", crash),
        };
        const { evidence } = load(files);
        expect(deriveState(evidence, now).status).toBeTypeOf("string");
      }),
      { numRuns: 300 },
    );
  });
});

describe("a journal that holds no sound record", () => {
  it.each([
    ["is empty", new Uint8Array()],
    ["holds NUL bytes alone", new Uint8Array(4096)],
    ["holds a torn header alone", journalOf([]).slice(0, 20)],
  ])("takes no snapshot's place where it %s", (_what, bytes) => {
    const snapshot = snapshotOf([openRoot, finished("a"), finished("b")]);
    const { spans } = load({ snapshot, journals: [journalFile(1, bytes)] }).trace;
    expect(spans.map(({ name }) => name)).toEqual(load({ snapshot }).trace.spans.map(({ name }) => name));
    expect(spans).toHaveLength(3);
  });
});

describe("several roots", () => {
  const rootOf = (
    spanId: string,
    startTime: number,
    endTime: number | undefined,
    status: "ok" | "error",
  ): TraceSpan => ({
    spanId,
    parentSpanId: null,
    name: spanId,
    kind: "session",
    startTime,
    status,
    ...(endTime === undefined ? {} : { endTime }),
  });
  it.each([
    ["is open while one of them is", [rootOf("a", 1, 2, "ok"), rootOf("b", 3, undefined, "ok")], { rootOpen: true }],
    [
      "ended as the last one did",
      [rootOf("b", 3, 4, "error"), rootOf("a", 1, 2, "ok")],
      { rootOpen: false, rootStatus: "error" },
    ],
  ])("make a session that %s", (_what, spans, expected) => {
    expect(load({ snapshot: snapshotOf(spans) }).evidence).toMatchObject(expected);
  });
});
