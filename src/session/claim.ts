// A launch is run once: who creates its claim runs it, and whoever starts the same command again (a terminal that VS Code
// brings back) is told that it was run. What the claim says is filled in once the session is recorded and running.

import { randomBytes } from "node:crypto";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { errorCode } from "../base/errorCode";
import { thisMachine } from "../recorder/liveness";
import { claimPathOf, type Launch, type LaunchClaim, readClaim } from "./launch";

export type ClaimResult =
  | { readonly type: "ours"; readonly claim: LaunchClaim }
  /** `claim` is missing where it can't be read. */
  | { readonly type: "taken"; readonly claim: LaunchClaim | undefined };

/** Rejects with the system's error where nobody can know whether it was run: then it must not be. */
export async function claimLaunch(launch: Pick<Launch, "id">, launchPath: string): Promise<ClaimResult> {
  const facts = thisMachine().process(process.pid);
  const start = facts.type === "present" ? facts.start : undefined;
  const claim: LaunchClaim = {
    version: 1,
    id: launch.id,
    pid: process.pid,
    ...(start === undefined ? {} : { processStart: start }),
    claimedAt: new Date().toISOString(),
  };
  try {
    const file = await open(claimPathOf(launchPath), "wx", 0o600);
    try {
      await file.writeFile(`${JSON.stringify(claim)}\n`);
    } catch {
      // On a full disk it stays empty, which is a claim all the same.
    } finally {
      await file.close();
    }
    return { type: "ours", claim };
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    return { type: "taken", claim: await readClaim(launchPath) };
  }
}

/** Replaces what the claim says, whole or not at all. Rejects with the system's error. */
export async function completeClaim(launchPath: string, claim: LaunchClaim): Promise<void> {
  const path = claimPathOf(launchPath);
  const temp = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await writeFile(temp, `${JSON.stringify(claim)}\n`, { mode: 0o600, flag: "wx" });
    await rename(temp, path);
  } catch (error) {
    await rm(temp, { force: true });
    throw error;
  }
}
