// The part of the editor's support for playbooks that knows YAML, as a bundle of its own: the extension loads it when the
// first playbook is opened or run, and not before. It imports no vscode, so that the extension alone talks to the editor.

import { parsedFile } from "../../session/playbookFile";

export { checkItems, writeItems } from "../../session/batch/checkItems";
export { keySecrets } from "../../session/keySecrets";
export { isConditionError, parseCondition } from "../../session/playbook/condition";
export { parameterValue, resolveParameters } from "../../session/playbook/parameters";
export { type ParsedPlaybook, parsePlaybook } from "../../session/playbook/parsePlaybook";
export { canEnd, endLeftPrograms, leftPrograms } from "../../session/resume/leftPrograms";
export { planResume } from "../../session/resume/planResume";
export { playbookOfRun } from "../../session/resume/playbookOfRun";
export { ResumeError } from "../../session/resume/recordedRun";
export { readResumable } from "../../session/resume/resumable";
export { takenParameters } from "../../session/resume/takenParameters";
export { completePlaybook, type PlaybookOffer } from "./editor/completePlaybook";
export { hoverPlaybook, type PlaybookHover } from "./editor/hoverPlaybook";
export { type PlaybookOutline, playbookOutline } from "./editor/playbookOutline";

/** Undefined for a file that can't be read, or holds no sound playbook. */
export async function readPlaybook(path: string) {
  return (await parsedFile(path).catch(() => undefined))?.playbook;
}
