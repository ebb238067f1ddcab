// The `tracekeeper` command. Nothing that a trace holds can do anything to the terminal.
// Exit code 0: done; 1: something could not be done; 2: it was asked for wrongly. `run` and `resume` end as what they run:
// with its exit code, 128 and the signal's number where a signal killed it, 127 where it was not found and 126 where it
// could not be started.

import { version } from "../package.json";
import { describeError } from "./base/logger";
import { batchCommand } from "./cli/batch";
import { collectCommand } from "./cli/collect";
import type { Command } from "./cli/command";
import { listCommand } from "./cli/list";
import { printError } from "./cli/print";
import { recoverCommand } from "./cli/recover";
import { resumeCommand } from "./cli/resume";
import { runCommand } from "./cli/run";
import { showCommand } from "./cli/show";
import { tailCommand } from "./cli/tail";
import { UsageError } from "./cli/usageError";

const commands: readonly Command[] = [
  runCommand,
  resumeCommand,
  batchCommand,
  collectCommand,
  listCommand,
  showCommand,
  tailCommand,
  recoverCommand,
];

async function main([name, ...words]: readonly string[]): Promise<number> {
  switch (name) {
    case undefined:
      throw new UsageError("No command is given; tracekeeper help lists them");
    case "help":
    case "--help":
    case "-h":
      return help(words);
    case "--version":
    case "-v":
      process.stdout.write(`${version}\n`);
      return 0;
    // What runs batches starts this very program for each of their runs.
    case "--launch":
      return await (await import("./session/sessionMain")).runSessionProcess([name, ...words]);
  }
  const command = commandNamed(name);
  return asksForHelp(words) ? help([name]) : await command.run(words);
}

function help([name, extra]: readonly string[]): number {
  if (extra !== undefined) throw new UsageError(`help takes one command, and "${extra}" is another one`);
  process.stdout.write(name === undefined ? overview() : commandNamed(name).usage);
  return 0;
}

function overview(): string {
  const width = commands.reduce((widest, { name }) => Math.max(widest, name.length), 0);
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: tracekeeper <command>\n\n${lines.join("\n")}\n\ntracekeeper help <command> tells more, tracekeeper --version the version.\n`;
}

function commandNamed(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw new UsageError(`There is no command "${name}"; tracekeeper help lists them`);
  return command;
}

/** What follows a "--" is for somebody else. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? words.length : end).some((word) => word === "--help" || word === "-h");
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    printError(describeError(error));
    // Whatever is still open keeps nobody waiting.
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
