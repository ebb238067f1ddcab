// `tracekeeper resume`: goes on with a playbook where an earlier run of it failed, was stopped or was killed.

import { resolve } from "node:path";
import type { LaunchedPlaybook } from "../session/launch";
import { canEnd, endLeftPrograms, type LeftProgram, leftPrograms } from "../session/resume/leftPrograms";
import { planResume } from "../session/resume/planResume";
import { playbookOfRun } from "../session/resume/playbookOfRun";
import { type RecordedRun, ResumeError } from "../session/resume/recordedRun";
import { type ResumableOptions, type ResumableRun, readResumable } from "../session/resume/resumable";
import { type Command, defaultDirectory } from "./command";
import { findSession } from "./findSession";
import { byNewest, listSessions } from "./listSessions";
import { namedTasks, playbookLaunch } from "./playbookLaunch";
import { type ChoiceOptions, chooseAgain } from "./resumeChoice";
import { runAndTell } from "./runAndTell";
import { parseWords, UsageError } from "./usageError";

export const resumeCommand: Command = {
  name: "resume",
  summary: "goes on with a playbook where an earlier run of it ended",
  usage: `Usage: tracekeeper resume [options] [--param <name>=<value>]... [<file or id>]

Goes on with the playbook of a session that failed, was stopped or was killed: steps that finished are taken from its
trace and not run again, the others run as the playbook has them now. The last session of a playbook is resumed where
none is named. Parameters are those of that session, but for secrets, which no trace holds.

  --param <name>=<value>   another value of a parameter
  --param-env <name>=<variable>  the same with its value from a variable of the environment: for secrets
  --rerun <step>     this step runs again although it finished
  --rerun-changed    so do all that the playbook has changed since they finished
  --keep-changed     these are taken as they were; where neither is said a person at a terminal is asked
  --playbook <file>  where the playbook is, if it is no longer where it was, or its path held a secret
  --again            goes on with it although another session did already: what that one ran runs twice
  --end-left         programs of that session that still run, although it was cut off, are ended first
  --keep-left        they run on beside this one; where neither is said nothing is run as long as there are any
  --gone             you know that the writer of the session, of whom nothing is known here, is gone
  --dir <directory>  where sessions are looked up and the new trace is written; ${defaultDirectory} where it is left out
  --title <text>     the name of the new session
  --task <name>=<command>  what the playbook's batches may run; --tasks <file> names many, see tracekeeper help batch
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
      rerun: { type: "string", multiple: true },
      "rerun-changed": { type: "boolean" },
      "keep-changed": { type: "boolean" },
      playbook: { type: "string" },
      again: { type: "boolean" },
      "end-left": { type: "boolean" },
      "keep-left": { type: "boolean" },
      gone: { type: "boolean" },
      dir: { type: "string" },
      title: { type: "string" },
      task: { type: "string", multiple: true },
      tasks: { type: "string" },
      quiet: { type: "boolean", short: "q" },
      json: { type: "boolean" },
    },
  });
  const [named, extra] = positionals;
  if (extra !== undefined) throw new UsageError(`resume takes one session, and "${extra}" is another one`);
  if (values["rerun-changed"] === true && values["keep-changed"] === true) {
    throw new UsageError("--rerun-changed and --keep-changed can't both be");
  }
  if (values["end-left"] === true && values["keep-left"] === true) {
    throw new UsageError("--end-left and --keep-left can't both be");
  }
  const directory = resolve(values.dir ?? defaultDirectory);
  const isGone = values.gone === true;
  const isRepeated = values.again === true;
  const options = { isGone, isRepeated };
  const { run: recorded } = await (named === undefined
    ? lastPlaybook(directory, options)
    : readResumable(await findSession(named, directory), options)
  ).catch(told);
  const resume = { path: recorded.file, ...(isGone ? { isGone } : {}), ...(isRepeated ? { isRepeated } : {}) };
  const path = values.playbook === undefined ? await playbookOfRun(recorded).catch(told) : resolve(values.playbook);
  const launch = playbookLaunch(path, {
    dir: values.dir,
    title: values.title,
    params: values.param,
    paramsFromEnv: values["param-env"],
    resume,
    tasks: await namedTasks(values),
  });
  const left = values["keep-left"] === true ? [] : leftPrograms(recorded);
  if (left.length > 0 && values["end-left"] !== true) throw new UsageError(leftWords(recorded, left));
  const again = await stepsAgain(recorded, launch.program as LaunchedPlaybook, values);
  if (left.length > 0) await endLeft(recorded, launch.stop.killAfterMs);
  const program = { ...(launch.program as LaunchedPlaybook), resume: { ...resume, again: [...again] } };
  return await runAndTell({ ...launch, program }, values);
}

/** @throws a `UsageError` for what can't be run, or where a choice is missing */
async function stepsAgain(
  recorded: RecordedRun,
  program: LaunchedPlaybook,
  options: ChoiceOptions & { readonly rerun?: readonly string[] | undefined },
): Promise<readonly string[]> {
  const { rerun = [] } = options;
  for (const path of rerun) {
    if (!recorded.results.has(path)) {
      const known = [...recorded.results.keys()].join(", ");
      throw new UsageError(`No step ${path} has finished${known === "" ? "" : `; there are ${known}`}`);
    }
  }
  const plan = await planResume(recorded, program, rerun);
  if (plan.type === "unsound") {
    const [first = ""] = plan.missing;
    const hint = first === "" ? "" : ` --param-env ${first}=<variable> takes it from the environment.`;
    throw new UsageError(`${plan.loaded.problems.join("; ")}${hint}`);
  }
  const { changes, next } = plan;
  if (next === undefined && recorded.end?.isOk === true && changes.length === 0) {
    throw new Error(`All steps of ${recorded.sessionId} have finished: nothing is left to go on with`);
  }
  return [...rerun, ...(await chooseAgain(recorded, changes, options))];
}

async function endLeft(recorded: RecordedRun, patienceMs: number): Promise<void> {
  const still = (await endLeftPrograms(recorded, patienceMs)).map(({ pid }) => `process ${pid}`);
  if (still.length > 0) throw new Error(`${still.join(", ")} could not be ended, so nothing was run`);
}

function leftWords({ sessionId }: RecordedRun, left: readonly LeftProgram[]): string {
  const programs = left.map(({ pid, step }) =>
    step === undefined ? `process ${pid}` : `process ${pid} of step ${step}`,
  );
  const what = `${sessionId} was cut off, and something that it started still runs: ${programs.join(", ")}`;
  const end = canEnd(left) ? "--end-left ends that first" : "Nobody but you can end that here";
  return `${what}. ${end}, --keep-left lets it run beside the steps that run again`;
}

function told(error: unknown): never {
  if (!(error instanceof ResumeError)) throw error;
  const words = `${error.message}${hintOf(error)}`;
  throw error.reason === "path" ? new UsageError(words) : new Error(words);
}

function hintOf({ reason }: ResumeError): string {
  if (reason === "path") return "; --playbook says which one it is";
  if (reason === "unknown") return "; --gone says that it does not";
  return reason === "resumed" ? "; --again goes on with it all the same" : "";
}

/** One that did not come to its first step is passed over. */
async function lastPlaybook(directory: string, options: ResumableOptions): Promise<ResumableRun> {
  const sessions = await listSessions(directory, Date.now());
  let empty: unknown;
  for (const { key } of sessions.filter(({ playbook }) => playbook !== undefined).sort(byNewest)) {
    try {
      return await readResumable(key, options);
    } catch (error) {
      if (!(error instanceof ResumeError) || error.reason !== "empty") throw error;
      empty ??= error;
    }
  }
  throw empty ?? new Error(`${directory}: There is no session of a playbook`);
}
