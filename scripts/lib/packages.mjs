// Brings node_modules to what package-lock.json says, with nothing but npm. Uses no package itself.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./installOnce.mjs";
import { cacheFolder, pinnedNode, repositoryRoot } from "./paths.mjs";
import { npmProgram, runToEnd } from "./processes.mjs";

/** @typedef {{ version?: string, optional?: boolean, peer?: boolean, devOptional?: boolean }} LockedPackage */

/** Installs the packages when they are missing or differ from the lockfile; throws when that fails. */
export async function ensurePackages() {
  if (missingPackage() === undefined) return;
  await withLock(join(cacheFolder, "packages.lock"), async () => {
    const missing = missingPackage();
    if (missing === undefined) return;
    console.log(`Installing packages (${missing}).`);
    const npm = npmProgram();
    const code = await runToEnd(npm.command, [...npm.prefix, "ci"], { shell: npm.shell });
    if (code !== 0) throw new Error(`npm ci ended with ${code}.`);
    if (!existsSync(pinnedNode)) await rebuildPinnedNode();
  });
}

/** A word on what is wrong with node_modules; undefined when nothing is. */
function missingPackage() {
  const wanted = lockedPackages(join(repositoryRoot, "package-lock.json"));
  const installed = lockedPackages(join(repositoryRoot, "node_modules/.package-lock.json"));
  if (wanted === undefined) throw new Error("package-lock.json is missing or not readable.");
  if (installed === undefined) return "there are none yet";
  for (const [path, { version, optional, devOptional }] of Object.entries(wanted)) {
    if (path === "") continue;
    const found = installed[path];
    // Optional packages are those of other platforms; npm leaves them out.
    if (found === undefined && (optional === true || devOptional === true)) continue;
    if (found?.version !== version) return `${path} ${found?.version ?? "missing"}, wanted ${version}`;
  }
  return existsSync(pinnedNode) ? undefined : "the pinned Node is missing";
}

/**
 * @param {string} file
 * @returns {Readonly<Record<string, LockedPackage>> | undefined}
 */
function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** The npm package `node` fetches its binary in an install script, which npm may have been told not to run. */
async function rebuildPinnedNode() {
  const npm = npmProgram();
  const code = await runToEnd(npm.command, [...npm.prefix, "rebuild", "node", "--ignore-scripts=false"], {
    shell: npm.shell,
  });
  if (code !== 0 || !existsSync(pinnedNode)) {
    throw new Error(
      "The npm package `node` did not bring its binary: npm seems to refuse its install script. " +
        "Allow it (package.json names it under allowScripts) and run `npm rebuild node`.",
    );
  }
}
