// `tracekeeper collect`: takes what programs of this machine trace over OTLP/HTTP, each session recorded by itself, and runs
// the batches that they trigger.

import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { type BatchCollector, startBatchCollector } from "../collector/batchCollector";
import { defaultCollectorPort } from "../collector/collector";
import { keptSecret } from "../collector/keptSecret";
import { findCollector, PresenceHandler } from "../collector/presence";
import { listOrMake } from "../recorder/listOrMake";
import { installProcessHandlers } from "../recorder/processHandlers";
import { nodeFs, runAsync } from "../recorder/recorderFs";
import type { RecorderProblem } from "../recorder/sessionRequest";
import { environmentUrl, isOwnAddress, triggerEngineName } from "../session/batch/remoteEngineSchema";
import { environmentLines, environmentWord } from "../session/collectingText";
import { hearSignals } from "../session/sessionSignals";
import { endWords } from "../trace/batch/progressWords";
import { quantity } from "../trace/problemList";
import { tasksOf } from "./batch/batchTasks";
import { batchObject, showBatchFor } from "./batch/batchWords";
import { engineOf, openCliBatches } from "./batch/openCliBatches";
import { type CollectedBatch, CollectedBatches } from "./collect/collectedBatches";
import { type Command, defaultDirectory } from "./command";
import { showCommandFor } from "./headerLines";
import { endWithReader, printError, printLine } from "./print";
import { parseWords, UsageError, wholeNumber } from "./usageError";
import { jsonLine, visibleLine } from "./visibleText";

export const collectCommand: Command = {
  name: "collect",
  summary: "records what programs trace over OTLP, and runs of crewAI; runs batches",
  usage: `Usage: tracekeeper collect [options]

Takes spans over OTLP/HTTP, in protobuf or JSON, from any program on this machine, and records each session by itself:
a conversation where the spans name one, else a trace. Takes the trace batches of crewAI, too, each a session, where
CREWAI_PLUS_URL is the address that it prints. Runs the batches that programs trigger with trigger.dev's SDK: a task is one
of --task or --tasks, or a playbook below the current folder. Prints what a program needs in its environment, and ends with
Ctrl+C; the next one goes on with batches that are unfinished then.

  --port <number>    ${defaultCollectorPort} where it is left out, which is where exporters send by default; where another program
                     has it, a free one is taken. 0 takes any
  --dir <directory>  where the traces are written; ${defaultDirectory} where it is left out (also --directory)
  --idle <seconds>   a session ends when it has been silent so long; 300 where it is left out
  --task <name>=<command>  registers a task for batches: a line for the shell
  --tasks <file>     the same for many, in JSON or YAML: {"<name>": {"command": "...", "cwd": "...", "env": {}}}
  --engine <name>    what runs batches: local (usual), or trigger.dev at TRIGGER_API_URL with TRIGGER_SECRET_KEY
  --concurrency <n>  so many runs of a batch at once where it does not say so itself; 4 where it is left out
  -q, --quiet        no line for each session and batch
  --json             one JSON object a line, in place of the text
`,
  run,
};

