// Columns that grow behind `spans` and are edited in place. What changed since somebody last took it is kept, so that only
// that is told. The row of missing parents stands behind the last span and moves on with it.

import { flagsOf, type SpanDescription } from "./buildColumns";
import { LiveTexts } from "./liveTexts";
import { isPossibleTime } from "./possibleTime";
import type { TraceSpan } from "./schema";
import { FLAG, kindCodes, type SpanColumns } from "./spanColumns";
import { credible, totalTokens } from "./spanUsage";

const kindIndex: ReadonlyMap<string, number> = new Map(kindCodes.map((kind, index) => [kind, index]));
const spanKind = kindCodes.indexOf("span");

/** Bits that tell of a span by itself; the others tell of its place among others. */
const ownFlags =
  FLAG.open |
  FLAG.interrupted |
  FLAG.noStart |
  FLAG.negativeDuration |
  FLAG.cutOutput |
  FLAG.elided |
  FLAG.output |
  FLAG.step |
  FLAG.attempt |
  FLAG.notRun;

export interface LiveUsage {
  readonly tokens: Float64Array;
  readonly cost: Float64Array;
}

export class LiveColumns implements Omit<SpanColumns, "count"> {
  /** Spans; the columns may have one row more. */
  spans: number;
  startMs: Float64Array;
  endMs: Float64Array;
  parent: Int32Array;
  kind: Uint8Array;
  status: Uint8Array;
  flags: Uint32Array;
  name: Uint32Array;
  label: Uint32Array;
  outcome: Uint32Array;
  tokens: Float64Array;
  cost: Float64Array;
  readonly texts: LiveTexts;
  /** The row behind the last span stands for parents that are missing. */
  hasSynthetic: boolean;
  /** For spans that end before they start: the end as it was told; undefined where the span has to be asked. */
  readonly reversedEnds = new Map<number, number | undefined>();
  #areCleared = false;
  /** Rows of which somebody else knows. */
  #told = 0;
  readonly #changed = new Set<number>();

  /** @param base columns with which it begins and how many of their rows are spans; they are copied */
  constructor(base?: { readonly columns: SpanColumns; readonly usage: LiveUsage; readonly spans: number }) {
    const count = base?.columns.count ?? 0;
    this.spans = base?.spans ?? 0;
    this.hasSynthetic = count > this.spans;
    const room = Math.max(1024, Math.ceil(count * 1.25));
    this.startMs = sized(base?.columns.startMs, new Float64Array(room), count);
    this.endMs = sized(base?.columns.endMs, new Float64Array(room), count);
    this.parent = sized(base?.columns.parent, new Int32Array(room), count);
    this.kind = sized(base?.columns.kind, new Uint8Array(room), count);
    this.status = sized(base?.columns.status, new Uint8Array(room), count);
    this.flags = sized(base?.columns.flags, new Uint32Array(room), count);
    this.name = sized(base?.columns.name, new Uint32Array(room), count);
    this.label = sized(base?.columns.label, new Uint32Array(room), count);
    this.outcome = sized(base?.columns.outcome, new Uint32Array(room), count);
    this.tokens = sized(base?.usage.tokens, new Float64Array(room), count);
    this.cost = sized(base?.usage.cost, new Float64Array(room), count);
    this.texts = new LiveTexts(base?.columns.strings);
    for (let row = 0; row < this.spans; row++) {
      if (this.hasFlag(row, FLAG.negativeDuration)) this.reversedEnds.set(row, undefined);
    }
  }

  get strings(): readonly string[] {
    return this.texts.list;
  }

  get count(): number {
    return this.spans + (this.hasSynthetic ? 1 : 0);
  }

  /** Rows at their present length, over the same memory. */
  get columns(): SpanColumns {
    const { count } = this;
    return {
      count,
      startMs: this.startMs.subarray(0, count),
      endMs: this.endMs.subarray(0, count),
      parent: this.parent.subarray(0, count),
      kind: this.kind.subarray(0, count),
      status: this.status.subarray(0, count),
      flags: this.flags.subarray(0, count),
      name: this.name.subarray(0, count),
      label: this.label.subarray(0, count),
      outcome: this.outcome.subarray(0, count),
      strings: this.strings,
    };
  }

  get usage(): LiveUsage {
    return { tokens: this.tokens.subarray(0, this.count), cost: this.cost.subarray(0, this.count) };
  }

