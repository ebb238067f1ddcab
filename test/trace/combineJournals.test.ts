import { describe, expect, it } from "vitest";
import type { Liveness } from "../../src/trace/evidence";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { encodeLiveMarker } from "../../src/trace/marker";
import { readSession } from "../../src/trace/readSession";
import type { TraceFile, TraceSpan, Writer } from "../../src/trace/schema";
import type { FileBytes, SessionFiles } from "../../src/trace/sessionFiles";
import { deriveState } from "../../src/trace/state";
import { baseMs, beginTool, concat, type JournalSetup, journalOf, linesOf, root } from "./journalLines";

const now = baseMs + 60_000;
const file = (name: string, bytes: Uint8Array | string): FileBytes => ({
  name,
  bytes: concat([bytes]),
  mtimeMs: baseMs + 100,
});

const spanOf = (spanId: string, fields: Partial<TraceSpan> = {}): TraceSpan => ({
  spanId,
  parentSpanId: "root",
  name: spanId,
  kind: "tool",
  startTime: baseMs,
  status: "ok",
  ...fields,
});
const rootSpan = (fields: Partial<TraceSpan> = {}) =>
  spanOf("root", { parentSpanId: null, kind: "session", name: "ses/1", ...fields });

function snapshotOf(spans: readonly TraceSpan[], writer: Writer, fields: Partial<TraceFile> = {}): FileBytes {
  const trace: TraceFile = {
    version: 2,
    traceId: "trace-1",
    sessionId: "ses/1",
    startedAt: new Date(baseMs).toISOString(),
    metadata: {},
    spans: [...spans],
    summary: { status: "running" },
    writer,
    ...fields,
  };
  return file("S.json", JSON.stringify(trace));
}

const journal = (incarnation: number, records: readonly JournalRecord[], setup: JournalSetup) =>
  file(`S.${incarnation}.journal.ndjson`, journalOf(records, { incarnation, ...setup }));

function load(files: Partial<SessionFiles>, liveness: Liveness = "alive") {
  return readSession({ safeId: "S", journals: [], ...files }, () => liveness);
}

/** `root[1] a… "text"`: spans with their number of events and links, open ones with an ellipsis, and their output. */
function render(files: Partial<SessionFiles>, liveness?: Liveness): string {
  const { trace, evidence } = load(files, liveness);
  const spans = trace.spans.map(({ spanId, endTime, status, output, events = [], links = [] }) =>
    [
      status === "error" ? `${spanId}!` : spanId,
      endTime === undefined ? "…" : "",
      events.length + links.length > 0 ? `[${events.length + links.length}]` : "",
      output === undefined ? "" : ` ${JSON.stringify(output)}`,
    ].join(""),
  );
  return `${deriveState(evidence, now).status}, says ${trace.summary.status}: ${spans.join(" ")}`;
}

const text = (id: string, said: string): JournalRecord => ({ t: "text", id, text: said });
const end = (id: string, fields: Partial<TraceSpan> = {}): JournalRecord => ({ t: "end", id, set: fields });
const again = (record: JournalRecord, o: number): JournalRecord => ({ ...record, o }) as JournalRecord;

const two = { instance: "bbbb-2", incarnation: 2 };
const goesOn = { instance: "bbbb-2", continues: { instance: "aaaa-1", incarnation: 1 } };

