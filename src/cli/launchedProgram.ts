// The words of a command as a program of a launch. Windows starts no script by its name (`npm` is `npm.cmd` there), so such
// a one goes through its shell, quoted for both of the times that it reads the line.

import { statSync } from "node:fs";
import { win32 } from "node:path";
import type { LaunchedProgram } from "../session/launch";

export interface System {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  isFile(path: string): boolean;
}

const thisSystem: System = {
  platform: process.platform,
  env: process.env,
  isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
};

export function launchedProgram(words: readonly [string, ...string[]], system = thisSystem): LaunchedProgram {
  const [file, ...args] = words;
  const script = system.platform === "win32" ? windowsScript(file, system) : undefined;
  if (script === undefined) return { type: "process", file, args };
  return {
    type: "shell",
    line: [script, ...args].map(quoteForScript).join(" "),
    shell: system.env["ComSpec"] ?? "cmd.exe",
  };
}

/** The batch file for which the name stands, as Windows looks for it; undefined where it stands for something else. */
function windowsScript(file: string, { env, isFile }: System): string | undefined {
  const isPath = /[/\\]/.test(file);
  const folders = isPath ? [""] : ["", ...(env["PATH"] ?? env["Path"] ?? "").split(win32.delimiter)];
  const endings = win32.extname(file) === "" ? (env["PATHEXT"] ?? ".COM;.EXE;.BAT;.CMD").split(";") : [""];
  for (const folder of folders) {
    for (const ending of endings) {
      const path = (folder === "" ? file : win32.join(folder, file)) + ending;
      if (isFile(path)) return /\.(?:bat|cmd)$/i.test(path) ? path : undefined;
    }
  }
  return undefined;
}

/**
 * In quotes, as programs take their arguments apart: backslashes count only before a quote. What the shell would act on
 * has a caret for its own reading and another for that of the script, which hands the words on.
 */
function quoteForScript(word: string): string {
  const quoted = `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, "$&$&")}"`;
  const escaped = (text: string) => text.replace(/[()%!^"<>&|]/g, "^$&");
  return escaped(escaped(quoted));
}
