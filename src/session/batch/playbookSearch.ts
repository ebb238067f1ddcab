// The playbooks below a folder, for whoever names one by what stands in it and not by its path. Folders of packages and
// hidden ones are passed over, and a huge folder is not gone through to its end.

import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";

const playbookName = /\.playbook\.ya?ml$/;
const mostFolders = 5_000;
const mostFound = 1_000;
const deepest = 12;

/** Absolute paths in a fixed order. Never rejects: a folder that can't be read holds none. */
export async function findPlaybooks(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  let level = [folder];
  let folders = 0;
  for (let depth = 0; depth <= deepest && level.length > 0; depth++) {
    const next: string[] = [];
    for (const each of level) {
      if (++folders > mostFolders || found.length >= mostFound) return found.sort();
      const entries = await readdir(each, { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        const path = join(each, entry.name);
        // A link may lead out of the folder, or round in it.
        if (entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules") next.push(path);
        else if (entry.isFile() && playbookName.test(entry.name)) found.push(path);
      }
    }
    level = next;
  }
  return found.sort();
}

export function isPlaybookFile(path: string): boolean {
  return playbookName.test(path);
}

/** Without the ending that all of them have. */
export function playbookFileName(path: string): string {
  return basename(path).replace(playbookName, "");
}