describe("what an older incarnation still logs", () => {
  const late: JournalRecord[] = [text("a", "late"), end("a"), end("root", { status: "error", statusMessage: "no" })];
  const one = journal(1, [root, beginTool("a"), text("a", "known "), ...late], {});
  const begun: JournalRecord[] = [{ t: "begin", span: { spanId: "root" } }, beginTool("b")];
  const held = [rootSpan(), spanOf("a", { output: "known " }), spanOf("b")];
  const writer = (seq: number, earlier?: Writer["earlier"]): Writer => ({
    ...two,
    seq,
    offsetBytes: 1,
    ...(earlier ? { earlier } : {}),
  });
  const upTo = (seq: number) => [{ instance: "aaaa-1", incarnation: 1, seq }];

  it("is shown beside the journal of the newest, and changes nothing of what that says", () => {
    const files = {
      journals: [one, journal(2, [...begun, end("b")], goesOn)],
      snapshot: snapshotOf(held, writer(2, upTo(3))),
    };
    expect(render(files)).toBe('running, says running: root… a "known late" b');
  });

  it.each<[string, readonly TraceSpan[], Partial<TraceFile>, string]>([
    [
      "completed",
      [rootSpan({ endTime: baseMs + 9 }), spanOf("a", { output: "known " })],
      { summary: { status: "completed", narrative: "Done" }, endedAt: new Date(baseMs + 9).toISOString() },
      'completed, says completed: root a "known late"',
    ],
    [
      "crashed",
      held,
      { summary: { status: "crashed", error: "SIGTERM" }, endedAt: new Date(baseMs + 9).toISOString() },
      'crashed, says crashed: root… a "known late" b…',
    ],
  ])("leaves a newer one %s whose journal is gone", (_, spans, fields, expected) => {
    const files = { journals: [one], snapshot: snapshotOf(spans, writer(9, upTo(3)), fields) };
    expect(render(files, "gone")).toBe(expected);
    expect(load(files, "gone").trace).toMatchObject({ ...fields, spans: expect.anything() });
  });

  it("is shown when a third incarnation goes on from the second, whose journal is gone", () => {
    const third = journal(3, [{ t: "begin", span: { spanId: "root" } }, beginTool("c")], {
      instance: "cccc-3",
      continues: two,
    });
    const files = { journals: [one, third], snapshot: snapshotOf(held, writer(9, upTo(3))) };
    expect(render(files)).toBe('running, says running: root… a "known late" b… c…');
  });

  it.each<[string, Writer["earlier"]]>([
    ["the snapshot does not say what it holds of it", undefined],
    ["the snapshot speaks of another writer", [{ instance: "zzzz-9", incarnation: 1, seq: 3 }]],
    ["the snapshot holds all of it", upTo(6)],
  ])("is left out where %s", (_, earlier) => {
    const files = { journals: [one, journal(2, begun, goesOn)], snapshot: snapshotOf(held, writer(2, earlier)) };
    expect(render(files)).toBe('running, says running: root… a… "known " b…');
  });

  it("neither opens what has ended nor replaces what is known of it", () => {
    const records: JournalRecord[] = [
      root,
      { t: "begin", span: { spanId: "a", name: "again", kind: "tool" } },
      { t: "span", span: { spanId: "b", name: "again", endTime: 1, output: "other", input: "asked" } },
      { t: "span", span: { spanId: "root", endTime: 1, status: "error", model: { modelId: "m" } } },
      { t: "set", id: "root", set: { endTime: 5, status: "error", input: "set" } },
      { t: "span", span: { spanId: "c", name: "new", endTime: baseMs + 3 } },
      { t: "metadata", metadata: { title: "old", agent: "late" } },
    ];
    const files = {
      journals: [journal(1, records, { metadata: { title: "first" } }), journal(2, begun, goesOn)],
      snapshot: snapshotOf(
        [rootSpan(), spanOf("a", { endTime: baseMs + 1 }), spanOf("b", { endTime: baseMs + 2, output: "mine" })],
        writer(2, upTo(1)),
        { metadata: { title: "now" } },
      ),
    };
    expect(render(files)).toBe('running, says running: root… a b "mine" c');
    const { spans, metadata } = load(files).trace;
    expect(metadata).toEqual({ title: "now", agent: "late" });
    expect(spans).toMatchObject([
      { model: { modelId: "m" }, input: "set" },
      { name: "a" },
      { name: "b", input: "asked" },
      {},
    ]);
  });

  it("counts its crash as an event and not as the crash of the newest", () => {
    const crashed = journal(1, [root, { t: "crash", reason: "worker terminated" }], {});
    const files = { journals: [crashed, journal(2, begun, goesOn)], snapshot: snapshotOf(held, writer(2, upTo(1))) };
    expect(render(files)).toBe('running, says running: root…[1] a… "known " b…');
  });
});

