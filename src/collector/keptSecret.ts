// What the tokens of sessions' endpoints are made of, kept so that those which were handed out are good with the next
// collector too.

import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "../base/errorCode";
import { makeFolders } from "../recorder/makeFolders";

/** @param path of a file that this person alone can read; made where it is not there */
export async function keptSecret(path: string): Promise<string> {
  await makeFolders(dirname(path));
  const secret = randomBytes(32).toString("hex");
  try {
    await writeFile(path, secret, { mode: 0o600, flag: "wx" });
    return secret;
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    const kept = await readFile(path, "utf8");
    // Half a secret is what a full disk leaves; whoever has an old token asks for a new one.
    if (/^[0-9a-f]{64}$/.test(kept)) return kept;
    await writeFile(path, secret, { mode: 0o600 });
    return secret;
  }
}
