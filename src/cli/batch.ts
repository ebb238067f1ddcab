// `tracekeeper batch`: sets of runs that are triggered together, and what can be asked of them.

import { type Command, defaultDirectory } from "./command";
import { UsageError } from "./usageError";

type Part = (words: readonly string[]) => Promise<number>;

const control = (name: "cancel" | "pause" | "resume" | "retry") => async () =>
  (await import("./batch/batchControl")).batchControl(name);

/** Loaded for themselves: no other command pays for them. */
const parts: Readonly<Record<string, () => Promise<Part>>> = {
  run: async () => (await import("./batch/batchRun")).batchRun,
  ls: async () => (await import("./batch/batchList")).batchList,
  show: async () => (await import("./batch/batchShow")).batchShow,
  cancel: control("cancel"),
  pause: control("pause"),
  resume: control("resume"),
  retry: control("retry"),
};

export const batchCommand: Command = {
  name: "batch",
  summary: "runs a task or a playbook for each of many items",
  usage: `Usage: tracekeeper batch run [options] --items <file> <task or playbook>
       tracekeeper batch ls [--all | --limit <n>]
       tracekeeper batch show [--failed] [--all] <id>
       tracekeeper batch cancel | pause | resume <id>
       tracekeeper batch retry [--run <number>]... <id>

run triggers a batch: one run for each item of a file, each recorded as a session of its own, a few at a time. The exit code
is 0 where all runs succeeded, and 1 where one did not. Ctrl+C cancels the batch; what ran stays recorded.
A task is one of --task or --tasks, or a playbook: its path, the name of its file or the name that stands in it. A command
gets its item as JSON on its standard input, a playbook gets it as its parameters.

  --items <file>      a JSON array, or one value of JSON a line; - is standard input
  --task <name>=<command>  registers a task: a line for the shell
  --tasks <file>      the same for many, in JSON or YAML: {"<name>": {"command": "...", "cwd": "...", "env": {}}}
  --concurrency <n>   so many runs at once; 4 where it is left out
  --attempts <n>      of each run, the first one counted; 1 where it is left out
  --backoff <time>    the pause after the first attempt, which doubles with each; 1s where it is left out
  --name <text>       what the batch is called
  --engine <name>     what runs it: local (usual), or trigger.dev at TRIGGER_API_URL with TRIGGER_SECRET_KEY
  --no-wait           the batch goes on in the background; its id is printed
  -q, --quiet         no line while it runs

ls lists the batches of a directory, show tells of one: the states with the flags that decided, errors by what they say, runs.
cancel stops what runs and begins nothing more; pause only begins nothing more, and resume ends that. resume also goes on with
a batch whose process is gone, and retry gives runs that failed another attempt: all of them, or those with the numbers that
show prints. Where no process works on the batch any more this one does, until it ends.

  --dir <directory>   where batches and traces are; ${defaultDirectory} where it is left out
  --json              one JSON object a line, in place of the text
  --no-color          no colours
`,
  run,
};

async function run([part, ...words]: readonly string[]): Promise<number> {
  const known = Object.keys(parts).join(", ");
  if (part === undefined) throw new UsageError(`batch needs one of ${known}`);
  const command = Object.hasOwn(parts, part) ? parts[part] : undefined;
  if (command === undefined) throw new UsageError(`batch knows ${known}, not "${part}"`);
  return await (await command())(words);
}
