// A checked file becomes a playbook: defaults in place, one spelling for what a file may write in several ways.

import type { Scalar } from "../actions/actionDefinition";
import { actions } from "../actions/actions";
import { definitionHash } from "./definitionHash";
import { durationMs } from "./durations";
import {
  type ActionUse,
  type Expectations,
  type ExpectedStatus,
  noRetries,
  type Parameter,
  type Place,
  type Playbook,
  type PlaybookGuardrails,
  type Recovery,
  type Retries,
  type Step,
} from "./playbook";
import type { ExpectFile, GuardrailsFile, ParameterFile, PlaybookFile, StepFile } from "./playbookSchema";
import type { YamlPath, YamlText } from "./yamlText";

/** Only for a file in which no error was found. */
export function buildPlaybook(file: PlaybookFile, path: string, yaml: YamlText): Playbook {
  const env = texts(file.env ?? {});
  const cwd = file.cwd ?? ".";
  return {
    name: file.name,
    ...(file.description !== undefined && { description: file.description }),
    path,
    params: Object.entries(file.params ?? {}).map(([name, parameter]) =>
      builtParameter(name, parameter, placeOf(yaml, ["params", name])),
    ),
    ...(file.guardrails !== undefined && { guardrails: builtGuardrails(file.guardrails) }),
    ...(file.checkpoints !== undefined && { checkpoints: file.checkpoints }),
    env,
    cwd,
    steps: file.steps.map((step, index) => builtStep(step, { env, cwd }, yaml, ["steps", index])),
  };
}

function builtParameter(name: string, file: ParameterFile, place: Place): Parameter {
  return {
    name,
    type: file.type ?? "string",
    ...(file.description !== undefined && { description: file.description }),
    ...(file.default !== undefined && { default: file.default }),
    isRequired: file.default === undefined && (file.required ?? true),
    isSecret: file.secret ?? false,
    ...(file.options !== undefined && { options: file.options }),
    place,
  };
}

function builtStep(
  file: StepFile,
  around: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
  yaml: YamlText,
  at: YamlPath,
): Step {
  const use = usedAction(file.action, file.with);
  const expect = builtExpectations(file.expect ?? {});
  const recover = file.recover && builtRecovery(file.recover, placeOf(yaml, [...at, "recover"]));
  const condition = file.if === undefined ? undefined : String(file.if);
  const decides = { ...use, expect, condition, recover: recover && { action: recover.action, with: recover.with } };
  const usesFolder = file.action === "run" || file.recover?.action === "run" || expect.filesExist !== undefined;
  return {
    id: file.id,
    name: file.name ?? file.id,
    ...use,
    expect,
    ...(file.timeout !== undefined && { timeoutMs: checkedMs(file.timeout) }),
    retries: builtRetries(file.retries),
    ...(condition !== undefined && { condition }),
    ...(file.failure_message !== undefined && { failureMessage: file.failure_message }),
    ...(recover !== undefined && { recover }),
    onFailure: file.on_failure ?? "abort",
    ...(file.checkpoints !== undefined && { checkpoints: file.checkpoints }),
    place: placeOf(yaml, at),
    definitionHash: definitionHash(usesFolder ? { ...decides, ...around } : decides),
  };
}

/** The schema of the action has seen it: `checkSteps` runs before anything is built. */
function usedAction(action: StepFile["action"], given: unknown): ActionUse<StepFile["action"]> {
  const { schema } = actions[action];
  return { action, with: schema.parse(given) } as ActionUse<StepFile["action"]>;
}

function builtRecovery(file: NonNullable<StepFile["recover"]>, place: Place): Recovery {
  return {
    ...(usedAction(file.action, file.with) as ActionUse<"run" | "model">),
    ...(file.timeout !== undefined && { timeoutMs: checkedMs(file.timeout) }),
    place,
  };
}

function builtRetries(file: StepFile["retries"]): Retries {
  if (file === undefined) return noRetries;
  if (typeof file === "number") return { ...noRetries, times: file };
  const backoffMs = file.backoff === undefined ? noRetries.backoffMs : checkedMs(file.backoff);
  return {
    times: file.times,
    backoffMs,
    factor: file.factor ?? noRetries.factor,
    maxMs: file.max === undefined ? Math.max(noRetries.maxMs, backoffMs) : checkedMs(file.max),
  };
}

function builtExpectations(file: ExpectFile): Expectations {
  return {
    ...(file.exit_code !== undefined && { exitCodes: listOf(file.exit_code) }),
    ...(file.output_matches !== undefined && { outputMatches: file.output_matches }),
    ...(file.json !== undefined && { json: listOf(file.json).map(({ path, equals }) => ({ path, equals })) }),
    ...(file.file_exists !== undefined && { filesExist: listOf(file.file_exists) }),
    ...(file.status !== undefined && { statuses: listOf(file.status) as ExpectedStatus[] }),
  };
}

export function builtGuardrails(file: GuardrailsFile): PlaybookGuardrails {
  const { time, cost, tokens } = file.budget ?? {};
  const { length, times } = file.cycle ?? {};
  return given({
    consecutiveErrors: file.consecutive_errors,
    window: file.window,
    repeats: file.repeats && given(file.repeats),
    cycle: file.cycle && given({ maxLength: length, times }),
    stuckRevisitGap: file.stuck_revisit_gap,
    failureCluster: file.failure_cluster && given(file.failure_cluster),
    budget: file.budget && given({ timeMs: time === undefined ? undefined : checkedMs(time), costUsd: cost, tokens }),
  });
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is undefined, so that settings can be spread over defaults. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}

function listOf<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}

function texts(values: Readonly<Record<string, Scalar>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

function checkedMs(value: string | number): number {
  const ms = durationMs(value);
  if (ms === undefined) throw new Error(`${value} passed the schema of durations and is none`);
  return ms;
}

export function placeOf(yaml: YamlText, path: YamlPath): Place {
  const { start } = yaml.rangeOfKey(path);
  const value = yaml.placeAt(path)?.value;
  // A block ends where the next thing begins, which is not its last line.
  const [from = start.offset, to = start.offset] = value?.range ?? [];
  const length = yaml.text.slice(from, to).trimEnd().length;
  return { line: start.line, column: start.column, endLine: yaml.range(from + length, from + length).start.line };
}
