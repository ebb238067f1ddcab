// Command lines for a shell, and which shell: quoting as its kind wants it, and the option by which it takes a line.

import { basename } from "node:path";

export type ShellKind = "posix" | "cmd" | "powershell";

/** @param path of the shell; undefined for the system's own */
export function shellKind(path: string | undefined, platform: NodeJS.Platform = process.platform): ShellKind {
  const name = shellName(path);
  if (name === "cmd") return "cmd";
  if (name === "powershell" || name === "pwsh") return "powershell";
  return name === "" && platform === "win32" ? "cmd" : "posix";
}

/** How a shell is told to run a line; undefined for one that is not known. */
export function lineOptions(path: string): readonly string[] | undefined {
  const name = shellName(path);
  if (["sh", "bash", "zsh", "dash", "ksh", "mksh", "fish", "nu", "ash", "busybox"].includes(name)) return ["-c"];
  if (name === "powershell" || name === "pwsh") return ["-Command"];
  return name === "cmd" ? ["/d", "/s", "/c"] : undefined;
}

/** A line that the shell splits into exactly these words. */
export function commandLineOf(words: readonly string[], kind: ShellKind): string {
  const [first = "", ...rest] = words.map((word) => quoteWord(word, kind));
  // PowerShell takes a quoted first word for a text, not for a command.
  const command = kind === "powershell" && /^['"]/.test(first) ? `& ${first}` : first;
  return [command, ...rest].join(" ");
}

/** What needs no quotes: PowerShell reads more into a bare word than others, and cmd has backslashes in paths. */
const plainWords: Readonly<Record<ShellKind, RegExp>> = {
  posix: /^(?:-[\w@%+=:,./-]*|[\w@%+:,./-]+)$/,
  powershell: /^[\w+:./\\][\w+:./\\-]*$/,
  cmd: /^[\w@+:,./\\-]+$/,
};

export function quoteWord(word: string, kind: ShellKind): string {
  if (plainWords[kind].test(word)) return word;
  switch (kind) {
    case "posix":
      return `'${word.replaceAll("'", `'\\''`)}'`;
    case "powershell":
      return `'${word.replaceAll("'", "''")}'`;
    case "cmd":
      return `"${word.replaceAll('"', '""')}"`;
  }
}

function shellName(path: string | undefined): string {
  const name = path === undefined ? "" : basename(path.replaceAll("\\", "/"));
  return name.toLowerCase().replace(/\.exe$/, "");
}
