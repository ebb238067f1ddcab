// The folder in which one attempt is launched and claimed. Its name follows from the attempt, so that whoever goes on with
// the batch finds it. It is moved away as a whole before it is removed: a session process that comes late finds neither
// a launch nor a place for a claim.

import { randomBytes } from "node:crypto";
import { open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../base/errorCode";
import { makeFolders } from "../../recorder/makeFolders";
import { batchFolder } from "../../trace/batch/batchIds";
import { claimPathOf, type Launch, type LaunchClaim, readClaim } from "../launch";

const launchesFolder = "launches";
const gonePrefix = ".gone-";

export type ClaimSeen =
  | { readonly type: "none" }
  /** Its content is still to come, or never will: the disk may have been full. */
  | { readonly type: "empty" }
  | { readonly type: "claimed"; readonly claim: LaunchClaim };

export class LaunchPlace {
  readonly launchPath: string;
  /** What the program reads on its standard input. */
  readonly payloadPath: string;
  readonly #launches: string;
  readonly #folder: string;

  /** @param sessionId safe as it is */
  constructor(directory: string, sessionId: string) {
    this.#launches = join(directory, batchFolder, launchesFolder);
    this.#folder = join(this.#launches, sessionId);
    this.launchPath = join(this.#folder, "launch.json");
    this.payloadPath = join(this.#folder, "payload");
  }

  /** Whatever stands there already, a half-written file too, is replaced. Rejects with the system's error. */
  async write(launch: Launch, payload: Uint8Array | undefined): Promise<void> {
    await makeFolders(this.#folder);
    if (payload !== undefined) await replace(this.payloadPath, payload);
    await replace(this.launchPath, `${JSON.stringify(launch)}\n`);
  }

  async claim(): Promise<ClaimSeen> {
    const claim = await readClaim(this.launchPath);
    if (claim !== undefined) return { type: "claimed", claim };
    try {
      await stat(claimPathOf(this.launchPath));
      return { type: "empty" };
    } catch (error) {
      if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return { type: "none" };
      throw error;
    }
  }

  /** Keeps every session process from running it. @returns false where one has claimed it */
  async claimForNobody(): Promise<boolean> {
    try {
      await (await open(claimPathOf(this.launchPath), "wx", 0o600)).close();
      return true;
    } catch (error) {
      if (errorCode(error) === "EEXIST") return false;
      throw error;
    }
  }

  /** Never rejects: what stays is swept later. */
  async remove(): Promise<void> {
    const gone = join(this.#launches, `${gonePrefix}${randomBytes(6).toString("hex")}`);
    try {
      await rename(this.#folder, gone);
      await rm(gone, { recursive: true, force: true });
    } catch {
      // There is none, or somebody reads in it.
    }
  }
}

/** Removes what a process that was killed in the middle of a removal has left. Never rejects. */
export async function sweepLaunches(directory: string): Promise<void> {
  const launches = join(directory, batchFolder, launchesFolder);
  for (const name of await readdir(launches).catch(() => [])) {
    if (!name.startsWith(gonePrefix)) continue;
    await rm(join(launches, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function replace(path: string, content: string | Uint8Array): Promise<void> {
  const temp = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await writeFile(temp, content, { mode: 0o600, flag: "wx" });
    await rename(temp, path);
  } catch (error) {
    await rm(temp, { force: true });
    throw error;
  }
}
