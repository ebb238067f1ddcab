// At most one replacement of a file is under way in a process: two renames onto one name could land in any order.

import { resolve } from "node:path";

const gates = new Map<string, Promise<unknown>>();

/** Runs `replace` once those that were asked for `path` before have returned; rejects as it does. */
export function throughRenameGate<T>(path: string, replace: () => Promise<T>): Promise<T> {
  const key = resolve(path);
  const before = gates.get(key);
  const result = before === undefined ? replace() : before.then(replace, replace);
  const forget = () => {
    if (gates.get(key) === settled) gates.delete(key);
  };
  const settled: Promise<void> = result.then(forget, forget);
  gates.set(key, settled);
  return result;
}

/** Resolves when no replacement of `path` is under way in this process. */
export async function renamesSettled(path: string): Promise<void> {
  const key = resolve(path);
  for (let gate = gates.get(key); gate !== undefined; gate = gates.get(key)) await gate;
}
