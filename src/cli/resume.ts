// `tracekeeper resume`: goes on with a playbook where an earlier run of it failed, was stopped or was killed.

import { resolve } from "node:path";
import { type RecordedRun, readRecordedRun } from "../session/resume/recordedRun";
import { type Command, defaultDirectory } from "./command";
import { findSession } from "./findSession";
import { byNewest, listSessions } from "./listSessions";
import { playbookLaunch } from "./playbookLaunch";
import { runAndTell } from "./runAndTell";
import { parseWords, UsageError } from "./usageError";

export const resumeCommand: Command = {
  name: "resume",
  summary: "goes on with a playbook where an earlier run of it ended",
  usage: `Usage: tracekeeper resume [options] [<file or id>] [--param <name>=<value>]...

Goes on with the playbook of a session that failed, was stopped or was killed: steps that finished are taken from its
trace and not run again, the others run as the playbook has them now. The last session of a playbook is resumed where
none is named. Parameters are those of that session, but for secrets, which no trace holds.

  --param <name>=<value>   another value of a parameter
  --param-env <name>=<variable>  the same with its value from a variable of the environment: for secrets
  --gone             you know that the writer of the session, of whom nothing is known here, is gone
  --dir <directory>  where sessions are looked up and the new trace is written; ${defaultDirectory} where it is left out
  --title <text>     the name of the new session
  -q, --quiet        no line at the end
  --json             at the end one JSON object on standard error in place of that line
`,
  run,
};

async function run(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords({
    args: [...words],
    allowPositionals: true,
    options: {
      param: { type: "string", multiple: true },
      "param-env": { type: "string", multiple: true },
      gone: { type: "boolean" },
      dir: { type: "string" },
      title: { type: "string" },
      quiet: { type: "boolean", short: "q" },
      json: { type: "boolean" },
    },
  });
  const [named, extra] = positionals;
  if (extra !== undefined) throw new UsageError(`resume takes one session, and "${extra}" is another one`);
  const directory = resolve(values.dir ?? defaultDirectory);
  const file = named === undefined ? await lastPlaybook(directory) : await findSession(named, directory);
  const isGone = values.gone === true;
  const recorded: RecordedRun = await readRecordedRun(file, { isGone });
  const launch = playbookLaunch(recorded.path, {
    dir: values.dir,
    title: values.title,
    params: values.param,
    paramsFromEnv: values["param-env"],
    resume: { path: file, ...(isGone ? { isGone } : {}) },
  });
  return await runAndTell(launch, values);
}

async function lastPlaybook(directory: string): Promise<string> {
  const sessions = await listSessions(directory, Date.now());
  const [last] = sessions.filter(({ playbook }) => playbook !== undefined).sort(byNewest);
  if (last === undefined) throw new Error(`${directory}: There is no session of a playbook`);
  return last.key;
}
