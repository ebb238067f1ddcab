// The playbook that a launch names, read and checked together with the values of its parameters. What is secret of them is
// known from here on, and stands in no file any more.

import { randomBytes } from "node:crypto";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { describeError } from "../base/logger";
import type { Launch, LaunchedPlaybook } from "./launch";
import { resolveParameters, secretsOf } from "./playbook/parameters";
import { type ParsedPlaybook, parsePlaybook } from "./playbook/parsePlaybook";
import type { ParameterValues, Playbook } from "./playbook/playbook";
import { problemLine } from "./playbook/playbookProblem";

export type LoadedPlaybook =
  | {
      readonly type: "sound";
      readonly playbook: Playbook;
      readonly params: ParameterValues;
      readonly secrets: readonly string[];
    }
  | { readonly type: "unsound"; readonly problems: readonly string[]; readonly secrets: readonly string[] };

/** A longer file is no playbook; of one more byte its parser says so. */
const mostBytes = 1024 * 1024 + 1;

export async function loadPlaybook({ path: given, params: values }: LaunchedPlaybook): Promise<LoadedPlaybook> {
  const path = resolve(given);
  // Until it is known which of them are secret all of them are.
  const all = Object.values(values).map(String);
  const parsed = await parsedFile(path).catch((error: unknown) => describeError(error));
  if (typeof parsed === "string") {
    return { type: "unsound", problems: [`the playbook can't be read: ${parsed}`], secrets: all };
  }
  const { playbook } = parsed;
  if (playbook === undefined) {
    const errors = parsed.problems.filter(({ severity }) => severity === "error");
    return { type: "unsound", problems: errors.map((problem) => problemLine(path, problem)), secrets: all };
  }
  const { values: params, errors } = resolveParameters(playbook.params, values, {
    given: (each) => resolve(each),
    default: (each) => resolve(dirname(path), each),
  });
  const names = new Set(playbook.params.filter(({ isSecret }) => isSecret).map(({ name }) => name));
  const givenSecrets = Object.entries(values).flatMap(([name, value]) => (names.has(name) ? [String(value)] : []));
  const secrets = [...new Set([...secretsOf(playbook.params, params), ...givenSecrets])];
  if (errors.length > 0) return { type: "unsound", problems: errors, secrets };
  return { type: "sound", playbook, params, secrets };
}

/** Rejects with the system's error. */
export async function parsedFile(path: string): Promise<ParsedPlaybook> {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(mostBytes);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, mostBytes - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === mostBytes) break;
    }
    return parsePlaybook(buffer.toString("utf8", 0, length), path);
  } finally {
    await file.close();
  }
}

/** Undefined for what can't be read or is no playbook. */
export async function readPlaybook(path: string): Promise<Playbook | undefined> {
  return (await parsedFile(path).catch(() => undefined))?.playbook;
}

/**
 * Takes what is secret out of the launch's file, which stays there as long as the session may be looked for.
 * @returns why it could not be done
 */
export async function forgetSecrets(
  launchPath: string,
  launch: Launch,
  { secrets }: Pick<LoadedPlaybook, "secrets">,
): Promise<string | undefined> {
  const { program } = launch;
  if (program.type !== "playbook") return undefined;
  const { key, ...batchEngine } = launch.batchEngine ?? {};
  if (secrets.length === 0 && program.secrets === undefined && key === undefined) return undefined;
  const hidden = new Set(secrets);
  const params = Object.fromEntries(Object.entries(program.params).filter(([, value]) => !hidden.has(String(value))));
  const { secrets: _secrets, ...rest } = program;
  const temp = `${launchPath}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    const kept = { ...launch, ...(key === undefined ? {} : { batchEngine }), program: { ...rest, params } };
    await writeFile(temp, `${JSON.stringify(kept)}\n`, { mode: 0o600, flag: "wx" });
    await rename(temp, launchPath);
    return undefined;
  } catch (error) {
    await rm(temp, { force: true }).catch(() => undefined);
    return `secrets may still stand in the launch's file: ${describeError(error)}`;
  }
}