async function run(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords({
    args: [...words],
    allowPositionals: true,
    options: {
      port: { type: "string" },
      dir: { type: "string" },
      directory: { type: "string" },
      idle: { type: "string" },
      task: { type: "string", multiple: true },
      tasks: { type: "string" },
      concurrency: { type: "string" },
      engine: { type: "string" },
      quiet: { type: "boolean", short: "q" },
      json: { type: "boolean" },
    },
  });
  const [stray] = positionals;
  if (stray !== undefined) throw new UsageError(`collect takes no "${stray}"`);
  const directory = resolve(values.dir ?? values.directory ?? defaultDirectory);
  const port = values.port === undefined ? defaultCollectorPort : wholeNumber("--port", values.port, 0);
  if (port > 65_535) throw new UsageError(`--port takes a number up to 65535, not "${values.port}"`);
  const idleMs = values.idle === undefined ? undefined : wholeNumber("--idle", values.idle, 1) * 1000;
  const usual =
    values.concurrency === undefined ? {} : { concurrency: wholeNumber("--concurrency", values.concurrency, 1) };
  const tasks = await tasksOf(values);
  const engine = engineOf(values.engine);
  const address = environmentUrl(process.env);
  if (engine === triggerEngineName && isOwnAddress(address, port))
    throw new UsageError(`TRIGGER_API_URL is ${address}, which is this collector's own address`);
  const told = values.json === true ? inJson(values.quiet === true) : inText(values.quiet === true);

  endWithReader();
  const stopped = new Promise<void>((stop) => {
    let isStopping = false;
    hearSignals(() => {
      // Whoever insists does not wait for a disk that hangs; what is open is recorded on the way out.
      if (isStopping) process.exit(1);
      isStopping = true;
      stop();
    });
  });
  // It says what it is to whoever finds its port taken, and only whoever started it ends it: nobody gets the token.
  const presence = new PresenceHandler(
    { pid: process.pid, directory },
    randomBytes(24).toString("hex"),
    () => undefined,
  );
  await runAsync(nodeFs, listOrMake(directory));
  // The endpoints of sessions are good with the next collector of this directory too.
  const secret = await keptSecret(join(directory, ".collector.secret"));
  const batches = openCliBatches(directory, process.cwd(), tasks, usual, engine);
  const collected = new CollectedBatches(batches, (batch) => told.onBatch(batch));
  const collector = await startBatchCollector({
    directory,
    port,
    idleMs,
    secret,
    batches,
    handlers: [presence.handle],
    ...told,
  });
  const removeHandlers = installProcessHandlers({
    crash: (reason, signal) => collector.crash(reason, signal),
    note: () => undefined,
    idle: () => undefined,
  });
  told.onStart(collector, directory, collector.isOtherPort ? await describeOwner(port) : "");
  await collector.takeUpBatches();
  await stopped;
  presence.ended("left");
  collected.dispose();
  await collector.close();
  removeHandlers();
  // Whatever is still open keeps nobody waiting.
  process.exit(0);
}

/** Who has the port that was asked for. */
async function describeOwner(port: number): Promise<string> {
  const other = await findCollector(port);
  const owner = other === undefined ? "another program" : `a collector that records into ${other.directory}`;
  return `port ${port} is taken by ${owner}, so another one is used`;
}

interface Telling {
  /** @param note why another port is used; empty where the wanted one is */
  onStart(collector: BatchCollector, directory: string, note: string): void;
  onSession(session: BatchCollector["sessions"][number]): void;
  onBatch(batch: CollectedBatch): void;
  onProblem(problem: RecorderProblem): void;
}

function variablesFor({ url, batchEndpoint }: BatchCollector) {
  return {
    spans: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" },
    batches: { TRIGGER_API_URL: batchEndpoint.url, TRIGGER_SECRET_KEY: batchEndpoint.key },
  };
}

function inText(isQuiet: boolean): Telling {
  return {
    onStart(collector, directory, note) {
      if (note !== "") printError(visibleLine(note));
      printLine(visibleLine(`Collecting at ${collector.url} into ${directory} until Ctrl+C.`));
      printLine(`Programs send their spans with this in their ${environmentWord()}:`);
      const { spans, batches } = variablesFor(collector);
      printLine(environmentLines(spans).trimEnd());
      printLine("Those that trigger batches with trigger.dev's SDK need this; whoever has the key may run the tasks:");
      printLine(environmentLines(batches).trimEnd());
    },
    onSession({ title, path }) {
      if (!isQuiet) printLine(visibleLine(`${title} · ${showCommandFor(path)}`));
    },
    onBatch({ state, file, isEnded }) {
      if (isQuiet) return;
      const name = state.name ?? state.id;
      const words = isEnded ? endWords(state) : quantity(state.runCount, "run");
      printLine(visibleLine(`${name} · ${words} · ${showBatchFor(file)}`));
    },
    onProblem: ({ message }) => printError(message),
  };
}

function inJson(isQuiet: boolean): Telling {
  return {
    onStart(collector, directory, note) {
      if (note !== "") printError(visibleLine(note));
      const { url, port } = collector;
      const { spans, batches } = variablesFor(collector);
      printLine(jsonLine({ type: "collect", url, port, directory, env: { ...spans, ...batches } }));
    },
    onSession({ sessionId, title, path }) {
      if (!isQuiet) printLine(jsonLine({ type: "session", sessionId, title, file: path }));
    },
    onBatch({ state, file }) {
      if (!isQuiet) printLine(jsonLine(batchObject({ state, file, runner: "alive" }, Date.now())));
    },
    onProblem: ({ message }) => printError(message),
  };
}
