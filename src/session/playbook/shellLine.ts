// A command that is one line for a shell, with its placeholders. A value never becomes text of the line: it goes as a
// variable of the command's environment, and where the placeholder stood the shell reads that variable as one piece,
// whatever quotes are around it. So no value can be taken for a part of the command.

import { cmdLine, cmdValue } from "./cmdLine";
import { type Placeholder, type PlaceholderValues, placeholdersIn, referencedValue, valueText } from "./placeholders";
import { posixLine } from "./posixLine";
import { powershellLine } from "./powershellLine";
import { ShellLineError } from "./shellLineError";

export type ShellDialect = "posix" | "powershell" | "cmd";

export interface ShellLine {
  readonly line: string;
  /** To be added to the command's environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** What one variable can hold: Linux allows 128 KiB with its name. */
const longestValueBytes = 120_000;

/** By the name or the path of a shell; undefined for one whose quotes are not known here. */
export function shellDialect(shell: string): ShellDialect | undefined {
  const name = shell
    .replace(/^.*[\\/]/, "")
    .toLowerCase()
    .replace(/\.exe$/, "");
  if (/^(ba|da|z|k|mk|a)?sh$|^busybox$/.test(name)) return "posix";
  if (name === "pwsh" || name === "powershell") return "powershell";
  return name === "cmd" ? "cmd" : undefined;
}

/** Throws a `ShellLineError` where a placeholder stands in a place, or has a value, that the shell can't take safely. */
export function shellLine(line: string, values: PlaceholderValues, dialect: ShellDialect | undefined): ShellLine {
  const env: Record<string, string> = {};
  const names = new Map<string, string>();
  const filled = placeholdersIn(line).filter(({ reference }) => referencedValue(reference, values) !== undefined);
  const nameOf = (placeholder: Placeholder): string => {
    const written = line.slice(placeholder.start, placeholder.end);
    const known = names.get(written);
    if (known !== undefined) return known;
    const name = variableName(placeholder, Object.keys(env));
    const value = valueText(referencedValue(placeholder.reference, values));
    env[name] = checkedValue(written, dialect === "cmd" ? cmdValue(written, value) : value);
    names.set(written, name);
    return name;
  };
  return { line: expanded(line, filled, nameOf, dialect), env };
}

/** Why a placeholder can't stand where it does, before there are any values. */
export function shellLineProblem(
  line: string,
  dialect: ShellDialect | undefined,
): { readonly message: string; readonly placeholder: Placeholder } | undefined {
  for (const placeholder of placeholdersIn(line)) {
    try {
      expanded(line, [placeholder], () => "TRACEKEEPER_PARAM_x", dialect);
    } catch (error) {
      if (error instanceof ShellLineError) return { message: error.message, placeholder };
      throw error;
    }
  }
  return undefined;
}

function expanded(
  line: string,
  placeholders: readonly Placeholder[],
  nameOf: (placeholder: Placeholder) => string,
  dialect: ShellDialect | undefined,
): string {
  const [first] = placeholders;
  if (first === undefined) return line;
  switch (dialect) {
    case "posix":
      return posixLine(line, placeholders, nameOf);
    case "powershell":
      return powershellLine(line, placeholders, nameOf);
    case "cmd":
      return cmdLine(line, placeholders, nameOf);
    case undefined:
      throw new ShellLineError(
        `${line.slice(first.start, first.end)} can't be filled in for this shell, whose quotes are not known: give the command as a list.`,
      );
  }
}

function variableName({ reference }: Placeholder, taken: readonly string[]): string {
  if (reference.kind === "parameter") return `TRACEKEEPER_PARAM_${reference.name}`;
  const words = ["STEP", reference.id, reference.field, ...reference.path].join("_").replaceAll(/[^A-Za-z0-9_]/g, "_");
  const name = `TRACEKEEPER_${words}`.slice(0, 100);
  let free = name;
  // Windows does not tell `a` from `A` in names of variables.
  const upper = new Set(taken.map((each) => each.toUpperCase()));
  for (let number = 2; upper.has(free.toUpperCase()); number++) free = `${name}_${number}`;
  return free;
}

function checkedValue(written: string, value: string): string {
  if (value.includes("\0"))
    throw new ShellLineError(`The value of ${written} holds a null character, which no command can be given.`);
  if (new TextEncoder().encode(value).length > longestValueBytes)
    throw new ShellLineError(
      `The value of ${written} is longer than ${longestValueBytes.toLocaleString("en")} bytes: more than a command can be given. Let it be written into a file.`,
    );
  return value;
}
