// How many failures a trace has, found while its text is written: the text is scanned as it passes by, and then judged as
// every reader judges it. So a list shows the number that the opened trace shows, without reading a span.

import { actionKey } from "../trace/actionKey";
import { claimedState } from "../trace/countFailures";
import { type ActionKeys, failuresInSteps } from "../trace/failures";
import { unknownAim } from "../trace/scanAim";
import { TraceScanner } from "../trace/scanTrace";
import type { SummaryStatus, TraceSpan } from "../trace/schema";
import { FLAG, kindCodes, type SpanColumns } from "../trace/spanColumns";
import { treeInSteps } from "../trace/spanTree";
import type { FileCall, Io } from "./recorderFs";

const generation = kindCodes.indexOf("generation");
const endOfSpans = new TextEncoder().encode("]}");

export class FoldedFailures {
  readonly #scanner = new TraceScanner();

  /** Takes the next bytes of the text, which may be changed afterwards. */
  push(bytes: Uint8Array): void {
    this.#scanner.push(bytes);
  }

  /**
   * To be called once, when all spans were pushed.
   * @param read gives a span, by its row
   * @returns undefined where the text is not as it should be
   */
  *count(read: (row: number) => Io<TraceSpan>, status: SummaryStatus | undefined): Io<number | undefined> {
    this.push(endOfSpans);
    const scanned = this.#scanner.end();
    if (scanned.type !== "sound") return undefined;
    const { columns } = scanned;
    const tree = yield* treeInSteps(columns);
    const keys = new Map<number, string>();
    const aimOf = (row: number) => (hasAim(columns, row) ? knownAim(scanned.aimOf(row)) : undefined);
    const actions: ActionKeys<FileCall> = {
      keyOf: (row) => keys.get(row) ?? "",
      aimOf,
      readAimOf: aimOf,
      *fetch(rows) {
        keys.clear();
        for (const row of rows) keys.set(row, actionKey(yield* read(row)));
      },
    };
    return (yield* failuresInSteps(columns, tree, actions, claimedState(status))).failures.length;
  }
}

/** See `actionKeysOf`. */
function hasAim({ kind, flags }: SpanColumns, row: number): boolean {
  return kind[row] !== generation && ((flags[row] ?? 0) & (FLAG.attempt | FLAG.step)) === 0;
}

function knownAim(aim: number): number | undefined {
  return aim === unknownAim ? undefined : aim;
}
