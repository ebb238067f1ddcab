// The scripts of a `package.json`, and the package manager that its folder is used with.

import { posix } from "node:path";

export const packageManagers = ["npm", "pnpm", "yarn", "bun"] as const;
export type PackageManager = (typeof packageManagers)[number];

/** In this order: a folder that changed its manager often still has the old lockfile of npm. */
const lockfiles: readonly (readonly [string, PackageManager])[] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
];
export const lockfileNames: readonly string[] = lockfiles.map(([name]) => name);

export interface PackageScripts {
  /** Name of the package; undefined where it has none. */
  readonly name: string | undefined;
  readonly scripts: readonly { readonly name: string; readonly command: string }[];
  /** As `packageManager` names it. */
  readonly manager: PackageManager | undefined;
}

/** Undefined for a text that is no package. What is damaged in a part leaves the others. */
export function readPackage(text: string): PackageScripts | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { name, scripts, packageManager } = value as Record<"name" | "scripts" | "packageManager", unknown>;
  return {
    name: typeof name === "string" && name !== "" ? name : undefined,
    scripts: Object.entries(isRecord(scripts) ? scripts : {}).flatMap(([script, command]) =>
      typeof command === "string" ? [{ name: script, command }] : [],
    ),
    manager: packageManagers.find(
      (manager) =>
        typeof packageManager === "string" && (packageManager === manager || packageManager.startsWith(`${manager}@`)),
    ),
  };
}

/**
 * The manager of a package: what it names itself, else the nearest lockfile, from its folder up to the root of the
 * workspace folder, else npm.
 *
 * @param folder relative to the workspace folder, with slashes; "" for the folder itself
 * @param filesIn names of lockfiles in a folder
 * @param named what the package, and the one at the root, name
 */
export function managerOf(
  folder: string,
  filesIn: (folder: string) => readonly string[],
  named: readonly (PackageManager | undefined)[],
): PackageManager {
  for (const manager of named) if (manager) return manager;
  for (let at = folder; ; at = parentOf(at)) {
    const files = filesIn(at);
    const found = lockfiles.find(([name]) => files.includes(name));
    if (found) return found[1];
    if (at === "") return "npm";
  }
}

/** The words that run a script, each as one argument. */
export function scriptWords(manager: PackageManager, script: string): readonly string[] {
  return [manager, "run", script];
}

/** Line of a script in the text of its package, from 0; for a look at it. */
export function scriptLine(text: string, script: string): number {
  const scripts = /"scripts"\s*:\s*\{/.exec(text);
  if (!scripts) return 0;
  const name = JSON.stringify(script);
  let at = text.indexOf(name, scripts.index + scripts[0].length);
  // What a script runs may be the name of another one.
  while (at >= 0 && !/^\s*:/.test(text.slice(at + name.length))) at = text.indexOf(name, at + 1);
  return text.slice(0, at < 0 ? scripts.index : at).split("\n").length - 1;
}

function parentOf(folder: string): string {
  const parent = posix.dirname(folder);
  return parent === "." ? "" : parent;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
