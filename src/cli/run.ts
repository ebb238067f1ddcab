// `tracekeeper run`: runs a program in this terminal and records it. The program's exit code is ours.

import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { type CaptureMode, captureModes, type Launch } from "../session/launch";
import { isInTerminal } from "../session/ownTerminal";
import { programCommand } from "../session/programCommand";
import { type Command, defaultDirectory } from "./command";
import { launchedProgram } from "./launchedProgram";
import { checkPlaybook, isPlaybookPath, namedTasks, playbookLaunch, stop } from "./playbookLaunch";
import { runAndTell, type TellingOptions } from "./runAndTell";
import { sessionIdFor } from "./sessionId";
import { parseWords, UsageError } from "./usageError";

export const runCommand: Command = {
  name: "run",
  summary: "runs a program or a playbook and records it",
  usage: `Usage: tracekeeper run [options] -- <command> [argument...]
       tracekeeper run [options] <name>.playbook.yaml [--param <name>=<value>]...

Runs a program in this terminal and records it: its output, its end, and the spans that it sends over OTLP to the
address that it finds in its environment. The exit code is the program's: 128 and the signal's number where a signal
killed it, 127 where it was not found, 126 where it could not be started.
A playbook is run step by step; the exit code is 0 where all of its steps held, and 1 where one failed.

  --capture <mode>   terminal: the program has a terminal of its own (needs node-pty beside tracekeeper, and a terminal)
                     pipes: its standard output and standard error are recorded apart
                     none: nothing of its output is recorded
                     Where it is left out: terminal if that can be had, else pipes
  --dir <directory>  where the trace is written; ${defaultDirectory} where it is left out
  --title <text>     the name of the session; the command where it is left out
  --param <name>=<value>   a parameter of the playbook; of a secret one better --param-env
  --param-env <name>=<variable>  the same with its value from a variable of the environment, which nobody else sees
  --run-id <id>      the playbook's run, for its action log; the session's id where it is left out
  --no-checkpoints   results of its steps are not saved unless the playbook itself says so: it can't be resumed
  --task <name>=<command>  what the playbook's batches may run; --tasks <file> names many, see tracekeeper help batch
  -q, --quiet        no line at the end, and none for the steps of a playbook
  --json             at the end one JSON object on standard error in place of that line
`,
  run,
};

async function run(words: readonly string[]): Promise<number> {
  const end = words.indexOf("--");
  const { values, positionals } = parseWords({
    args: words.slice(0, end < 0 ? words.length : end),
    allowPositionals: true,
    options: {
      capture: { type: "string" },
      dir: { type: "string" },
      title: { type: "string" },
      quiet: { type: "boolean", short: "q" },
      json: { type: "boolean" },
      param: { type: "string", multiple: true },
      "param-env": { type: "string", multiple: true },
      "run-id": { type: "string" },
      "no-checkpoints": { type: "boolean" },
      task: { type: "string", multiple: true },
      tasks: { type: "string" },
    },
  });
  const [stray, ...others] = positionals;
  const { task, tasks } = values;
  const checkpoints = values["no-checkpoints"] === true ? false : undefined;
  const asked = {
    params: values.param,
    paramsFromEnv: values["param-env"],
    runId: values["run-id"],
    checkpoints,
    task,
    tasks,
  };
  if (stray !== undefined && end < 0 && isPlaybookPath(stray)) {
    if (others[0] !== undefined) throw new UsageError(`run takes one playbook, and "${others[0]}" is another word`);
    if (values.capture !== undefined) throw new UsageError("--capture is for a command: a playbook's have pipes");
    const launch = playbookLaunch(stray, { ...values, ...asked, tasks: await namedTasks(values) });
    await checkPlaybook(launch);
    return await runAndTell(launch, values);
  }
  for (const [name, value] of Object.entries(asked)) {
    if (value !== undefined) throw new UsageError(`--${optionNames[name as keyof typeof asked]} is for a playbook`);
  }
  if (stray !== undefined) {
    throw new UsageError(`"${stray}" stands before "--"; the command comes after it: tracekeeper run -- ${stray}`);
  }
  const [file, ...args] = end < 0 ? [] : words.slice(end + 1);
  if (!file) throw new UsageError('run needs a command after "--"');
  return await runAndTell(await makeLaunch([file, ...args], values), values);
}

const optionNames = {
  params: "param",
  paramsFromEnv: "param-env",
  runId: "run-id",
  checkpoints: "no-checkpoints",
  task: "task",
  tasks: "tasks",
} as const;

interface RunOptions extends TellingOptions {
  readonly capture?: string | undefined;
  readonly dir?: string | undefined;
  readonly title?: string | undefined;
}

async function makeLaunch(words: readonly [string, ...string[]], options: RunOptions): Promise<Launch> {
  const [file, ...args] = words;
  const cwd = process.cwd();
  const label = programCommand({ type: "process", file, args: [...args] }).text;
  const title = options.title ?? label;
  const sessionId = sessionIdFor(words, options.title);
  const nodePty = findNodePty();
  return {
    version: 1,
    id: sessionId,
    directory: resolve(options.dir ?? defaultDirectory),
    sessionId,
    title,
    program: launchedProgram(words),
    cwd,
    capture: captureOf(options, nodePty),
    ...(nodePty === undefined ? {} : { nodePty }),
    origin: { type: "command", label, path: cwd },
    stop,
  };
}

function captureOf({ capture: asked, quiet }: RunOptions, nodePty: string | undefined): CaptureMode {
  if (asked === undefined) {
    if (!isInTerminal()) return "pipes";
    // The session says on standard error why a terminal can't be had, which is no news to who wants to hear nothing.
    return quiet === true && nodePty === undefined ? "pipes" : "terminal";
  }
  const mode = captureModes.find((candidate) => candidate === asked);
  if (mode === undefined) throw new UsageError(`--capture takes ${captureModes.join(", ")}, not "${asked}"`);
  return mode;
}

/** The directory of the package where it is installed beside this one; it is no dependency of ours. */
function findNodePty(): string | undefined {
  try {
    return dirname(createRequire(__filename).resolve("node-pty/package.json"));
  } catch {
    return undefined;
  }
}
