// Tells whether a step that finished would do the same if it ran again: what names it or words its failure has no part in
// that, nor has how often and how long it is tried.

import { createHash } from "node:crypto";

/** What decides what a step does; for `run` steps also the playbook's environment and folder. */
export interface Definition {
  readonly action: string;
  readonly with: unknown;
  readonly expect: unknown;
  readonly condition?: string | undefined;
  readonly recover?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Hex SHA-256 of the canonical JSON; placeholders count as they are written. */
export function definitionHash(definition: Definition): string {
  return createHash("sha256").update(canonicalJson(definition)).digest("hex");
}

/** JSON with sorted keys and no spaces; what JSON can't write is left out or null, as `JSON.stringify` does. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, each: unknown) => {
      if (typeof each !== "object" || each === null || Array.isArray(each)) return each;
      const entries = Object.entries(each).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      return Object.fromEntries(entries);
    }) ?? "null"
  );
}
