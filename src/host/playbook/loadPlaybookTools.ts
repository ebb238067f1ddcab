// Loads what knows YAML, conditions and schemas when the first playbook needs it: a bundle beside the extension's own, so
// that a window without playbooks never reads it.

import { join } from "node:path";
import type * as tools from "./playbookTools";

export type PlaybookTools = typeof tools;

/** @param dist the folder of the bundles */
export function playbookToolsLoader(dist: string): () => PlaybookTools {
  let loaded: PlaybookTools | undefined;
  return () => {
    // The path is no literal, so that the bundler leaves it alone.
    loaded ??= require(join(dist, "playbooks.js")) as PlaybookTools;
    return loaded;
  };
}
