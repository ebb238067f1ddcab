// The names of the keys that a playbook's models take, those of playbooks within it included. Who starts the run hands over
// those of the editor's secret storage before it begins; those of the environment are masked from its beginning.

import { dirname, resolve } from "node:path";
import { fillText, type PlaceholderValues, placeholdersIn } from "./playbook/placeholders";
import type { ParameterValues, Playbook } from "./playbook/playbook";

/** Playbooks that run each other are looked at so often, and no more. */
const mostPlaybooks = 100;

interface Looked {
  readonly playbook: Playbook;
  readonly params: ParameterValues;
}

type Read = (path: string) => Promise<Playbook | undefined>;

/**
 * Entries of the secret storage. Names that hold what is known only while the playbook runs are left out.
 * @param read undefined for what can't be read, which the run itself tells
 */
export function keySecrets(playbook: Playbook, params: ParameterValues, read: Read): Promise<readonly string[]> {
  return keyNames("key_secret", playbook, params, read);
}

/** The same of variables of the environment. */
export function keyVariables(playbook: Playbook, params: ParameterValues, read: Read): Promise<readonly string[]> {
  return keyNames("key_env", playbook, params, read);
}

async function keyNames(
  field: "key_env" | "key_secret",
  playbook: Playbook,
  params: ParameterValues,
  read: Read,
): Promise<readonly string[]> {
  const names = new Set<string>();
  const seen = new Set<string>();
  const waiting: Looked[] = [{ playbook, params }];
  for (let next = waiting.pop(); next !== undefined && seen.size < mostPlaybooks; next = waiting.pop()) {
    const { path, steps } = next.playbook;
    const same = JSON.stringify([path, next.params]);
    if (seen.has(same)) continue;
    seen.add(same);
    const values: PlaceholderValues = { params: next.params, steps: new Map() };
    for (const step of steps) {
      for (const use of [step, step.recover]) {
        const written = use?.action === "model" ? use.with[field] : undefined;
        const name = written === undefined ? undefined : known(written, values);
        if (name !== undefined) names.add(name);
      }
      if (step.action !== "playbook") continue;
      const inner = known(step.with.path, values);
      const found = inner === undefined ? undefined : await read(resolve(dirname(path), inner));
      if (found !== undefined) waiting.push({ playbook: found, params: handedOver(found, step.with.params, values) });
    }
  }
  return [...names];
}

/** Undefined where a step's result stands in it. */
function known(text: string, values: PlaceholderValues): string | undefined {
  const filled = fillText(text, values);
  return placeholdersIn(text).some(({ reference }) => reference.kind === "step") ? undefined : filled;
}

/** The parameters of a playbook that a step of another one runs, as far as they are known before. */
export function handedOver(
  { params }: Playbook,
  handed: Readonly<Record<string, string | number | boolean>> = {},
  values: PlaceholderValues,
): ParameterValues {
  return Object.fromEntries([
    ...params.map(({ name, default: value }) => [name, value ?? null]),
    ...Object.entries(handed).map(([name, value]) => [
      name,
      typeof value === "string" ? fillText(value, values) : value,
    ]),
  ]);
}
