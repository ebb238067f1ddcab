// At most one replacement of a file is under way in a process: two renames onto one name could land in any order.

const gates = new Map<string, Promise<unknown>>();

/** Runs `replace` once those that were asked for `path` before have returned; rejects as it does. */
export function throughRenameGate<T>(path: string, replace: () => Promise<T>): Promise<T> {
  const before = gates.get(path);
  const result = before === undefined ? replace() : before.then(replace, replace);
  const forget = () => {
    if (gates.get(path) === settled) gates.delete(path);
  };
  const settled: Promise<void> = result.then(forget, forget);
  gates.set(path, settled);
  return result;
}

/** Resolves when no replacement of `path` is under way in this process. */
export async function renamesSettled(path: string): Promise<void> {
  for (let gate = gates.get(path); gate !== undefined; gate = gates.get(path)) await gate;
}
