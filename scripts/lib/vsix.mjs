// Packages the extension as a VSIX, from a copy of what .vscodeignore may list, so that a running development build in
// `dist` is not disturbed and a test of the package never sees a half-built one.
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "../../esbuild.mjs";
import { packageFile, pinnedNode, repositoryRoot } from "./paths.mjs";
import { runQuietly } from "./processes.mjs";

const packagedFolders = ["media", "l10n"];
const packagedFiles = /^(package(\.nls.*)?\.json|README\.md|CHANGELOG\.md|LICENSE|\.vscodeignore)$/;

/**
 * @param {string} stagingFolder emptied first, removed when the package is made
 * @param {string} vsixPath
 * @param {{ quiet?: boolean, budgets?: boolean }} [options] `budgets: false` packages bundles of any size
 * @returns {Promise<string>} what vsce printed; rejects when it printed a warning
 */
export async function packageExtension(stagingFolder, vsixPath, { quiet = false, budgets = true } = {}) {
  await rm(stagingFolder, { recursive: true, force: true });
  await mkdir(stagingFolder, { recursive: true });
  for (const entry of await readdir(repositoryRoot, { withFileTypes: true })) {
    const wanted = entry.isDirectory() ? packagedFolders.includes(entry.name) : packagedFiles.test(entry.name);
    if (wanted) await cp(join(repositoryRoot, entry.name), join(stagingFolder, entry.name), { recursive: true });
  }
  await build({ production: true, outputFolder: join(stagingFolder, "dist"), quiet, budgets });
  await writeManifest(stagingFolder);
  await writeReadme(stagingFolder);
  const options = ["package", "--no-dependencies", "--allow-missing-repository", "--out", vsixPath];
  const output = await runQuietly(pinnedNode, [packageFile("@vscode/vsce/vsce"), ...options], { cwd: stagingFolder });
  await rm(stagingFolder, { recursive: true, force: true });
  if (/\bwarn(ing)?\b/i.test(output)) throw new Error(`The package has a warning.\n${output}`);
  return output;
}

/**
 * What only a checkout needs stays out of the package, above all the prepublish script: the copy is built already.
 * @param {string} stagingFolder
 */
async function writeManifest(stagingFolder) {
  const manifest = JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8"));
  for (const name of ["scripts", "devDependencies", "allowScripts"]) delete manifest[name];
  await writeFile(join(stagingFolder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/**
 * The page of an extension in VS Code shows no picture and follows no link that is relative, and there is no public
 * address that they could be made to point at. So the packaged page has none.
 * @param {string} stagingFolder
 */
async function writeReadme(stagingFolder) {
  const file = join(stagingFolder, "README.md");
  if (!existsSync(file)) return;
  const text = (await readFile(file, "utf8"))
    .replaceAll(/^!\[[^\]]*\]\((?!https:)[^)]*\)\n\n?/gm, "")
    .replaceAll(/(?<!!)\[([^\]]*)\]\((?!https?:|#)[^)]*\)/g, "$1");
  await writeFile(file, text);
}
