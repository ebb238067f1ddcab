// `npm run package`: the installable VSIX, in the top folder.
import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder, repositoryRoot } from "./lib/paths.mjs";
import { packageExtension } from "./lib/vsix.mjs";

try {
  const { name, version } = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8"));
  const vsixPath = join(repositoryRoot, `${name}-${version}.vsix`);
  console.log((await packageExtension(join(cacheFolder, `package-${process.pid}`), vsixPath)).trim());
  console.log(`${vsixPath} (${((await stat(vsixPath)).size / 1000).toFixed(0)} KB)`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
