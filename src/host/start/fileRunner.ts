// How a source file is run: by its own first line, else by what the setting says for its ending. What else must be known
// of this machine (which Python, whether Node takes TypeScript) is asked for only where it matters.

import { basename, extname, isAbsolute } from "node:path";
import { parseShebang, splitWords } from "./shebang";

/** For an ending, a program with arguments: a text that is split at blanks, or the words. `${file}` is replaced. */
export type Runners = Readonly<Record<string, string | readonly string[]>>;

/** What the manifest gives as the default of the setting. */
export const defaultRunners: Readonly<Record<string, string>> = {
  ".js": "node",
  ".mjs": "node",
  ".cjs": "node",
  ".ts": "node",
  ".mts": "node",
  ".cts": "node",
  ".py": "python3",
  ".sh": "sh",
  ".bash": "bash",
  ".zsh": "zsh",
};

export type FileRun =
  | { readonly type: "words"; readonly words: readonly string[] }
  /** Nobody knows how; the person is asked with what is likely to be a part of it. */
  | { readonly type: "ask"; readonly words: readonly string[]; readonly why: "unknownType" | "noTypeStripping" };

export type TypeStripping = "always" | "byFlag" | "never";

export interface FileRunnerContext {
  readonly runners: Runners;
  /** Endings whose runner the person has set, which nothing improves upon. */
  readonly ownRunners: ReadonlySet<string>;
  readonly platform: NodeJS.Platform;
  /** Whether that `node` runs TypeScript. */
  typeStripping(node: string): Promise<TypeStripping>;
  /** The interpreter that the person has chosen in the Python extension. */
  python(): Promise<string | undefined>;
}

const typeScript = new Set([".ts", ".mts", ".cts"]);

/**
 * @param file absolute, or relative to where it is run
 * @param firstLine of the file, as it is on disk
 */
export async function runOfFile(file: string, firstLine: string, context: FileRunnerContext): Promise<FileRun> {
  const interpreter = parseShebang(firstLine);
  if (interpreter) {
    // Windows has no such paths; the name may still be found.
    const program = context.platform === "win32" ? basename(interpreter.program) : interpreter.program;
    return { type: "words", words: [program, ...interpreter.args, file] };
  }
  const ending = extname(file).toLowerCase();
  const runner = wordsOf(context.runners[ending]);
  if (runner.length === 0) return { type: "ask", words: [isAbsolute(file) ? file : `./${file}`], why: "unknownType" };
  if (context.ownRunners.has(ending)) return { type: "words", words: withFile(runner, file) };
  const [program = "", ...args] = runner;
  if (ending === ".py") {
    const python = (await context.python()) ?? (context.platform === "win32" ? "python" : program);
    return { type: "words", words: withFile([python, ...args], file) };
  }
  if (!typeScript.has(ending)) return { type: "words", words: withFile(runner, file) };
  switch (await context.typeStripping(program)) {
    case "always":
      return { type: "words", words: withFile(runner, file) };
    case "byFlag":
      return { type: "words", words: withFile([program, "--experimental-strip-types", ...args], file) };
    case "never":
      return { type: "ask", words: ["npx", "tsx", file], why: "noTypeStripping" };
  }
}

function wordsOf(runner: string | readonly string[] | undefined): readonly string[] {
  return typeof runner === "string" ? splitWords(runner) : (runner ?? []);
}

/** The file in place of `${file}`, or at the end. */
function withFile(runner: readonly string[], file: string): string[] {
  const variable = "${file}";
  if (!runner.some((word) => word.includes(variable))) return [...runner, file];
  return runner.map((word) => word.replaceAll(variable, () => file));
}
