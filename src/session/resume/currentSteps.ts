// Finds in the playbooks as they are now the steps that an earlier run knows: by id within the playbook that they stood in,
// wherever they stand by now. One that is gone was renamed where exactly one new step does exactly the same.

import { dirname, resolve } from "node:path";
import { filesOfMaskedPath } from "../../store/maskedFiles";
import { fitsMasked, isMasked } from "../../trace/maskedText";
import { handedOver } from "../keySecrets";
import { fillText, type PlaceholderValues } from "../playbook/placeholders";
import type { ParameterValues, Playbook, Step } from "../playbook/playbook";
import { isStepSaved } from "../playbook/savedSteps";
import { innerDefinitionHash } from "../playbook/usedParameters";
import type { StepRef } from "../steps/runEvent";
import type { RecordedRun } from "./recordedRun";

export interface CurrentStep {
  readonly step: Step;
  /** Its result is taken over where it is there. */
  readonly isSaved: boolean;
  /** With the path that it has now. */
  readonly ref: StepRef;
}

export interface CurrentPlaybook {
  readonly playbook: Playbook;
  /** As far as they are known before it runs. */
  readonly params: ParameterValues;
  /** As recorded: "" or the path of the step that runs it. */
  readonly outer: string;
  /** Path of that step now. */
  readonly currentOuter: string;
  /** Whether results are saved where neither the playbook nor a step of it says so. */
  readonly isSaved: boolean;
  /** By recorded path. */
  readonly steps: ReadonlyMap<string, CurrentStep>;
}

/** Undefined where it can't be read or is no playbook any more. @param path absolute */
export type ReadPlaybook = (path: string) => Promise<Playbook | undefined>;

/** The run's own playbook first, then those within it of which a step had a result. */
export async function currentPlaybooks(
  { results, refs, isSaved: isSavedAround }: Pick<RecordedRun, "results" | "refs" | "isSaved">,
  { playbook, params }: Pick<CurrentPlaybook, "playbook" | "params">,
  read: ReadPlaybook,
): Promise<readonly CurrentPlaybook[]> {
  const found: CurrentPlaybook[] = [];
  const current = new Map<string, CurrentStep>();
  const outers = new Set([""]);
  for (const path of results.keys()) for (const outer of outerPaths(path)) outers.add(outer);
  const inOrder = [...outers].sort((one, other) => depthOf(one) - depthOf(other));
  for (const outer of inOrder) {
    const currentOuter = outer === "" ? "" : current.get(outer)?.ref.path;
    const paths = [...new Set([...refs.keys(), ...outers])].filter((path) => path !== "" && outerOf(path) === outer);
    const around = found.find((each) => each.outer === outerOf(outer));
    const values = around && placeholderValues(around, results);
    const { step, isSaved = isSavedAround } = current.get(outer) ?? {};
    const recorded = paths.map((path) => refs.get(path)?.file).find((each) => each !== undefined);
    const file = recorded === undefined ? undefined : await knownFile(recorded, step, around?.playbook, values);
    const inner = outer === "" ? playbook : file === undefined ? undefined : await read(file);
    if (currentOuter === undefined || inner === undefined) continue;
    const handed =
      step?.action === "playbook" && values !== undefined ? handedOver(inner, step.with.params, values) : {};
    const steps = stepsOf(inner, { currentOuter, isSaved }, paths, refs);
    for (const [path, each] of steps) current.set(path, each);
    found.push({ playbook: inner, params: outer === "" ? params : handed, outer, currentOuter, isSaved, steps });
  }
  return found;
}

/** Of the steps of a playbook as they are recorded, for the texts of the step that runs another one. */
function placeholderValues({ params, outer }: CurrentPlaybook, results: RecordedRun["results"]): PlaceholderValues {
  const own = [...results].filter(([path]) => outerOf(path) === outer);
  return { params, steps: new Map(own.map(([path, { values }]) => [path.slice(path.lastIndexOf("/") + 1), values])) };
}

/** In a recorded path secrets are masked: then it is the one that the step names, or the only one that there is. */
async function knownFile(
  recorded: string,
  step: Step | undefined,
  around: Playbook | undefined,
  values: PlaceholderValues | undefined,
): Promise<string | undefined> {
  if (!isMasked(recorded)) return recorded;
  if (step?.action === "playbook" && around !== undefined && values !== undefined) {
    const named = resolve(dirname(around.path), fillText(step.with.path, values));
    if (fitsMasked(recorded, named)) return named;
  }
  const [only, other] = await filesOfMaskedPath(recorded);
  return other === undefined ? only : undefined;
}

function stepsOf(
  playbook: Playbook,
  { currentOuter, isSaved }: Pick<CurrentPlaybook, "currentOuter" | "isSaved">,
  paths: readonly string[],
  refs: RecordedRun["refs"],
): Map<string, CurrentStep> {
  const found = new Map<string, CurrentStep>();
  const ids = new Map(paths.map((path) => [path.slice(path.lastIndexOf("/") + 1), path]));
  const isSavedStep = (step: Step) => isStepSaved(step, playbook, isSaved);
  const fresh = playbook.steps.filter((step) => !ids.has(step.id) && isSavedStep(step));
  const gone = [...ids].filter(([id]) => !playbook.steps.some((step) => step.id === id)).map(([, path]) => path);
  const recordedHash = (path: string) => refs.get(path)?.definitionHash;
  const hashOf = (step: Step) => (currentOuter === "" ? step.definitionHash : innerDefinitionHash(step, playbook));
  for (const [index, step] of playbook.steps.entries()) {
    const isKnown = ids.has(step.id) || !isSavedStep(step);
    const path = isKnown ? ids.get(step.id) : renamedFrom(hashOf(step), fresh.map(hashOf), gone, recordedHash);
    if (path === undefined) continue;
    const { id, name, action, place } = step;
    const own = currentOuter === "" ? id : `${currentOuter}/${id}`;
    found.set(path, {
      step,
      isSaved: isSavedStep(step),
      ref: { path: own, id, index, name, action, file: playbook.path, line: place.line, definitionHash: hashOf(step) },
    });
  }
  return found;
}

function renamedFrom(
  definitionHash: string,
  /** Of all steps that are new. */
  fresh: readonly string[],
  gone: readonly string[],
  recordedHash: (path: string) => string | undefined,
): string | undefined {
  const [path, other] = gone.filter((each) => recordedHash(each) === definitionHash);
  const isOnly = fresh.filter((hash) => hash === definitionHash).length === 1;
  return isOnly && other === undefined ? path : undefined;
}

/** Also true of the path itself. */
export function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}/`);
}

/** "a/b/c": "a", "a/b". */
export function outerPaths(path: string): string[] {
  const ids = path.split("/");
  return ids.slice(1).map((_id, index) => ids.slice(0, index + 1).join("/"));
}

/** "a/b/c": "a/b"; "a": "". */
export function outerOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function depthOf(path: string): number {
  return path === "" ? 0 : path.split("/").length;
}
