// Makes a file that was not there, the whole of it or nothing, and never takes another one's place.

import { randomBytes } from "node:crypto";
import { link, rename, rm, writeFile } from "node:fs/promises";
import { errorCode } from "../../base/errorCode";

/** Rejects with the system's error. @returns false where there is one already */
export async function createFile(path: string, text: string): Promise<boolean> {
  const temp = `${path}.tmp.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(temp, text, { mode: 0o600, flag: "wx" });
    // Unlike a rename it takes nobody's place.
    await link(temp, path);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    if (!noLinks.has(errorCode(error) ?? "")) throw error;
    return await createPlainly(path, text);
  } finally {
    await rm(temp, { force: true }).catch(() => undefined);
  }
}

/** Puts another text in the place of a file that is ours, the whole of it or nothing. Rejects with the system's error. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temp = `${path}.tmp.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(temp, text, { mode: 0o600, flag: "wx" });
    await rename(temp, path);
  } catch (error) {
    await rm(temp, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** What file systems without links answer. */
const noLinks: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"]);

async function createPlainly(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}
