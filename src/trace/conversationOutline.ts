// Which rows a conversation is made of, in which order, and which tool calls belong to which answer: from columns, so that
// what is said has to be read only where it is shown. Linear but for rows that are not in order of time; no recursion.

import { finish, rowsPerStep, type Steps } from "../base/steps";
import { namedToolCalls } from "./messageText";
import type { TraceSpan } from "./schema";
import { sortInSteps } from "./sortInSteps";
import { FLAG, kindCodes, type SpanColumns, statusCodes } from "./spanColumns";
import type { SpanSource } from "./spanSource";
import { wordsOf } from "./spokenWords";
import { payloadValue } from "./wholePayload";

export const ITEM = { user: 0, prompt: 1, words: 2, answer: 3, calls: 4, error: 5 } as const;

export interface ConversationOutline {
  /** How many items there are. */
  readonly count: number;
  /** By item, one of `ITEM`. */
  readonly type: Uint8Array;
  /** By item its row; that of `ITEM.calls` is the first of them. */
  readonly row: Int32Array;
  /** By item where its calls begin in `callRows`; one more for the end of the last. */
  readonly firstCall: Int32Array;
  readonly callRows: Int32Array;
  /** By row the nearest tool call above it, -1 for none. */
  readonly insideRow: Int32Array;
}

const session = kindCodes.indexOf("session");
const generation = kindCodes.indexOf("generation");
const tool = kindCodes.indexOf("tool");
const text = kindCodes.indexOf("text");
const plainSpan = kindCodes.indexOf("span");
const message = kindCodes.indexOf("user-message");
const failed = statusCodes.indexOf("error");

/** After so many silent answers it counts as a conversation all the same, so that not all of them have to be read. */
const mostSilentAnswers = 2_000;

/** Does anybody speak in this trace: a message, an answer with words, a prompt to a model? */
export function hasConversation(spans: SpanSource, columns: SpanColumns): boolean {
  return new ConversationTally().update(spans, columns, [], 0);
}

/** The same, kept up to date while rows change and come. Once somebody has spoken, nothing more is looked at. */
export class ConversationTally {
  #isFound = false;
  /** Sessions and answers whose words were not looked for yet. */
  readonly #sessions = new Set<number>();
  readonly #answers = new Set<number>();
  /** Answers without words. */
  readonly #silent = new Set<number>();

