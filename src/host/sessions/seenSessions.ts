// Which bad ends a person has seen. Kept per workspace; an end counts as seen once its trace was opened or all were
// marked. On first use what is already there counts as seen, so that the badge starts at what happens from now on.

import type * as vscode from "vscode";
import * as z from "zod/mini";
import type { SessionEntry } from "../../store/sessionEntry";
import { entryTimeMs, isFailed } from "./sessionRows";

const storageKey = "tracekeeper.seenSessions";
/** Keys of single sessions kept; older ones are covered by `allBeforeMs`. */
const keptKeys = 500;

const storedSchema = z.object({ allBeforeMs: z.number(), keys: z.array(z.string()) });

export class SeenSessions {
  readonly #memento: Pick<vscode.Memento, "get" | "update">;
  #allBeforeMs: number;
  #keys: Set<string>;

  constructor(memento: Pick<vscode.Memento, "get" | "update">, nowMs: number) {
    this.#memento = memento;
    const stored = storedSchema.safeParse(memento.get(storageKey));
    this.#allBeforeMs = stored.success ? stored.data.allBeforeMs : nowMs;
    this.#keys = new Set(stored.success ? stored.data.keys : []);
    if (!stored.success) void this.#save();
  }

  /** Failed or crashed, and nobody has looked yet. */
  isUnseen(entry: SessionEntry): boolean {
    return isFailed(entry) && seenMs(entry) > this.#allBeforeMs && !this.#keys.has(endKey(entry));
  }

  async markSeen(entry: SessionEntry): Promise<void> {
    if (!this.isUnseen(entry)) return;
    this.#keys.add(endKey(entry));
    if (this.#keys.size > keptKeys) this.#keys = new Set([...this.#keys].slice(-keptKeys));
    await this.#save();
  }

  async markAllSeen(nowMs: number): Promise<void> {
    this.#allBeforeMs = nowMs;
    this.#keys.clear();
    await this.#save();
  }

  async #save(): Promise<void> {
    await this.#memento.update(storageKey, { allBeforeMs: this.#allBeforeMs, keys: [...this.#keys] });
  }
}

/** A session that fails again after a restart is unseen again. */
function endKey(entry: SessionEntry): string {
  return `${entry.key}@${entryTimeMs(entry)}`;
}

/** File time and not the recorded end: a crash of last week that is copied in today is news. */
function seenMs(entry: SessionEntry): number {
  return entry.modifiedMs;
}
