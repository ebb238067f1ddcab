// From a place that a trace names to files that exist here. Whatever is found says whether it lies inside the workspace;
// links are followed for that question, so that a link out of the workspace does not pass as inside.

import * as fs from "node:fs/promises";
import { isInside, isInsideAny } from "../../store/insideFolder";
import { filesOfMaskedPath } from "../../store/maskedFiles";
import { isMasked } from "../../trace/maskedText";
import type { Place } from "../../trace/place";
import { type CandidateHow, type MapContext, pathCandidates } from "./pathMap";

export interface SourceFile {
  readonly path: string;
  readonly how: CandidateHow;
  /** The file, links followed, lies in a workspace folder. */
  readonly inside: boolean;
}

/** Files for the place, the most trusted kind only: a mapped file hides guesses by ending. Empty when there is none. */
export async function resolvePlace(place: Place, context: MapContext): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  let endingParts = 0;
  for (const candidate of pathCandidates(place.path, context)) {
    const isGuess = candidate.how === "ending";
    if (isGuess && found.some((file) => file.how !== "ending")) break;
    const parts = candidate.path.split(/[\\/]/).length - shortestFolder(candidate.path, context.folders);
    // Only the longest endings that exist count: `src/tax.ts` found hides `tax.ts` in the root.
    if (isGuess && found.length > 0 && parts < endingParts) break;
    for (const path of await filesAt(candidate.path)) {
      const real = await realFile(path);
      if (real === undefined) continue;
      if (isGuess) endingParts = parts;
      found.push({ path, how: candidate.how, inside: await isInsideAny(real, context.folders) });
    }
  }
  const inside = found.filter((file) => file.inside);
  return inside.length > 0 ? inside : found;
}

/** A run masks secrets in the paths of its playbooks, too. */
async function filesAt(path: string): Promise<readonly string[]> {
  return isMasked(path) ? await filesOfMaskedPath(path) : [path];
}

/** A file larger than this is opened without a look at its text. */
const lookedAtBytes = 20_000_000;

/** Line (from 1) of the first of `texts` that the file holds; undefined when none is found or the file is too large. */
export async function findLine(
  file: string,
  texts: readonly string[],
  maxBytes = lookedAtBytes,
): Promise<number | undefined> {
  const content = await readSource(file, maxBytes);
  if (content === undefined) return undefined;
  for (const text of texts) {
    const needle = text.replaceAll("\r\n", "\n").trim();
    const offset = needle === "" ? -1 : content.indexOf(needle);
    if (offset >= 0) return lineAt(content, offset);
  }
  return undefined;
}

/** Lines of a text file, as an editor counts them; undefined when it is too large to be counted. */
export async function countLines(file: string, maxBytes = lookedAtBytes): Promise<number | undefined> {
  const content = await readSource(file, maxBytes);
  return content === undefined ? undefined : lineAt(content, content.length);
}

async function readSource(file: string, maxBytes: number): Promise<string | undefined> {
  if ((await fs.stat(file)).size > maxBytes) return undefined;
  return (await fs.readFile(file, "utf8")).replaceAll("\r\n", "\n");
}

function lineAt(content: string, offset: number): number {
  let line = 1;
  for (let at = content.indexOf("\n"); at >= 0 && at < offset; at = content.indexOf("\n", at + 1)) line++;
  return line;
}

function shortestFolder(candidate: string, folders: readonly string[]): number {
  const folder = folders.find((each) => isInside(each, candidate));
  return folder === undefined ? 0 : folder.split(/[\\/]/).length;
}

async function realFile(candidate: string): Promise<string | undefined> {
  try {
    const real = await fs.realpath(candidate);
    return (await fs.stat(real)).isFile() ? real : undefined;
  } catch {
    return undefined;
  }
}
