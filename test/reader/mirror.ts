// What a panel has of a trace: put together from chunks and deltas, by the calls with which the host sends them.

import { expect } from "vitest";
import type { OpenedTrace } from "../../src/reader/openedTrace";
import { answerCall } from "../../src/reader/traceCalls";
import type { SpanColumns } from "../../src/trace/spanColumns";
import { SpanStore } from "../../webview/model/spanStore";

/** All of a row, texts as texts. */
export function rowOf(columns: SpanColumns, row: number): string {
  const { startMs, endMs, parent, kind, status, flags, strings } = columns;
  const texts = [columns.name, columns.label, columns.outcome].map((of) => strings[of[row] ?? 0]);
  return JSON.stringify([startMs[row], endMs[row], parent[row], kind[row], status[row], flags[row], texts]);
}

function allRows(columns: SpanColumns): string[] {
  return Array.from({ length: columns.count }, (_, row) => rowOf(columns, row));
}

export class Mirror {
  store = new SpanStore();
  epoch = 0;
  revision = 0;

  async catchUp(trace: OpenedTrace): Promise<void> {
    const { epoch, revision } = trace.picture ?? { epoch: 0, revision: 0 };
    const never = new AbortController().signal;
    if (epoch === this.epoch && revision > this.revision) {
      let start: { until?: number; start?: { text: number; row: number } } = {};
      do {
        const params = { epoch, revision: this.revision, ...start };
        const part = await answerCall(trace, "delta", params, never, () => {});
        if (part === undefined) break;
        expect(this.store.applyDelta(part.changedRows, part.changed, part.appended, part.strings)).toBe(true);
        start = { until: part.until, ...(part.next === undefined ? {} : { start: part.next }) };
        if (part.next === undefined) this.revision = part.until;
      } while (start.start !== undefined);
    } else if (epoch !== this.epoch) {
      const { facts, end } = await answerCall(trace, "show", {}, never, () => {});
      this.store = new SpanStore(end.rows);
      for (let from = { row: 0, text: 0 }, last = false; !last; ) {
        const chunk = await answerCall(trace, "columns", { epoch, start: from, end }, never, () => {});
        expect(this.store.append(chunk.fromRow, chunk.columns, chunk.strings)).toBe(true);
        ({ next: from, last } = chunk);
      }
      ({ epoch: this.epoch, revision: this.revision } = facts);
    }
  }
}

export function expectMirrored(mirror: Mirror, { picture }: OpenedTrace): void {
  if (picture === undefined) throw new Error("There is no picture.");
  expect([mirror.epoch, mirror.revision]).toEqual([picture.epoch, picture.revision]);
  expect(allRows(mirror.store.columns)).toEqual(allRows(picture.columns));
}
