// The power is cut after every turn of random sessions: what the chosen sync promises is there, nothing is invented, and
// every file opens, whatever of the rest the disk lost, tore or kept in another order.

import fc from "fast-check";
import { expect, it } from "vitest";
import type { FsyncMode } from "../../src/recorder/traceTypes";
import { readSnapshot } from "../../src/trace/readSnapshot";
import type { CrashableFs } from "./crashableFs";
import { withSession, wrongWithRecovery } from "./faultCase";
import type { Fault } from "./faultyFs";
import { seeded } from "./random";
import { programs, runProgram } from "./randomProgram";
import { directory, type RecordedSession, safeId, wrongIn } from "./recordedSession";
import type { Ending } from "./scriptedSession";
import { loadFrom } from "./sessionOnDisk";

const endings = fc.constantFrom<Ending>("finish", "crash", "kill");
const gaps = { mayHaveGaps: true };

/** What is wrong with what a power cut leaves, found as it is and after recovery. */
async function wrongAfterCut(session: RecordedSession, disk: CrashableFs, seed: number): Promise<string[]> {
  const left = disk.powerCut(seeded(seed));
  const { durable } = session;
  const wrong = wrongIn(session, loadFrom(left, directory, safeId), durable, gaps);
  if (isSnapshotSynced(session)) wrong.push(...wrongSnapshot(left));
  wrong.push(...(await wrongWithRecovery(session, left, durable, gaps)));
  // What recovery has done outlives the next power cut.
  const again = left.powerCut(seeded(seed + 1));
  for (const text of wrongIn(session, loadFrom(again, directory, safeId), durable, gaps)) {
    wrong.push(`after recovery and another power cut: ${text}`);
  }
  return wrong;
}

/** Otherwise it may have its new name before its text: a crash has no time for syncs, and `never` wants none. */
function isSnapshotSynced({ fsync, hasCrashed }: RecordedSession): boolean {
  return fsync === "always" || (fsync === "interval" && !hasCrashed);
}

/** `S.json` is replaced as a whole or not at all. */
function wrongSnapshot(left: CrashableFs): string[] {
  const bytes = left.snapshotFiles().get(`${directory}/${safeId}.json`);
  return bytes === undefined ? [] : readSnapshot(bytes, "S.json").problems.map(({ message }) => message);
}

const failedSync = fc.option(
  fc
    .record({ at: fc.nat(12), times: fc.integer({ min: 1, max: 3 }) })
    .map(({ at, times }): Fault => ({ on: { name: "syncData" }, at, times, error: "EIO" })),
  { nil: undefined },
);

it.each<[FsyncMode]>([["always"], ["interval"], ["never"]])(
  "a power cut after any turn costs a session with fsync %s nothing that was promised",
  { timeout: 600_000 },
  async (fsync) => {
    await fc.assert(
      fc.asyncProperty(programs, endings, failedSync, fc.integer(), async (actions, ending, fault, seed) => {
        const faults = fault === undefined || fsync === "never" ? [] : [fault];
        await withSession(fsync, faults, async ({ session, fs, disk }) => {
          let turn = 0;
          await runProgram(session, fs, actions, ending, async () => {
            expect(await wrongAfterCut(session, disk, seed + turn++), `in turn ${turn}`).toEqual([]);
          });
          for (let again = 0; again < 8; again++) {
            expect(await wrongAfterCut(session, disk, seed + turn++), "at the end").toEqual([]);
          }
          expect(session.thrown).toEqual([]);
        });
      }),
      { numRuns: 200 },
    );
  },
);