describe("records that were written again after a failed sync", () => {
  const work: JournalRecord[] = [
    root,
    beginTool("a"),
    text("a", "x"),
    { t: "event", id: "a", event: { name: "e" } },
    { t: "link", id: "a", link: { spanId: "root" } },
  ];
  const goesOnAlone = { continues: { instance: "aaaa-1", incarnation: 1 } };
  /** Records 3 to 5 again, and one that is new. */
  const rewritten = [...work.slice(2).map((record, index) => again(record, index + 3)), text("a", "y")];
  const next = journal(2, rewritten, goesOnAlone);
  const whole = 'running, says running: root… a…[2] "xy"';

  it.each<[string, Partial<SessionFiles>]>([
    ["the journal before holds them", { journals: [journal(1, work, {}), next] }],
    ["the journal before lost its end", { journals: [journal(1, work.slice(0, 2), {}), next] }],
    ["the journal before lost some of them", { journals: [journal(1, work.slice(0, 3), {}), next] }],
    [
      "the snapshot of the journal before holds them",
      {
        journals: [journal(1, work, {}), next],
        snapshot: snapshotOf(
          [rootSpan(), spanOf("a", { output: "x", events: [{ name: "e", timeMs: 1 }], links: [{ spanId: "root" }] })],
          { instance: "aaaa-1", incarnation: 1, seq: 5, offsetBytes: 1 },
        ),
      },
    ],
    [
      "the snapshot holds them and its journal is gone",
      {
        journals: [next],
        snapshot: snapshotOf(
          [rootSpan(), spanOf("a", { output: "x", events: [{ name: "e", timeMs: 1 }], links: [{ spanId: "root" }] })],
          { instance: "aaaa-1", incarnation: 1, seq: 5, offsetBytes: 1 },
        ),
      },
    ],
    [
      "the snapshot is the new journal's and holds the one before",
      {
        journals: [next],
        snapshot: snapshotOf(
          [rootSpan(), spanOf("a", { output: "x", events: [{ name: "e", timeMs: 1 }], links: [{ spanId: "root" }] })],
          {
            instance: "aaaa-1",
            incarnation: 2,
            seq: 0,
            offsetBytes: 1,
            earlier: [{ instance: "aaaa-1", incarnation: 1, seq: 5 }],
          },
        ),
      },
    ],
    [
      "the snapshot holds only some of them",
      {
        journals: [journal(1, work, {}), next],
        snapshot: snapshotOf([rootSpan(), spanOf("a", { output: "x" })], {
          instance: "aaaa-1",
          incarnation: 1,
          seq: 3,
          offsetBytes: 1,
        }),
      },
    ],
    [
      "the headers of both are lost",
      {
        journals: [
          file("S.1.journal.ndjson", concat(linesOf(work).slice(1))),
          file("S.2.journal.ndjson", concat(linesOf(rewritten, { incarnation: 2 }).slice(1))),
        ],
      },
    ],
  ])("count once where %s", (_, files) => {
    expect(render(files)).toBe(whole);
    expect(load(files).evidence.recovered?.lost).toBe(0);
  });

  it("fill the gap that they left, in the order in which they happened", () => {
    const lines = linesOf([root, beginTool("a"), text("a", "1"), text("a", "2"), text("a", "3"), text("a", "4")]);
    const holed = concat([...lines.slice(0, 3), "\0".repeat(64), "\n", ...lines.slice(5)]);
    const files = {
      journals: [
        file("S.1.journal.ndjson", holed),
        journal(2, [again(text("a", "1"), 3), again(text("a", "2"), 4), text("a", "5")], goesOnAlone),
      ],
    };
    expect(render(files)).toBe('running, says running: root… a… "12345"');
    expect(load(files).evidence.recovered).toEqual({ records: 7, lost: 0 });
  });

  it("leave other records lost that nobody wrote again", () => {
    const lines = linesOf([root, beginTool("a"), text("a", "1"), text("a", "2"), text("a", "3")]);
    const files = {
      journals: [
        file("S.1.journal.ndjson", concat([...lines.slice(0, 3), ...lines.slice(5)])),
        journal(2, [again(text("a", "2"), 4)], goesOnAlone),
      ],
    };
    expect(render(files)).toBe('running, says running: root… a… "23"');
    expect(load(files).evidence.recovered).toEqual({ records: 4, lost: 1 });
  });

  it("count in a third journal by their place in the second", () => {
    const third = journal(3, [again(text("a", "x"), 1), again(text("a", "y"), 4), text("a", "z")], {
      continues: { instance: "aaaa-1", incarnation: 2 },
    });
    expect(render({ journals: [journal(1, work, {}), next, third] })).toBe('running, says running: root… a…[2] "xyz"');
  });

  it.each<[string, readonly JournalRecord[], boolean]>([
    ["the first holds them and the second is lost", work, false],
    ["both are lost", work.slice(0, 2), false],
    ["both hold them", work, true],
    ["the second alone holds them", work.slice(0, 2), true],
    ["the first has a gap and the second holds them", work.slice(0, 3), true],
  ])("count once in a third journal where %s", (_, first, isSecondThere) => {
    const copies = work.slice(2).map((record, index) => ({ ...again(record, index + 3), k: 1 }));
    const second = [...copies, text("a", "y")];
    const third = [...copies, { ...again(text("a", "y"), 4), k: 2 }, text("a", "z")] as JournalRecord[];
    const journals = [
      journal(1, first, {}),
      isSecondThere ? journal(2, second, goesOnAlone) : file("S.2.journal.ndjson", new Uint8Array(64)),
      journal(3, third, { continues: { instance: "aaaa-1", incarnation: 2 } }),
    ];
    expect(render({ journals })).toBe('running, says running: root… a…[2] "xyz"');
  });

  it.each([0, 1, 2, 3, 4, 5])(
    "stand in order where the first journal is lost and the second holds %i of them",
    (held) => {
      const [, , ...texts] = ["", "", "1", "2", "3", "4"].map((digit) => text("a", digit));
      const copies = [root, beginTool("a"), ...texts].map((record, index) => ({ ...again(record, index + 1), k: 1 }));
      const second = [...copies, text("a", "5"), text("a", "6")];
      const third = [
        ...copies,
        { ...again(text("a", "5"), 7), k: 2 },
        { ...again(text("a", "6"), 8), k: 2 },
        text("a", "7"),
      ];
      const journals = [
        file("S.1.journal.ndjson", new Uint8Array(64)),
        journal(2, second.slice(0, held), goesOnAlone),
        journal(3, third as JournalRecord[], { continues: { instance: "aaaa-1", incarnation: 2 } }),
      ];
      expect(render({ journals })).toBe('running, says running: root… a… "1234567"');
      expect(load({ journals }).evidence.recovered?.lost).toBe(0);
    },
  );

  it("stand in order where the first journal is lost and the second has a hole", () => {
    const copies = [root, beginTool("a"), text("a", "1"), text("a", "2")].map((record, index) => {
      return { ...again(record, index + 1), k: 1 };
    });
    const lines = linesOf([...copies, text("a", "3"), text("a", "4")] as JournalRecord[], {
      incarnation: 2,
      ...goesOnAlone,
    });
    const third = [
      ...copies,
      { ...again(text("a", "3"), 5), k: 2 },
      { ...again(text("a", "4"), 6), k: 2 },
      text("a", "5"),
    ];
    const journals = [
      file("S.1.journal.ndjson", new Uint8Array(64)),
      file("S.2.journal.ndjson", concat([...lines.slice(0, 3), "\0".repeat(64), "\n", ...lines.slice(6)])),
      journal(3, third as JournalRecord[], { continues: { instance: "aaaa-1", incarnation: 2 } }),
    ];
    expect(render({ journals })).toBe('running, says running: root… a… "12345"');
    expect(load({ journals }).evidence.recovered?.lost).toBe(0);
  });

  it("are those of a run whose newest journal is lost, which S.live still names", () => {
    const journals = [journal(1, [...work, { t: "finish", status: "completed" }], {})];
    const liveMarker = file("S.live", encodeLiveMarker({ instance: "aaaa-1", incarnation: 2 }));
    expect(render({ journals, liveMarker }, "gone")).toMatch(/^completed/);
    const another = file("S.live", encodeLiveMarker({ instance: "bbbb-2", incarnation: 2 }));
    expect(render({ journals, liveMarker: another }, "gone")).toMatch(/^crashed/);
  });

  it.each<[string, JournalRecord, string]>([
    ["end", { t: "finish", status: "completed" }, "completed, says completed: root… a…"],
    ["crash", { t: "crash", reason: "SIGTERM" }, "crashed, says crashed: root…[1] a…"],
  ])("are one run with those before, whose %s counts", (_, record, expected) => {
    const before = journal(1, [root, beginTool("a"), record], {});
    expect(render({ journals: [before, journal(2, [{ t: "heartbeat" }], goesOnAlone)] })).toBe(expected);
    const restarted = journal(2, [{ t: "heartbeat" }], goesOn);
    expect(render({ journals: [before, restarted] })).toMatch(/^running, says running/);
  });

  it("are other records where the journal before is another writer's", () => {
    const other = journal(2, [text("a", "y"), again(text("a", "z"), 3)], goesOn);
    expect(render({ journals: [journal(1, work, {}), other] })).toBe('running, says running: root…[1] a…[2] "xyz"');
  });
});

describe("the metadata of a snapshot", () => {
  it("is newer than the header of the journal whose records it holds", () => {
    const records: JournalRecord[] = [root, { t: "metadata", metadata: { title: "now" } }, beginTool("a")];
    const snapshot = snapshotOf(
      [rootSpan()],
      { instance: "aaaa-1", incarnation: 1, seq: 2, offsetBytes: 1 },
      { metadata: { title: "now" } },
    );
    const { trace } = load({ journals: [journal(1, records, { metadata: { title: "first" } })], snapshot });
    expect(trace.metadata).toEqual({ title: "now" });
    expect(trace.spans).toHaveLength(2);
  });
});

it("asks for the process of the newest alone", () => {
  const live = file("S.live", encodeLiveMarker({ ...two, host: "box" }));
  const snapshot = snapshotOf([rootSpan()], { instance: "aaaa-1", incarnation: 1, seq: 1, offsetBytes: 1 });
  const asked: string[] = [];
  readSession({ safeId: "S", journals: [journal(1, [root], {})], liveMarker: live, snapshot }, ({ instance }) => {
    asked.push(instance);
    return "alive";
  });
  expect(asked).toEqual(["bbbb-2"]);
});
