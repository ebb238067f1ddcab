// How the session process is started: by VS Code's own Node, with nothing of the program on its command line.

import { existsSync } from "node:fs";
import { join } from "node:path";

/** The `node-pty` that this VS Code ships; undefined where it has none that can be seen. */
export function findNodePty(appRoot: string, exists: (path: string) => boolean = existsSync): string | undefined {
  const at = (folder: string) => join(appRoot, folder, "node-pty");
  const isPackage = (path: string) => exists(join(path, "package.json"));
  const whole = [at("node_modules"), at("node_modules.asar.unpacked"), at("node_modules.asar")].find(isPackage);
  if (whole !== undefined) return whole;
  // An archive holds the package, of which only the native parts lie beside it. Electron's Node reads the archive, which
  // whoever looks from here may not be able to.
  return exists(at("node_modules.asar.unpacked")) ? at("node_modules.asar") : undefined;
}
