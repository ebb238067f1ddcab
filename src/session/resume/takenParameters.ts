// The parameters of a resumed run: those of the earlier one, but for what is given anew. Secrets are in no trace, so they
// have to be given again.

import { isMasked } from "../../trace/maskedText";
import type { Parameter } from "../playbook/playbook";

export interface TakenParameters {
  /** For `resolveParameters`. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Names of those that the earlier run had and that have to be given again. */
  readonly missing: readonly string[];
}

export function takenParameters(
  parameters: readonly Parameter[],
  recorded: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): TakenParameters {
  const values = new Map(Object.entries(given));
  const missing: string[] = [];
  for (const { name, isSecret } of parameters) {
    const earlier = Object.hasOwn(recorded, name) ? recorded[name] : undefined;
    if (values.has(name) || earlier === undefined || earlier === null) continue;
    if (isSecret || (typeof earlier === "string" && isMasked(earlier))) missing.push(name);
    else values.set(name, earlier);
  }
  return { values: Object.fromEntries(values), missing };
}

export function missingWords(name: string): string {
  return `Parameter "${name}" is a secret, which no trace holds: it has to be given again.`;
}
