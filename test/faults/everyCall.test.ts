// Every single call that a session makes to the file system fails, is cut short, or is the last one of the process; then
// the session is recovered as after a kill and held against what was acknowledged.

import { expect, it } from "vitest";
import type { FsyncMode } from "../../src/recorder/traceTypes";
import type { LoggedCall } from "./callLog";
import { type FaultCase, type Played, played, wrongAfter } from "./faultCase";
import type { Fault } from "./faultyFs";
import { directory } from "./recordedSession";
import type { Ending } from "./scriptedSession";

/** A net for what hangs, not a limit on time. */
const limitMs = 600_000;

interface Strike {
  readonly name: string;
  /** The fault that strikes this call; none where it does not fit it. */
  at(call: LoggedCall, calls: readonly LoggedCall[]): Fault | undefined;
  /** Nobody may notice it. */
  isHarmless?(call: LoggedCall): boolean;
}

const isWrite = ({ name }: LoggedCall) => name === "write";
const isRename = ({ name }: LoggedCall) => name === "rename";
/** Calls before this one that a fault on such calls counts. */
const countBefore = (calls: readonly LoggedCall[], { index }: LoggedCall, isCounted: (call: LoggedCall) => boolean) =>
  calls.slice(0, index).filter(isCounted).length;

const once: Strike[] = (["ENOSPC", "EIO", "EROFS", "EMFILE", "EACCES"] as const).map((error) => ({
  name: error,
  at: ({ index }) => ({ at: index, error }),
}));
const interrupted: Strike = {
  name: "EINTR",
  at: ({ index }) => ({ at: index, error: "EINTR" }),
  // The system itself goes on with all others.
  isHarmless: ({ name }) => name === "write" || name === "read",
};
const fromThereOn: Strike[] = (["ENOSPC", "EIO"] as const).map((error) => ({
  name: `${error} from there on`,
  at: ({ index }) => ({ at: index, error, persist: true }),
}));
const fullDisk: Strike = {
  name: "a full disk",
  at: (call, calls) =>
    isWrite(call)
      ? { on: { name: "write" }, at: countBefore(calls, call, isWrite), error: "ENOSPC", persist: true }
      : undefined,
};
const tookEffect: Strike = {
  name: "EIO although it took effect",
  at: ({ index }) => ({ at: index, error: "EIO", tookEffect: true }),
};
const refused: Strike[] = [false, true].map((persist) => ({
  name: persist ? "EPERM of each rename from there on" : "EPERM",
  at: (call, calls) =>
    isRename(call)
      ? { on: { name: "rename" }, at: countBefore(calls, call, isRename), error: "EPERM", persist }
      : undefined,
}));
const deaths: Strike[] = [
  { name: "death before", at: ({ index }) => ({ at: index, stop: "before" }) },
  { name: "death after", at: ({ index }) => ({ at: index, stop: "after" }) },
  { name: "death before, the rest finished", at: ({ index }) => ({ at: index, stop: "before", inFlight: "finished" }) },
];
const parts: readonly (readonly [string, (length: number) => number])[] = [
  ["one byte", () => 1],
  ["half", (length) => Math.ceil(length / 2)],
  // The text without its line feed.
  ["all but one byte", (length) => length - 1],
];
const cutWrites: Strike[] = parts.flatMap(([part, bytesOf]): Strike[] => {
  const cut =
    (faultOf: (bytes: number) => Fault) =>
    (call: LoggedCall, calls: readonly LoggedCall[]): Fault | undefined => {
      const { bytes: length = 0 } = call;
      if (!isWrite(call) || length < 2) return undefined;
      const bytes = bytesOf(length);
      const at = countBefore(calls, call, (other) => isWrite(other) && (other.bytes ?? 0) > bytes);
      return { ...faultOf(bytes), at };
    };
  return [
    { name: `a write of ${part}`, at: cut((bytes) => ({ shortWrite: bytes })), isHarmless: () => true },
    { name: `ENOSPC after ${part}`, at: cut((bytes) => ({ failAfterPartial: bytes, error: "ENOSPC" })) },
    { name: `death after ${part}`, at: cut((bytes) => ({ stop: { afterBytes: bytes } })) },
  ];
});

const everything = [
  ...once,
  interrupted,
  ...fromThereOn,
  fullDisk,
  tookEffect,
  ...refused,
  ...deaths,
  ...cutWrites,
] as const;
/** Where only the syncs are others. */
const some = everything.filter(({ name }) => /^(EIO|a full disk|death|ENOSPC after|ENOSPC from)/.test(name));

it.each<[FsyncMode, Ending, readonly Strike[]]>([
  ["interval", "finish", everything],
  ["interval", "crash", everything],
  ["always", "finish", some],
  ["always", "crash", some],
  ["never", "finish", deaths],
  ["never", "crash", deaths],
])("with fsync %s and a %s each call may fail in any way", { timeout: limitMs }, async (fsync, ending, strikes) => {
  const calls = await played({ fsync, ending }, async (result) => {
    const { session, fs } = result;
    const made = fs.calls.slice();
    expect(session.problems).toEqual([]);
    expect(session.acknowledgedCount).toBe(session.attempted.length);
    expect(await wrongAfter(result)).toEqual([]);
    return made;
  });
  // Up to its end a session that crashes is one that finishes.
  const first = ending === "finish" ? 0 : await countUntilEnd({ fsync, ending: "kill" });
  const failures: string[] = [];
  for (const call of calls.slice(first)) {
    for (const strike of strikes) {
      const fault = strike.at(call, calls);
      if (fault === undefined) continue;
      const mayBeNoticed = strike.isHarmless?.(call) !== true;
      const wrong = await wrongWith({ fsync, ending, faults: [fault] }, mayBeNoticed);
      const place = `call ${call.index}, ${call.mode} ${call.name} ${call.path.replace(directory, "")}`;
      if (wrong.length > 0) failures.push(`${strike.name} at ${place}: ${wrong.join("; ")}`);
    }
  }
  expect(calls.length - first).toBeGreaterThan(20);
  expect(failures.slice(0, 20)).toEqual([]);
});

function countUntilEnd(options: FaultCase): Promise<number> {
  return played(options, ({ fs }: Played) => fs.calls.length);
}

function wrongWith(options: FaultCase, mayBeNoticed: boolean): Promise<string[]> {
  return played(options, async (result) => {
    const { session, fs } = result;
    const wrong: string[] = fs.fired === 0 ? ["the fault has not struck"] : [];
    if (!mayBeNoticed) wrong.push(...session.problems);
    return [...wrong, ...(await wrongAfter(result))];
  });
}
