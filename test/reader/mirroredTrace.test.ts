// A trace that is read anew, grows and changes in any order, and a panel that looks only now and then: what it put together
// from chunks and deltas is what the reader has.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { OpenedTrace } from "../../src/reader/openedTrace";
import { readingInMemory } from "../../src/reader/readingInMemory";
import type { SessionReading, SessionSource, SessionUpdate } from "../../src/reader/sessionSource";
import { readSession } from "../../src/trace/readSession";
import type { SpanColumns } from "../../src/trace/spanColumns";
import { spansInMemory } from "../../src/trace/spanSource";
import { expectMirrored, Mirror, rowOf } from "./mirror";
import { nowMs, traceOf } from "./pictures";

interface Step {
  readonly id: number;
  readonly parent: number;
  readonly name: number;
  readonly isOpen: boolean;
}

function readingOf(steps: readonly Step[]): SessionReading {
  const spans = steps.map(({ id, parent, name, isOpen }) => ({
    spanId: `s${id}`,
    parentSpanId: parent < 0 ? null : `s${parent}`,
    name: `name ${name}`,
    kind: "tool" as const,
    startTime: nowMs - 60_000 + id,
    ...(isOpen ? {} : { endTime: nowMs - 50_000 }),
    status: name % 5 === 0 ? ("error" as const) : ("ok" as const),
    input: { command: `run ${name}` },
  }));
  const bytes = new TextEncoder().encode(JSON.stringify(traceOf(spans)));
  const files = { safeId: "s", snapshot: { name: "s.json", bytes, mtimeMs: nowMs }, journals: [] };
  return readingInMemory(readSession(files, () => "unknown"));
}

/** Grows as one does that follows a journal: in arrays and in a list of texts that stay, with texts of its own order. */
class GrowingSource implements SessionSource {
  #columns: SpanColumns | undefined;
  #strings: string[] = [];
  #spans = spansInMemory([]);
  next: { readonly steps: readonly Step[]; readonly grows: boolean } = { steps: [], grows: false };

  async read(): Promise<SessionUpdate> {
    const reading = readingOf(this.next.steps);
    const before = this.#columns;
    if (!this.next.grows || before === undefined || reading.columns.count < before.count) {
      this.#strings = [...reading.columns.strings];
      this.#columns = { ...reading.columns, strings: this.#strings };
      this.#spans = { ...reading.spans };
      return { type: "anew", reading: { ...reading, spans: this.#spans, columns: this.#columns } };
    }
    const columns = this.#withOwnTexts(reading.columns);
    const changed: number[] = [];
    for (let row = 0; row < before.count; row++) if (rowOf(before, row) !== rowOf(columns, row)) changed.push(row);
    this.#columns = columns;
    Object.assign(this.#spans, reading.spans);
    const { findFailures } = reading;
    return {
      type: "grown",
      changedRows: Uint32Array.from(changed),
      reading: {
        ...reading,
        spans: this.#spans,
        columns,
        *findFailures(state) {
          const found = yield* findFailures(state);
          columns.flags.set(reading.columns.flags);
          // Which rows these are follows from the flags of before.
          const rows = [...columns.flags].flatMap((flags, row) => (flags === before.flags[row] ? [] : [row]));
          return { ...found, changedRows: Uint32Array.from(rows) };
        },
      },
    };
  }

  forget(): void {}
  dispose(): void {}

  #withOwnTexts(columns: SpanColumns): SpanColumns {
    const index = (at: number): number => {
      const text = columns.strings[at] ?? "";
      if (!this.#strings.includes(text)) this.#strings.push(text);
      return this.#strings.indexOf(text);
    };
    const moved = (of: Uint32Array) => Uint32Array.from(of.subarray(0, columns.count), index);
    return {
      ...columns,
      flags: columns.flags.slice(),
      name: moved(columns.name),
      label: moved(columns.label),
      outcome: moved(columns.outcome),
      strings: this.#strings,
    };
  }
}

const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("add" as const), count: fc.integer({ min: 1, max: 4 }), seed: fc.nat() }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("change" as const), at: fc.nat(), seed: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("drop" as const), at: fc.nat() }) },
);
const turn = fc.record({ actions: fc.array(action, { maxLength: 3 }), grows: fc.boolean(), looks: fc.boolean() });

describe("a panel's copy of a trace", () => {
  it("is the reader's after any changes, however seldom it looks", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 12 }), async (turns) => {
        const source = new GrowingSource();
        const trace = new OpenedTrace({ source, firstEpoch: 1, logger: silentLogger, now: () => nowMs, onNews() {} });
        const mirror = new Mirror();
        let steps: Step[] = [];
        let nextId = 0;
        for (const { actions, grows, looks } of turns) {
          let isGrowth = grows;
          for (const each of actions) {
            if (each.type === "add") {
              for (let count = 0; count < each.count; count++) {
                const id = nextId++;
                // Some hang under one that comes later, or never.
                steps = [
                  ...steps,
                  {
                    id,
                    parent: ((each.seed + count) % (id + 3)) - 1,
                    name: (each.seed + count) % 7,
                    isOpen: each.seed % 2 === 0,
                  },
                ];
              }
            } else if (each.type === "change" && steps.length > 0) {
              const at = each.at % steps.length;
              steps = steps.map((step, index) =>
                index === at ? { ...step, name: each.seed % 11, isOpen: each.seed % 3 === 0 } : step,
              );
            } else if (each.type === "drop" && steps.length > 0) {
              const at = each.at % steps.length;
              steps = steps.filter((_, index) => index !== at);
              isGrowth = false;
            }
          }
          source.next = { steps, grows: isGrowth };
          await trace.update();
          if (!looks) continue;
          await mirror.catchUp(trace);
          expectMirrored(mirror, trace);
        }
        await mirror.catchUp(trace);
        expectMirrored(mirror, trace);
        // What the reader has is what is there.
        const { columns } = readingOf(steps);
        const names = (of: SpanColumns) => Array.from({ length: of.count }, (_, row) => of.strings[of.name[row] ?? 0]);
        expect(names(trace.picture?.columns ?? columns)).toEqual(names(columns));
      }),
      { numRuns: 300 },
    );
  });
});
