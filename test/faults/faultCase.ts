// Plays the scripted session with some faults, lets its process die at the end if it has not by then, and says what is
// wrong with what it left: before recovery, after it, and after a second one, which must find nothing to do.

import { vi } from "vitest";
import type { Incarnation } from "../../src/recorder/incarnation";
import { forgetIncarnation } from "../../src/recorder/incarnations";
import { recoverSession } from "../../src/recorder/recoverSession";
import type { FsyncMode } from "../../src/recorder/traceTypes";
import { readJournal } from "../../src/trace/journal";
import { parseTraceFileName } from "../../src/trace/safeId";
import { CrashableFs } from "./crashableFs";
import { type Fault, type FaultyFs, faultyFs } from "./faultyFs";
import { laterTurn } from "./laterTurn";
import { mortalFs } from "./mortalFs";
import type { DifferenceOptions } from "./oracle";
import { directory, machineAfterwards, RecordedSession, safeId, wrongIn } from "./recordedSession";
import { type Ending, fakedTimers, playSession } from "./scriptedSession";
import { loadFrom } from "./sessionOnDisk";

export interface FaultCase {
  readonly fsync: FsyncMode;
  readonly ending: Ending;
  readonly faults?: readonly Fault[];
}

export interface Played {
  readonly session: RecordedSession;
  readonly fs: FaultyFs;
  readonly disk: CrashableFs;
}

/** Plays the scripted session and hands what came of it to `look`; nothing of it is left in this process afterwards. */
export async function played<T>(
  { fsync, ending, faults = [] }: FaultCase,
  look: (played: Played) => T | Promise<T>,
): Promise<T> {
  return await withSession(fsync, faults, async (result) => {
    await playSession(result.session, result.fs, ending);
    return await look(result);
  });
}

/** The same for a session that `act` plays. */
export async function withSession<T>(
  fsync: FsyncMode,
  faults: readonly Fault[],
  act: (played: Played) => T | Promise<T>,
): Promise<T> {
  vi.useFakeTimers({ toFake: [...fakedTimers], now: 1_790_000_000_000 });
  const disk = new CrashableFs({ directories: ["/home"] });
  const fs = faultyFs(disk, faults);
  const mortal = mortalFs(fs);
  const session = new RecordedSession(mortal, { fsync, death: fs });
  try {
    return await act({ session, fs, disk });
  } finally {
    fs.stop();
    mortal.bury();
    if (session.recorder) forgetIncarnation(session.recorder.path, session.recorder as Incarnation);
    for (let turns = 0; turns < 3; turns++) await laterTurn();
    vi.useRealTimers();
  }
}

/** Everything that is wrong, in words. */
export async function wrongAfter(played: Played): Promise<string[]> {
  const { session, fs, disk } = played;
  const wrong: string[] = session.thrown.map((error) => `it threw ${String(error)} into the program`);
  wrong.push(...(await leftOpen(played)));
  fs.stop();
  const left = disk.processKill();
  wrong.push(...wrongIn(session, loadFrom(left, directory, safeId)));
  wrong.push(...(await wrongWithRecovery(session, left)));
  return wrong;
}

/** Recovers `left`, twice, and looks at what it makes of it. */
export async function wrongWithRecovery(
  session: RecordedSession,
  left: CrashableFs,
  acknowledged = session.acknowledged,
  options: DifferenceOptions = {},
): Promise<string[]> {
  const wrong: string[] = [];
  const say = (text: string) => wrong.push(`after recovery: ${text}`);
  if (!hasDirectory(left)) return acknowledged.length > 0 ? ["there is no directory"] : [];
  const damage = loadFrom(left, directory, safeId).problems;
  // While nobody can tell who writes to a session, nothing of it is removed.
  const isOwnerless = [...left.snapshotFiles()].some(
    ([path, bytes]) => path.endsWith(".ndjson") && readJournal(bytes, nameOf(path)).header === undefined,
  );
  const { action, error, keptFiles } = await recoverSession(directory, safeId, {
    fs: left,
    machine: machineAfterwards,
  });
  // Of a journal that was made and never begun nobody knows whose it is: it stays, and nothing was in it.
  if (action === "unknown" && (acknowledged.length === 0 || isOwnerless)) return wrong;
  if (!["folded", "cleaned", "marked", "nothing", "removed-empty"].includes(action)) say(`it is ${action}`);
  if (error) say(String(error));
  for (const text of wrongIn(session, loadFrom(left, directory, safeId), acknowledged, options)) say(text);
  const after = contents(left);
  if (!isOwnerless) for (const name of after.keys()) if (isUnfinished(name)) say(`${name} is left`);
  const again = await recoverSession(directory, safeId, { fs: left, machine: machineAfterwards });
  if (again.action !== "nothing") say(`again it is ${again.action}`);
  const later = contents(left);
  for (const [name, text] of later) if (after.get(name) !== text) say(`a second one changes ${name}`);
  for (const name of after.keys()) if (!later.has(name)) say(`a second one removes ${name}`);
  if (left.openCount > 0) say(`${left.openCount} descriptors are open`);
  if (damage.length === 0) for (const name of keptFiles) say(`${name} is kept, although nothing was damaged`);
  return wrong;
}

/** Descriptors that the recorder forgot. One that has nothing to do gives its journal back after a while. */
async function leftOpen({ session, fs }: Played): Promise<string[]> {
  if (fs.isStopped) return [];
  // One that can't write goes on trying.
  const isTrying = session.recorder?.health.state !== "ok";
  if (fs.openFds.length > 0) {
    for (const ms of [2000, 60_000]) {
      vi.advanceTimersByTime(ms);
      await fs.quiet();
    }
  }
  return fs.openFds.filter((path) => !(isTrying && path.endsWith(".ndjson"))).map((path) => `${path} is left open`);
}

/** Journals go into `S.json`, `S.live` becomes the marker or goes, and a temporary file belongs to nobody. */
function isUnfinished(name: string): boolean {
  const { type } = parseTraceFileName(name);
  return type === "journal" || type === "live";
}

function hasDirectory(disk: CrashableFs): boolean {
  try {
    return disk.sync.stat(directory).kind === "directory";
  } catch {
    return false;
  }
}

function contents(disk: CrashableFs): Map<string, string> {
  const found = new Map<string, string>();
  for (const [path, bytes] of disk.snapshotFiles()) {
    found.set(nameOf(path), Buffer.from(bytes).toString("latin1"));
  }
  return found;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
