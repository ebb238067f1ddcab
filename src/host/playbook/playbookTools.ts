// The part of the editor's support for playbooks that knows YAML, as a bundle of its own: the extension loads it when the
// first playbook is opened or run, and not before. It imports no vscode, so that the extension alone talks to the editor.

export { isConditionError, parseCondition } from "../../session/playbook/condition";
export { parameterValue, resolveParameters } from "../../session/playbook/parameters";
export { type ParsedPlaybook, parsePlaybook } from "../../session/playbook/parsePlaybook";
export { completePlaybook, type PlaybookOffer } from "./editor/completePlaybook";
export { hoverPlaybook, type PlaybookHover } from "./editor/hoverPlaybook";
export { type PlaybookOutline, playbookOutline } from "./editor/playbookOutline";
