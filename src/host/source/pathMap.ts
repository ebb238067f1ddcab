// Maps a path as a trace names it to paths that it may have here. Pure: nothing is looked up on disk.
// No UNC path ever comes out, because merely touching one makes Windows contact a foreign host.

import * as path from "node:path";

export type CandidateHow = "mapped" | "exact" | "relative" | "ending";

export interface PathCandidate {
  /** Absolute, normalised. */
  readonly path: string;
  readonly how: CandidateHow;
}

export interface MapContext {
  /** Folders of the workspace, the one that holds the trace first. Absolute. */
  readonly folders: readonly string[];
  /** Foreign root -> local folder, variables already replaced. */
  readonly pathMap: Readonly<Record<string, string>>;
}

/** Candidates in order of trust. `ending` ones are guesses: the longest endings of the foreign path within a folder first. */
export function pathCandidates(tracePath: string, context: MapContext): PathCandidate[] {
  if (isUnc(tracePath) || tracePath.includes("\0") || tracePath.trim() === "") return [];
  const foreign = toSlashes(tracePath);
  const seen = new Set<string>();
  const candidates: PathCandidate[] = [];
  const add = (candidate: string, how: CandidateHow): void => {
    // `/./\server` is none as it is written, but becomes one.
    const normal = path.normalize(candidate);
    if (isUnc(candidate) || isUnc(normal) || !path.isAbsolute(candidate) || seen.has(normal)) return;
    seen.add(normal);
    candidates.push({ path: normal, how });
  };

  for (const root of matchingRoots(foreign, context.pathMap)) {
    const rest = foreign.slice(withoutEndingSlash(root).length);
    add(path.join(context.pathMap[root] ?? "", rest), "mapped");
  }
  if (isForeignAbsolute(foreign)) {
    if (path.isAbsolute(tracePath)) add(tracePath, "exact");
  } else {
    for (const folder of context.folders) add(path.join(folder, foreign), "relative");
  }
  const parts = foreign
    .replace(/^[a-z]:/i, "")
    .split("/")
    .filter((part) => part !== "" && part !== ".");
  if (!parts.includes(".."))
    for (let from = 0; from < parts.length; from++)
      for (const folder of context.folders) add(path.join(folder, ...parts.slice(from)), "ending");
  return candidates;
}

/** Replaces `${workspaceFolder}`, `${workspaceFolder:name}` and a leading `~`. Unknown names leave the text as it is. */
export function replaceVariables(
  text: string,
  variables: { readonly home: string; readonly folders: readonly { readonly name: string; readonly path: string }[] },
): string {
  const replaced = text.replace(/\$\{workspaceFolder(?::([^}]*))?\}/g, (whole, name: string | undefined) => {
    const folder =
      name === undefined ? variables.folders[0] : variables.folders.find((candidate) => candidate.name === name);
    return folder?.path ?? whole;
  });
  return replaced === "~" || replaced.startsWith("~/") ? path.join(variables.home, replaced.slice(1)) : replaced;
}

export function isUnc(candidate: string): boolean {
  return /^[\\/]{2}/.test(candidate);
}

/** Roots that hold the path, the longest first. Windows drives compare without case. */
function matchingRoots(foreign: string, pathMap: Readonly<Record<string, string>>): string[] {
  return Object.keys(pathMap)
    .filter((root) => {
      const normal = withoutEndingSlash(toSlashes(root));
      if (normal === "") return root !== "" && foreign.startsWith("/");
      const [a, b] = /^[a-z]:/i.test(normal) ? [foreign.toLowerCase(), normal.toLowerCase()] : [foreign, normal];
      return a === b || a.startsWith(`${b}/`);
    })
    .sort((a, b) => b.length - a.length);
}

function isForeignAbsolute(foreign: string): boolean {
  return foreign.startsWith("/") || /^[a-z]:\//i.test(foreign);
}

/** Backslashes are separators only in what looks like a Windows path; elsewhere they may be part of a name. */
function toSlashes(text: string): string {
  return /^[a-z]:[\\/]/i.test(text) || (!text.includes("/") && text.includes("\\")) ? text.replaceAll("\\", "/") : text;
}

function withoutEndingSlash(text: string): string {
  return text.replace(/[\\/]+$/, "");
}
