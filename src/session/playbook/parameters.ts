// The values of a playbook's parameters, from texts of a command line or from values that were typed elsewhere. What is
// wrong is told by the parameter's name; the value of a secret never is.

import { shortestSecret } from "../secrets/secretForms";
import { meantWords } from "./didYouMean";
import type { Parameter, ParameterValue, ParameterValues } from "./playbook";

export interface ResolvedParameters {
  /** One for each parameter that is sound: null where it may be left out and is. */
  readonly values: ParameterValues;
  readonly errors: readonly string[];
}

/** Makes a path absolute: one that is given means another folder than one that stands in the playbook. */
export interface PathBase {
  readonly given: (path: string) => string;
  readonly default: (path: string) => string;
}

/** @param given texts, or values of another origin; a text becomes the type that the parameter has */
export function resolveParameters(
  parameters: readonly Parameter[],
  given: Readonly<Record<string, unknown>>,
  paths: PathBase,
): ResolvedParameters {
  const names = parameters.map(({ name }) => name);
  const errors = Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name) => unknownWords(name, names));
  const values: [string, ParameterValue | null][] = [];
  for (const parameter of parameters) {
    const isGiven = Object.hasOwn(given, parameter.name) && given[parameter.name] !== undefined;
    const found = isGiven
      ? parameterValue(parameter, given[parameter.name], paths.given)
      : defaultValue(parameter, paths.default);
    if (found !== null && typeof found === "object") errors.push(found.error);
    else values.push([parameter.name, found]);
  }
  return { values: Object.fromEntries(values), errors };
}

/** One value, checked; used by input boxes, too. */
export function parameterValue(
  parameter: Parameter,
  given: unknown,
  absolute: (path: string) => string,
): ParameterValue | { readonly error: string } {
  const { name, type, isSecret, options } = parameter;
  const wrong = (what: string) => ({
    error: `Parameter "${name}" must be ${what}${isSecret ? "" : `, not ${shown(given)}`}.`,
  });
  if (typeof given !== "string" && typeof given !== "number" && typeof given !== "boolean")
    return wrong("a text, a number, or true or false");
  const value = converted(type, given);
  if (value === undefined) return wrong(type === "number" ? "a number" : "true or false");
  if (options !== undefined && !options.includes(value)) return wrong(`one of ${options.join(", ")}`);
  if (type === "path" && value === "") return wrong("a path");
  if (String(value).includes("\0")) return { error: `Parameter "${name}" must not hold a null character.` };
  if (isSecret && String(value).length < shortestSecret)
    return { error: `Parameter "${name}" is a secret and must have ${shortestSecret} characters or more.` };
  return type === "path" ? absolute(String(value)) : value;
}

/** What must be masked wherever it shows up. */
export function secretsOf(parameters: readonly Parameter[], values: ParameterValues): string[] {
  return parameters.flatMap(({ name, isSecret }) => {
    const value = isSecret && Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined || value === null ? [] : [String(value)];
  });
}

/** `name=value` of a command line; the value may be empty and hold more `=`. */
export function parameterAssignment(argument: string): { readonly name: string; readonly text: string } | undefined {
  const at = argument.indexOf("=");
  return at < 1 ? undefined : { name: argument.slice(0, at), text: argument.slice(at + 1) };
}

function defaultValue(
  parameter: Parameter,
  absolute: (path: string) => string,
): ParameterValue | null | { readonly error: string } {
  if (parameter.default !== undefined) return parameterValue(parameter, parameter.default, absolute);
  if (!parameter.isRequired) return null;
  const what = parameter.description === undefined ? "" : ` (${parameter.description})`;
  return { error: `Parameter "${parameter.name}"${what} is required.` };
}

function converted(type: Parameter["type"], given: ParameterValue): ParameterValue | undefined {
  switch (type) {
    case "number": {
      const number = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
      return typeof number === "number" && Number.isFinite(number) ? number : undefined;
    }
    case "boolean": {
      const word = typeof given === "string" ? given.trim().toLowerCase() : given;
      return word === true || word === "true" ? true : word === false || word === "false" ? false : undefined;
    }
    default:
      return String(given);
  }
}

function unknownWords(name: string, known: readonly string[]): string {
  const meant = meantWords(name, known);
  if (meant !== "") return `There is no parameter "${name}".${meant}`;
  return `There is no parameter "${name}".${known.length === 0 ? " This playbook has none." : ` There are ${known.join(", ")}.`}`;
}

/** Of a long one nothing: a secret that a step hands on is masked as a whole, and not in part. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `a text of ${String(value).length} characters` : text;
}
