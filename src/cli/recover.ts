// `tracekeeper recover`: brings sessions whose writers are gone to their end.

import { resolve } from "node:path";
import { describeError } from "../base/logger";
import { recoverDirectory } from "../recorder/recoverDirectory";
import type { SessionRecovery } from "../recorder/recoverSession";
import { type Command, defaultDirectory } from "./command";
import { requireDirectory } from "./listSessions";
import { endWithReader, printError, printLine } from "./print";
import { problemText } from "./problemLines";
import { parseWords } from "./usageError";
import { jsonLine, visibleLine } from "./visibleText";

export const recoverCommand: Command = {
  name: "recover",
  summary: "brings sessions whose writers are gone to their end",
  usage: `Usage: tracekeeper recover [options] [directory...]

Brings sessions whose writers are gone to their end: what their journals hold goes into their traces.
The directory is ${defaultDirectory} where none is named.

  --gone  you know that the writers of whom nothing is known here (another machine, another container) are gone
  --json  one JSON object a line, for each session that had something to look at
`,
  run: recover,
};

async function recover(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords({
    args: [...words],
    allowPositionals: true,
    options: { json: { type: "boolean" }, gone: { type: "boolean" } },
  });
  endWithReader();
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  let exitCode = 0;
  for (const given of positionals.length > 0 ? positionals : [defaultDirectory]) {
    const directory = resolve(given);
    try {
      await requireDirectory(directory);
      const { sessions, sweptTemps, isLockedByOther } = await recoverDirectory(directory, {
        foldUnknown: values.gone === true,
        signal: stop.signal,
        onSession: (session) => printLine(values.json === true ? objectLine(directory, session) : textLines(session)),
      });
      if (sessions.some(({ action }) => action === "failed")) exitCode = 1;
      if (values.json === true) continue;
      for (const name of sweptTemps) printLine(`${visibleLine(name)}: abandoned temporary file removed`);
      if (isLockedByOther) printLine(`${visibleLine(directory)}: is being recovered by another process`);
      else if (sessions.length === 0) printLine(`${visibleLine(directory)}: no session needs recovery`);
    } catch (error) {
      exitCode = 1;
      if (values.json === true) printLine(jsonLine({ directory, error: describeError(error) }));
      else printError(describeError(error));
    }
  }
  return exitCode;
}

function objectLine(directory: string, { error, ...session }: SessionRecovery): string {
  return jsonLine({ directory, ...session, ...(error ? { error: describeError(error) } : {}) });
}

function textLines(session: SessionRecovery): string {
  const { safeId, action, state, recoveredRecords, lostRecords, problems, keptFiles, error } = session;
  const counts = `${recoveredRecords} records recovered, ${lostRecords} lost`;
  const lines = [`${visibleLine(safeId)}: ${words[action]}${state === undefined ? "" : `, ${state}`}; ${counts}`];
  for (const problem of problems) lines.push(`  ${problemText(problem, `${safeId}.json`)}`);
  for (const file of keptFiles) lines.push(`  kept: ${visibleLine(file)}`);
  if (error) lines.push(`  ${visibleLine(describeError(error))}`);
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
