// The launches folder in the extension's storage: what was started, in files that only this user can read, each with the
// claim of the process that runs it. A launch that ended, or that nobody ever ran, is removed after a day; its claim stays
// for long, because a terminal that is brought back starts the same command again and has to be told that it was run.

import { chmod, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../base/errorCode";
import type { ProcessFacts } from "../../recorder/liveness";
import { makeFolders } from "../../recorder/makeFolders";
import { completeClaim } from "../../session/claim";
import { claimPathOf, type Launch, type LaunchClaim, readClaim, readLaunch } from "../../session/launch";

const dayMs = 24 * 60 * 60 * 1000;
export const keptLaunchMs = dayMs;
export const keptClaimMs = 90 * dayMs;

export interface FoundLaunch {
  /** Of the launch file. */
  readonly path: string;
  /** Undefined where the file can't be read as a launch. */
  readonly launch: Launch | undefined;
  readonly claim: LaunchClaim | undefined;
}

export class LaunchFolder {
  readonly path: string;

  /** @param path absolute; made when the first launch is written */
  constructor(path: string) {
    this.path = path;
  }

  pathOf(id: string): string {
    return join(this.path, `${id}.json`);
  }

  /** Writes a launch that nobody has seen before; returns the path of its file. */
  async write(launch: Launch): Promise<string> {
    await makeFolders(this.path);
    // An older folder may be open to others; on Windows this says nothing.
    await chmod(this.path, 0o700);
    const path = this.pathOf(launch.id);
    await writeFile(path, `${JSON.stringify(launch)}\n`, { mode: 0o600, flag: "wx" });
    return path;
  }

  /** Takes back a launch that was not started after all. */
  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
    await rm(claimPathOf(path), { force: true });
  }

  async list(): Promise<readonly FoundLaunch[]> {
    const found: FoundLaunch[] = [];
    for (const name of await this.#names()) {
      const path = join(this.path, name);
      const launch = await readLaunch(path).catch(() => undefined);
      found.push({ path, launch, claim: await readClaim(path) });
    }
    return found;
  }

  /**
   * Removes what has no process any more: launches after a day, and their claims, without what gave access to the
   * process, after 90 days. Returns the paths of the removed launches.
   */
  async cleanUp(nowMs: number, process: (pid: number) => ProcessFacts): Promise<readonly string[]> {
    const removed: string[] = [];
    for (const name of await this.#names()) {
      const path = join(this.path, name);
      const claim = await readClaim(path);
      if (claim && isClaimAlive(claim, process)) continue;
      const launchMs = await modifiedMs(path);
      const claimMs = await modifiedMs(claimPathOf(path));
      const ageMs = nowMs - Math.max(launchMs ?? 0, claimMs ?? 0);
      if (ageMs <= keptLaunchMs) continue;
      // The claim goes last: a launch without one would be run.
      await rm(path, { force: true });
      if (launchMs !== undefined) removed.push(path);
      if (claimMs === undefined) continue;
      if (ageMs > keptClaimMs) await rm(claimPathOf(path), { force: true });
      else if (claim?.control) await writeWithoutControl(path, claim, claimMs);
    }
    for (const name of await this.#allNames()) {
      const path = join(this.path, name);
      if (name.endsWith(".tmp") && nowMs - ((await modifiedMs(path)) ?? 0) > keptLaunchMs)
        await rm(path, { force: true });
    }
    return removed;
  }

  /** Names of launch files, sorted. A claim whose launch is gone counts as one. */
  async #names(): Promise<readonly string[]> {
    const launches = (await this.#allNames()).flatMap((name) => /^(.+?)(?:\.claim)?\.json$/.exec(name)?.[1] ?? []);
    return [...new Set(launches)].sort().map((id) => `${id}.json`);
  }

  async #allNames(): Promise<readonly string[]> {
    return await readdir(this.path).catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    });
  }
}

/** Whether the process that claimed a launch is there: one with its number that started at another time is not. */
export function isClaimAlive(claim: LaunchClaim, process: (pid: number) => ProcessFacts): boolean {
  const facts = process(claim.pid);
  // What can't be looked at may well run.
  if (facts.type === "unknown") return true;
  if (facts.type === "absent" || facts.isZombie) return false;
  return claim.processStart === undefined || facts.start === undefined || facts.start === claim.processStart;
}

/** With its time as it was, from which its age is counted. */
async function writeWithoutControl(launchPath: string, claim: LaunchClaim, modifiedMs: number): Promise<void> {
  const { control: _control, ...kept } = claim;
  await completeClaim(launchPath, kept);
  const at = new Date(modifiedMs);
  await utimes(claimPathOf(launchPath), at, at);
}

/** Undefined for a file that is not there. */
async function modifiedMs(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  }
}
