// Tells builds of a program from each other: what one has found out of a file and written down, another one might find
// out differently.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** @returns reads the program when it is first asked; undefined where that can't be read */
export function programHash(path: string): () => string | undefined {
  let known: { readonly hash: string | undefined } | undefined;
  return () => {
    known ??= { hash: hashOf(path) };
    return known.hash;
  };
}

function hashOf(path: string): string | undefined {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return undefined;
  }
}
