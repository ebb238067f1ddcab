// Files whose path a trace holds with a secret masked in it: those that are there and fit it. A mask stands for a part of
// one name, so that a secret with a separator in it is not found.

import { readdir, stat } from "node:fs/promises";
import { join, parse, sep } from "node:path";
import { fitsMasked, isMasked } from "../trace/maskedText";

/** A trace may name what it likes. */
const mostFolders = 100;
const mostFiles = 20;

/** Empty where there is none, or too much to look at. @param path absolute */
export async function filesOfMaskedPath(path: string): Promise<readonly string[]> {
  const { root } = parse(path);
  if (root === "") return [];
  let found = [root];
  let folders = 0;
  for (const name of path.slice(root.length).split(sep)) {
    if (!isMasked(name)) {
      found = found.map((above) => join(above, name));
      continue;
    }
    folders += found.length;
    if (folders > mostFolders) return [];
    const below = await Promise.all(found.map(async (above) => await namesIn(above, name)));
    found = below.flat();
  }
  if (found.length > mostFiles) return [];
  const areFiles = await Promise.all(found.map(isFile));
  return found.filter((_file, index) => areFiles[index]);
}

async function namesIn(folder: string, masked: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => fitsMasked(masked, name)).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
