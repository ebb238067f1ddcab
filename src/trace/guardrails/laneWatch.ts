// Watches the actions of one agent in an opened trace. Most differ from all before in what the columns know of them, and are
// never read; the first of two that may be the same is read when the second comes.

import type { ComparedAction } from "./comparedAction";
import type { GuardrailSettings } from "./guardrail";
import { LoopPatterns } from "./loopPatterns";
import type { LoopSign } from "./loopSign";

/** As many as `KnownActions` remembers. */
const mostRemembered = 1_000;

interface First {
  readonly row: number;
  readonly at: number;
  /** It is known which action it is. */
  isRead: boolean;
  isNamed: boolean;
}

/** What is asked about rows. */
export interface ActionReader {
  /** Equal for rows that may be the same action, at no cost; undefined where nothing is known. */
  hintOf(row: number): string | undefined;
  /** The columns say that it may be a wait. */
  mayWait(row: number): boolean;
  /** Undefined where nobody tells what it did: it is like no other. */
  read(row: number): ComparedAction | undefined;
  outcomeOf(row: number): string;
  isFailed(row: number): boolean;
}

export class LaneWatch {
  readonly #patterns: LoopPatterns;
  readonly #byHint = new Map<string, First>();
  readonly #byKey = new Map<string, First>();

  constructor(settings: GuardrailSettings) {
    this.#patterns = new LoopPatterns(settings);
  }

  /** The patterns that the row is part of. */
  add(row: number, reader: ActionReader): readonly LoopSign[] {
    const hint = reader.mayWait(row) ? undefined : reader.hintOf(row);
    if (hint !== undefined) {
      const first = this.#byHint.get(hint);
      if (first === undefined) {
        remember(this.#byHint, hint, this.#unnamed(row));
        return [];
      }
      remember(this.#byHint, hint, first);
      if (!first.isRead) {
        first.isRead = true;
        const key = reader.read(first.row)?.key;
        if (key !== undefined && !this.#byKey.has(key)) remember(this.#byKey, key, first);
      }
    }
    return this.#addRead(row, reader);
  }

  #addRead(row: number, reader: ActionReader): readonly LoopSign[] {
    const action = reader.read(row);
    if (action === undefined) {
      this.#patterns.addUnnamed(row);
      return [];
    }
    const isFailed = reader.isFailed(row);
    if (action.isWait) return this.#patterns.add({ ...action, index: row, outcome: "", isFailed }) ?? [];
    const first = this.#byKey.get(action.key);
    if (first === undefined) {
      remember(this.#byKey, action.key, { ...this.#unnamed(row), isRead: true });
      return [];
    }
    remember(this.#byKey, action.key, first);
    if (!first.isNamed) {
      first.isNamed = true;
      this.#patterns.name(first.at, first.row, action.key, reader.outcomeOf(first.row));
    }
    return this.#patterns.add({ ...action, index: row, outcome: reader.outcomeOf(row), isFailed }) ?? [];
  }

  #unnamed(row: number): First {
    return { row, at: this.#patterns.addUnnamed(row), isRead: false, isNamed: false };
  }
}

function remember(firsts: Map<string, First>, key: string, first: First): void {
  firsts.delete(key);
  firsts.set(key, first);
  if (firsts.size <= mostRemembered) return;
  const [oldest] = firsts.keys();
  if (oldest !== undefined) firsts.delete(oldest);
}
