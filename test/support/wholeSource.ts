// A session that is read whole each time, from where a test has it.
import { readingInMemory } from "../../src/reader/readingInMemory";
import type { SessionSource } from "../../src/reader/sessionSource";
import type { LoadedSession } from "../../src/trace/sessionFiles";

export function wholeSource(load: (signal: AbortSignal) => Promise<LoadedSession>): SessionSource {
  return {
    read: async (signal) => ({ type: "anew", reading: readingInMemory(await load(signal)) }),
    forget() {},
    dispose() {},
  };
}
