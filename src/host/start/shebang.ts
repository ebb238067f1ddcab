// The first line of a script, `#!/usr/bin/env -S node --flag`, read as the kernel and `env` read it.

export interface Interpreter {
  /** Absolute path, or a name to be looked for in PATH. */
  readonly program: string;
  readonly args: readonly string[];
}

/** Undefined for a line that names no interpreter. */
export function parseShebang(line: string): Interpreter | undefined {
  const match = /^\ufeff?#![ \t]*(\S+)(?:[ \t]+(.*?))?[ \t\r]*$/.exec(line);
  const program = match?.[1];
  if (program === undefined) return undefined;
  const rest = match?.[2] ?? "";
  if (!/(?:^|\/)env$/.test(program)) return { program, args: rest === "" ? [] : [rest] };
  // Without -S env takes all that follows for the name of one program; with it the line is split.
  const split = /^(?:-[a-zA-Z]*S|--split-string)[ =]?(.*)$/.exec(rest);
  // A variable to be set before the name, or another option: what env makes of it is left to env.
  const words = split ? splitWords(split[1] ?? "") : rest === "" ? [] : [rest];
  const [name, ...args] = words;
  if (name === undefined) return undefined;
  if (name.startsWith("-") || name.includes("=")) return { program, args: split ? ["-S", split[1] ?? ""] : [rest] };
  return { program: name, args };
}

/** Words between blanks; quotes hold blanks. */
export function splitWords(text: string): string[] {
  return [...text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_whole, double, single) => double ?? single ?? ""),
  );
}
