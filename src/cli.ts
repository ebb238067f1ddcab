// The `tracekeeper` command. Each command prints what it did, one line a session, and nothing that a trace holds can do
// anything to the terminal. Exit code 0: done; 1: something could not be done; 2: it was asked for wrongly.

import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { describeError } from "./base/logger";
import { recoverDirectory } from "./recorder/recoverDirectory";
import type { SessionRecovery } from "./recorder/recoverSession";
import { visibleControls } from "./trace/plainText";

const usage = `Usage: tracekeeper <command>

  recover [--json] [--gone] [directory...]
      Brings sessions whose writers are gone to their end: what their journals hold goes into their traces.
      The directory is .tracekeeper/traces where none is named.
      --json  one JSON object a line
      --gone  you know that the writers of whom nothing is known here (another machine, another container) are gone
`;

class UsageError extends Error {}

async function main(words: readonly string[]): Promise<number> {
  const [command, ...rest] = words;
  switch (command) {
    case "recover":
      return await recover(rest);
    case "help":
    case "--help":
    case "-h":
      process.stdout.write(usage);
      return 0;
    case undefined:
      throw new UsageError("No command is given");
    default:
      throw new UsageError(`There is no command "${command}"`);
  }
}

async function recover(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseRecover(words);
  const directories = positionals.length > 0 ? positionals : [join(".tracekeeper", "traces")];
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  let exitCode = 0;
  for (const given of directories) {
    const directory = resolve(given);
    try {
      if (!(await stat(directory)).isDirectory()) throw new Error("It is no directory");
      const { sessions, sweptTemps, isLockedByOther } = await recoverDirectory(directory, {
        foldUnknown: values.gone === true,
        signal: stop.signal,
        onSession: (session) => print(values.json === true ? jsonLine(directory, session) : textLines(session)),
      });
      if (sessions.some(({ action }) => action === "failed")) exitCode = 1;
      if (values.json === true) continue;
      for (const name of sweptTemps) print(`${visible(name)}: abandoned temporary file removed`);
      if (isLockedByOther) print(`${visible(directory)}: is being recovered by another process`);
      else if (sessions.length === 0) print(`${visible(directory)}: no session needs recovery`);
    } catch (error) {
      exitCode = 1;
      if (values.json === true) print(JSON.stringify({ directory, error: describeError(error) }));
      else process.stderr.write(`tracekeeper: ${visible(directory)}: ${visible(describeError(error))}\n`);
    }
  }
  return exitCode;
}

function parseRecover(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: { json: { type: "boolean" }, gone: { type: "boolean" } },
    });
  } catch (error) {
    throw new UsageError(describeError(error));
  }
}

function jsonLine(directory: string, { error, ...session }: SessionRecovery): string {
  return JSON.stringify({ directory, ...session, ...(error ? { error: describeError(error) } : {}) });
}

function textLines(session: SessionRecovery): string {
  const { safeId, action, state, recoveredRecords, lostRecords, problems, keptFiles, error } = session;
  const counts = `${recoveredRecords} records recovered, ${lostRecords} lost`;
  const lines = [`${visible(safeId)}: ${words[action]}${state === undefined ? "" : `, ${state}`}; ${counts}`];
  for (const { message, file, offsetBytes } of problems) {
    const place = offsetBytes === undefined ? "" : `, byte ${offsetBytes.toLocaleString("en")}`;
    lines.push(`  ${visible(file ?? `${safeId}.json`)}${place}: ${visible(message)}`);
  }
  for (const file of keptFiles) lines.push(`  kept: ${visible(file)}`);
  if (error) lines.push(`  ${visible(describeError(error))}`);
  return lines.join("\n");
}

const words: Readonly<Record<SessionRecovery["action"], string>> = {
  folded: "recovered",
  cleaned: "was whole already; what was left beside it is removed",
  marked: "marked as crashed",
  "removed-empty": "had not recorded anything; removed",
  live: "is being written",
  unknown: "may still be written by somebody; left alone (--gone folds it)",
  "newer-version": "was written by a newer version; left alone",
  busy: "kept changing; left alone",
  nothing: "needs nothing",
  failed: "could not be recovered",
};

function visible(text: string): string {
  return visibleControls(text).replaceAll("\n", "␊");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`tracekeeper: ${visible(describeError(error))}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
