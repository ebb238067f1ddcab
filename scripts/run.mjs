// The entry of the npm scripts: `node scripts/run.mjs <script> [argument...]`. It runs on any Node from 20 on, before a
// package is installed; it installs the packages and hands over to scripts/<script>.mjs on the pinned Node.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensurePackages } from "./lib/packages.mjs";
import { pinnedNode, repositoryRoot } from "./lib/paths.mjs";
import { pinnedEnvironment, runToEnd } from "./lib/processes.mjs";

const [name = "", ...scriptArguments] = process.argv.slice(2);
const script = join(repositoryRoot, "scripts", `${name}.mjs`);

try {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) throw new Error(`Node 20 or later is needed to begin with; this is ${process.version}.`);
  if (!/^[a-zA-Z]+$/.test(name) || !existsSync(script)) throw new Error(`There is no script "${name}".`);
  await ensurePackages();
  process.exitCode = await runToEnd(pinnedNode, ["--enable-source-maps", script, ...scriptArguments], {
    env: pinnedEnvironment(),
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