  /** Notes that a column of the row is other than before. */
  changed(row: number): void {
    if (row < this.#told) this.#changed.add(row);
  }

  /** Rows of those that were there at the last call that have changed since, ascending. */
  takeChanged(): Uint32Array<ArrayBuffer> {
    const rows = Uint32Array.from(this.#changed).sort();
    this.#changed.clear();
    this.#told = this.count;
    return rows;
  }

  /**
   * Puts down what the span tells by itself; `row` is one that is there, or the next.
   * @param description undefined: what is there stays
   */
  set(row: number, span: TraceSpan, description: SpanDescription | undefined): void {
    if (row === this.spans) this.#add();
    const before = this.flags[row] ?? 0;
    const start = usableTime(span.startTime);
    let end = usableTime(span.endTime);
    let flags = (before & ~ownFlags) | flagsOf(span);
    if (Number.isNaN(start)) flags |= FLAG.noStart;
    if (end < start) {
      flags |= FLAG.negativeDuration;
      this.reversedEnds.set(row, end);
      end = start;
    } else if ((before & FLAG.negativeDuration) !== 0) this.reversedEnds.delete(row);
    const kind = kindIndex.get(span.kind) ?? spanKind;
    const status = span.status === "error" ? 1 : 0;
    const name = this.texts.add(span.name);
    const label = description === undefined ? (this.label[row] ?? 0) : this.#labelOf(description);
    const outcome = description === undefined ? (this.outcome[row] ?? 0) : this.texts.add(description.outcome);
    const tokens = totalTokens(span.tokens);
    const cost = credible(span.cost) ?? Number.NaN;
    const isSame =
      flags === before &&
      Object.is(this.tokens[row], tokens) &&
      Object.is(this.cost[row], cost) &&
      Object.is(this.startMs[row], start) &&
      Object.is(this.endMs[row], end) &&
      this.kind[row] === kind &&
      this.status[row] === status &&
      this.name[row] === name &&
      this.label[row] === label &&
      this.outcome[row] === outcome;
    if (isSame) return;
    this.startMs[row] = start;
    this.endMs[row] = end;
    this.flags[row] = flags;
    this.kind[row] = kind;
    this.status[row] = status;
    this.name[row] = name;
    this.label[row] = label;
    this.outcome[row] = outcome;
    this.tokens[row] = tokens;
    this.cost[row] = cost;
    this.changed(row);
  }

  /** Called when a row has got another parent. */
  onMove: (row: number, parentBefore: number) => void = () => {};

  setParent(row: number, parent: number): void {
    const before = this.parent[row] ?? -1;
    if (before === parent) return;
    this.parent[row] = parent;
    this.changed(row);
    this.onMove(row, before);
  }

  /** The row of missing parents moves: of whom hangs under it that is no change but for its number. */
  setOrphanParent(row: number, parent: number): void {
    if (this.parent[row] === parent) return;
    this.parent[row] = parent;
    this.changed(row);
  }

  setLabel(row: number, label: string): void {
    const text = this.texts.add(label);
    if (this.label[row] === text) return;
    this.label[row] = text;
    this.changed(row);
  }

  setFlag(row: number, flag: number, isSet: boolean): void {
    const before = this.flags[row] ?? 0;
    const after = isSet ? before | flag : before & ~flag;
    if (after === before) return;
    this.flags[row] = after;
    this.changed(row);
  }

  hasFlag(row: number, flag: number): boolean {
    return ((this.flags[row] ?? 0) & flag) !== 0;
  }

  nameOf(row: number): string {
    return this.strings[this.name[row] ?? 0] ?? "";
  }

  /** Takes labels and outcomes away: nobody needs those of a trace whose panel asks for the rows that it shows. */
  clearDescriptions(): void {
    this.label.fill(0);
    this.outcome.fill(0);
    this.#areCleared = true;
  }

  /** A description that says nothing is told, too: for one that is not, panels ask. */
  #labelOf({ label, outcome }: SpanDescription): number {
    return this.#areCleared && label === "" && outcome === "" ? this.texts.toldEmpty : this.texts.add(label);
  }

  /** Fills the row behind the last span. */
  setSynthetic(startMs: number, endMs: number, name: string): void {
    const row = this.spans;
    this.hasSynthetic = true;
    if (row >= this.startMs.length) this.#grow();
    const flags = FLAG.synthetic | (Number.isNaN(startMs) ? FLAG.noStart : 0);
    const text = this.texts.add(name);
    const isSame =
      this.flags[row] === flags &&
      Object.is(this.startMs[row], startMs) &&
      Object.is(this.endMs[row], endMs) &&
      this.name[row] === text;
    if (isSame) return;
    this.startMs[row] = startMs;
    this.endMs[row] = endMs;
    this.parent[row] = -1;
    this.kind[row] = spanKind;
    this.status[row] = 0;
    this.flags[row] = flags;
    this.name[row] = text;
    this.label[row] = 0;
    this.outcome[row] = 0;
    this.tokens[row] = Number.NaN;
    this.cost[row] = Number.NaN;
    this.changed(row);
  }

  #add(): void {
    const row = this.spans++;
    if (row >= this.startMs.length) this.#grow();
    // What the row of missing parents may have left here.
    this.flags[row] = 0;
    this.parent[row] = -1;
    this.label[row] = this.outcome[row] = 0;
    this.startMs[row] = Number.NEGATIVE_INFINITY;
    this.changed(row);
  }

  #grow(): void {
    const length = this.startMs.length * 2;
    this.startMs = sized(this.startMs, new Float64Array(length));
    this.endMs = sized(this.endMs, new Float64Array(length));
    this.parent = sized(this.parent, new Int32Array(length));
    this.kind = sized(this.kind, new Uint8Array(length));
    this.status = sized(this.status, new Uint8Array(length));
    this.flags = sized(this.flags, new Uint32Array(length));
    this.name = sized(this.name, new Uint32Array(length));
    this.label = sized(this.label, new Uint32Array(length));
    this.outcome = sized(this.outcome, new Uint32Array(length));
    this.tokens = sized(this.tokens, new Float64Array(length));
    this.cost = sized(this.cost, new Float64Array(length));
  }
}

/** NaN for a time that is missing or impossible. */
function usableTime(timeMs: number | undefined): number {
  return timeMs !== undefined && isPossibleTime(timeMs) ? timeMs : Number.NaN;
}

type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

function sized<T extends Column>(old: T | undefined, larger: T, length = old?.length ?? 0): T {
  if (old !== undefined) larger.set(old.subarray(0, length));
  return larger;
}
