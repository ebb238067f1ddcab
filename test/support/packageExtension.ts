// Before the workbench suite: packages the extension and installs the package once, into a folder of which every VS Code
// gets a copy. The tests see what a person would install, not the checkout.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { cacheFolder } from "../../scripts/lib/paths.mjs";
import { installExtension } from "../../scripts/lib/vscodeServer.mjs";
import { packageExtension } from "../../scripts/lib/vsix.mjs";

declare module "vitest" {
  export interface ProvidedContext {
    /** Extensions folder of the VS Code server that holds the packaged extension. */
    readonly packagedExtensionsFolder: string;
    readonly vsixPath: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = join(cacheFolder, `workbench-${process.pid}`);
  const vsixPath = join(folder, "tracekeeper.vsix");
  const extensionsFolder = join(folder, "extensions");
  await packageExtension(join(folder, "staging"), vsixPath, { quiet: true, budgets: false });
  await installExtension(vsixPath, extensionsFolder);
  project.provide("packagedExtensionsFolder", extensionsFolder);
  project.provide("vsixPath", vsixPath);
  return () => rm(folder, { recursive: true, force: true });
}
