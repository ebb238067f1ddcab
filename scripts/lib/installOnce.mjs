// Makes a folder exactly once, whoever asks first: it is prepared beside its final place and renamed there when it is
// complete, so a folder that is there is whole, and what an interrupted run left is thrown away by the next.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { link, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * @param {string} folder absolute path of the folder that is wanted
 * @param {(partialFolder: string) => Promise<void>} prepare fills a new, empty folder
 * @returns {Promise<string>} the folder
 */
export async function installOnce(folder, prepare) {
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    const partial = `${folder}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial);
    await prepare(partial);
    await rename(partial, folder);
  });
  return folder;
}

/**
 * Runs `action` while no other process on this machine does so under the same lock file.
 * @template T
 * @param {string} lockFile holds the id of the owning process; a lock whose owner is gone is taken over
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function withLock(lockFile, action) {
  await mkdir(dirname(lockFile), { recursive: true });
  let told = false;
  while (!(await tryLock(lockFile))) {
    const owner = ownerOf(lockFile);
    if (owner === undefined || !isRunning(owner)) {
      await removeStale(lockFile, owner);
      continue;
    }
    if (!told) console.log(`Waiting for process ${owner}, which holds ${lockFile}.`);
    told = true;
    await delay(500);
  }
  const release = () => rmSync(lockFile, { force: true });
  process.once("exit", release);
  try {
    return await action();
  } finally {
    process.off("exit", release);
    release();
  }
}

/**
 * The lock appears with its content, by a link to a file that is written already: nobody ever reads an empty one.
 * @param {string} lockFile
 */
async function tryLock(lockFile) {
  const own = `${lockFile}.${process.pid}`;
  await writeFile(own, String(process.pid));
  try {
    await link(own, lockFile);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    return false;
  } finally {
    await rm(own, { force: true });
  }
}

/**
 * Two processes may find the same stale lock. The second one must not remove the lock that the first has taken since, so
 * what was moved away is looked at and put back when it is another one.
 * @param {string} lockFile
 * @param {number | undefined} staleOwner
 */
async function removeStale(lockFile, staleOwner) {
  const aside = `${lockFile}.${process.pid}.stale`;
  try {
    await rename(lockFile, aside);
    if (ownerOf(aside) !== staleOwner) await link(aside, lockFile);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? "")) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/**
 * @param {string} lockFile
 * @returns {number | undefined} undefined when there is no lock or no process id in it
 */
function ownerOf(lockFile) {
  try {
    const id = Number(readFileSync(lockFile, "utf8"));
    return Number.isInteger(id) && id > 0 ? id : undefined;
  } catch {
    return undefined;
  }
}

/** @param {number} processId */
function isRunning(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}