  /**
   * @param changedRows of those before `from`, the first row that was not there at the last call
   * @throws TraceReplacedError
   */
  update(spans: SpanSource, columns: SpanColumns, changedRows: Iterable<number>, from: number): boolean {
    if (this.#isFound) return true;
    for (const row of changedRows) this.#sort(columns, row);
    for (let row = from; row < spans.count && !this.#isFound; row++) this.#sort(columns, row);
    const hasAnswer = this.#answers.size + this.#silent.size > 0;
    if (!this.#isFound && hasAnswer) this.#isFound = this.#findPrompt(spans) || this.#findWords(spans);
    if (this.#isFound) for (const rows of [this.#sessions, this.#answers, this.#silent]) rows.clear();
    return this.#isFound;
  }

  #sort({ kind, flags }: SpanColumns, row: number): void {
    for (const rows of [this.#sessions, this.#answers, this.#silent]) rows.delete(row);
    if (kind[row] === message || (kind[row] === text && ((flags[row] ?? 0) & FLAG.output) === 0)) this.#isFound = true;
    else if (kind[row] === session) this.#sessions.add(row);
    else if (kind[row] === generation) this.#answers.add(row);
  }

  #findPrompt(spans: SpanSource): boolean {
    for (const row of this.#sessions) if (hasPrompt(spans, row)) return true;
    this.#sessions.clear();
    return false;
  }

  #findWords(spans: SpanSource): boolean {
    for (const row of this.#answers) {
      const output = payloadAt(spans, row, "output");
      if (namedToolCalls(output) === undefined && wordsOf(output).totalLength > 0) return true;
      this.#silent.add(row);
      if (this.#silent.size >= mostSilentAnswers) return true;
    }
    this.#answers.clear();
    return false;
  }
}

/** Without an item where nobody speaks. */
export function conversationOutline(spans: SpanSource, columns: SpanColumns): ConversationOutline {
  return finish(outlineInSteps(spans, columns));
}

/** The same, with pauses in which others can be served. */
export function* outlineInSteps(spans: SpanSource, columns: SpanColumns): Steps<ConversationOutline> {
  const { kind, flags, status } = columns;
  const owner = yield* nearestAbove(spans.count, columns, (above) =>
    above === generation ? FOUND : above === plainSpan ? PASS : STOP,
  );
  const insideRow = yield* nearestAbove(spans.count, columns, (above) =>
    above === tool ? FOUND : above === session ? STOP : PASS,
  );
  yield;
  const items = new Items();
  if (!hasConversation(spans, columns)) return yield* items.outline(insideRow, new Int32Array(), new Int32Array());
  yield;
  const rows = yield* rowsInTime(spans.count, columns);
  const hasMessage = rows.some((row) => kind[row] === message);
  /** By row of an answer its item, and by row of a call that of its answer. */
  const itemOf = new Int32Array(spans.count).fill(-1);
  let done = 0;
  for (const row of rows) {
    if (++done % rowsPerStep === 0) yield;
    switch (kind[row]) {
      case message:
        items.add(ITEM.user, row);
        break;
      case session:
        // The prompt is there once more as the first message where the producer writes messages.
        if (!hasMessage && hasPrompt(spans, row)) items.add(ITEM.prompt, row);
        break;
      case text:
        items.add(ITEM.words, row);
        break;
      case generation:
        itemOf[row] = items.add(ITEM.answer, row);
        break;
      default: {
        // A call that began before its answer did stands for itself.
        const answer = itemOf[owner[row] ?? -1] ?? -1;
        itemOf[row] = answer >= 0 ? answer : items.looseCall(row, insideRow);
      }
    }
  }
  for (let row = 0; row < spans.count; row++) {
    if (row % rowsPerStep === 0) yield;
    const isError = kind[row] === session && status[row] === failed && ((flags[row] ?? 0) & FLAG.interrupted) === 0;
    if (isError) items.add(ITEM.error, row);
  }
  yield;
  const calls = rows.filter((row) => kind[row] === tool);
  yield;
  return yield* items.outline(insideRow, calls, itemOf);
}

/** What a panel may be shown of a payload: the field, or the attribute in which instrumentation keeps it. */
function payloadAt(spans: SpanSource, row: number, field: "input" | "output"): unknown {
  const value = spans.fieldAt(row, field);
  if (value !== undefined) return value;
  return payloadValue({ ...blank, attributes: spans.fieldAt(row, "attributes") as TraceSpan["attributes"] }, field);
}

const blank = { spanId: "", parentSpanId: null, name: "", kind: "span", startTime: 0, status: "ok" } as const;

function hasPrompt(spans: SpanSource, row: number): boolean {
  return wordsOf(payloadAt(spans, row, "input")).totalLength > 0;
}

class Items {
  readonly #type: number[] = [];
  readonly #row: number[] = [];

  /** Returns the number of the item. */
  add(type: number, row: number): number {
    this.#row.push(row);
    return this.#type.push(type) - 1;
  }

  /** The item to which a call without an answer is added: the last one, where that is made of such calls. */
  looseCall(row: number, insideRow: Int32Array): number {
    const last = this.#type.length - 1;
    const isSame = this.#type[last] === ITEM.calls && insideRow[this.#row[last] ?? 0] === insideRow[row];
    return isSame ? last : this.add(ITEM.calls, row);
  }

  /**
   * @param calls rows of tool calls, in the order in which they are shown
   * @param itemOf by row of a call its item
   */
  *outline(insideRow: Int32Array, calls: Int32Array, itemOf: Int32Array): Steps<ConversationOutline> {
    const count = this.#type.length;
    const firstCall = new Int32Array(count + 1);
    for (const row of calls) firstCall[(itemOf[row] ?? 0) + 1] = (firstCall[(itemOf[row] ?? 0) + 1] ?? 0) + 1;
    for (let item = 0; item < count; item++) firstCall[item + 1] = (firstCall[item + 1] ?? 0) + (firstCall[item] ?? 0);
    yield;
    const next = firstCall.slice();
    const callRows = new Int32Array(calls.length);
    let done = 0;
    for (const row of calls) {
      if (++done % rowsPerStep === 0) yield;
      const item = itemOf[row] ?? 0;
      const at = next[item] ?? 0;
      callRows[at] = row;
      next[item] = at + 1;
    }
    yield;
    const [type, row] = [Uint8Array.from(this.#type), Int32Array.from(this.#row)];
    return { count, type, row, firstCall, callRows, insideRow };
  }
}

const FOUND = 0;
const PASS = 1;
const STOP = 2;
const unresolved = -2;

/**
 * For each row the nearest row above it that `judge` finds; -1 for none. Each row is resolved once: a walk upwards stops at
 * a row whose answer is known and hands it to all rows that it passed.
 */
function* nearestAbove(
  count: number,
  { kind, parent }: SpanColumns,
  judge: (kind: number) => number,
): Steps<Int32Array> {
  const nearest = new Int32Array(count).fill(unresolved);
  const verdicts = Uint8Array.from(kindCodes, (_, code) => judge(code));
  const passed: number[] = [];
  for (let row = 0; row < count; row++) {
    if (row % rowsPerStep === 0) yield;
    let at = row;
    let answer = unresolved;
    while (answer === unresolved) {
      const known = nearest[at] ?? -1;
      if (known !== unresolved) {
        answer = known;
        break;
      }
      passed.push(at);
      const above = parent[at] ?? -1;
      // What hangs under the row of missing parents has nobody above it.
      const verdict = above < 0 || above >= count ? STOP : (verdicts[kind[above] ?? 0] ?? STOP);
      if (verdict === PASS) at = above;
      else answer = verdict === FOUND ? above : -1;
    }
    for (const each of passed) nearest[each] = answer;
    passed.length = 0;
  }
  return nearest;
}

/**
 * Rows that may be items, by start; what started at one moment in the order of the trace, the session and messages before
 * answers, and these before calls.
 */
function* rowsInTime(count: number, { kind, flags, startMs }: SpanColumns): Steps<Int32Array> {
  const ranks = Uint8Array.from(kindCodes, (_, code) =>
    code === session ? 0 : code === message ? 1 : code === tool ? 3 : 2,
  );
  const startOf = (row: number) => {
    const start = startMs[row] ?? Number.NaN;
    return Number.isNaN(start) ? 0 : start;
  };
  const rankOf = (row: number) => ranks[kind[row] ?? 0] ?? 0;
  const compare = (a: number, b: number) => startOf(a) - startOf(b) || rankOf(a) - rankOf(b) || a - b;
  const rows = new Int32Array(count);
  let length = 0;
  let isSorted = true;
  for (let row = 0; row < count; row++) {
    if (row % rowsPerStep === 0) yield;
    if (kind[row] === plainSpan || (kind[row] === text && ((flags[row] ?? 0) & FLAG.output) !== 0)) continue;
    if (isSorted && length > 0 && compare(rows[length - 1] ?? 0, row) > 0) isSorted = false;
    rows[length++] = row;
  }
  const found = rows.subarray(0, length);
  if (!isSorted) yield* sortInSteps(found, compare);
  return found;
}
