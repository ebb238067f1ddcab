// Runs the command of a `run` step: its output is masked, recorded, shown, and kept as far as later steps may ask for it.

import { resolve } from "node:path";
import type { OutputStream } from "../../trace/outputBurst";
import { outcomeOf, type StopReason, wordsFor } from "../outcome";
import { startPipesChild } from "../pipesChild";
import { programFacts } from "../processIdentity";
import { checkStart, programCommand, StartError } from "../programCommand";
import { type ProgramEnd, type ProgramRecord, ProgramRun } from "../programRun";
import { MaskedStream } from "../secrets/maskedStream";
import type { ActionContext, ActionResult } from "./actionRunner";
import { KeptOutput } from "./keptOutput";

export interface RunInput {
  readonly command: string | readonly string[];
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly shell?: string | undefined;
}

export async function runCommand(input: RunInput, context: ActionContext): Promise<ActionResult> {
  const { texts, services, scope, stop } = context;
  const { commands, mask } = services;
  const cwd = resolve(context.folder, input.cwd === undefined ? "." : texts.fill(input.cwd));
  const { command, variables } = commandOf(input, context);
  const own = Object.entries(input.env ?? {}).map(([name, value]) => [name, texts.fill(String(value))]);
  const changes = { ...context.env, ...Object.fromEntries(own), ...variables };
  context.begin({ kind: "tool", name: "run", input: { command: command.text, cwd } });
  const env = commands.environment(scope.ref.id, cwd, changes);
  const kept = new KeptOutput(mask);
  const streams = new Map<OutputStream, MaskedStream>();
  const record: ProgramRecord = {
    recorder: commands.recorder,
    output: { add: (stream, bytes) => scope.emit({ type: "actionOutput", stream, bytes }) },
    event: (name, attributes) => scope.emit({ type: "actionNote", name, attributes }),
  };
  const program = new ProgramRun({ record, shown: commands.shown, pauses: commands.pauses });
  const output = (stream: OutputStream, bytes: Buffer) => {
    kept.add(stream, bytes);
    const masked = streams.get(stream) ?? new MaskedStream(mask);
    streams.set(stream, masked);
    const shown = masked.add(bytes);
    if (shown.length > 0) program.output(stream, shown);
  };
  const unlisten = commands.onShown((fd) => program.shownMore(fd));
  const stopper = new CommandStopper(program, commands.pauses.terminateAfterMs);
  const unstop = stop.onRequest((reason) => stopper.take(reason));
  try {
    checkStart(command, cwd, env);
    const child = await startPipesChild({ command, cwd, env, output });
    program.started(child);
    scope.emit({ type: "programStarted", program: programFacts(child.pid) });
    const ended = await program.ended();
    for (const [stream, masked] of streams) {
      const rest = masked.end();
      if (rest.length > 0) program.output(stream, rest);
    }
    return { ...(await resultOf(ended, program, stop.reason, context)), ...kept.result() };
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return { failure: `could not be started: ${error.message}`, exitCode: error.exitCode, ...kept.result() };
  } finally {
    stopper.over();
    unstop();
    unlisten();
  }
}

function commandOf({ command, shell }: RunInput, { texts }: ActionContext) {
  if (typeof command === "string") {
    const { line, env } = texts.shellLine(command, shell);
    const program = programCommand({ type: "shell", line, ...(shell === undefined ? {} : { shell }) });
    return { command: { ...program, text: texts.fill(command) }, variables: env };
  }
  const [file = "", ...args] = command.map((word) => texts.fill(word));
  return { command: programCommand({ type: "process", file, args }), variables: {} };
}

async function resultOf(
  ended: ProgramEnd,
  { isCtrlC, stopReason }: ProgramRun,
  asked: StopReason | undefined,
  { unmetBy }: ActionContext,
): Promise<Omit<ActionResult, "output">> {
  const reason = stopReason ?? asked;
  const isInterrupted = reason !== undefined && reason.type !== "timeOut";
  if (ended.type === "left") {
    const { by } = reason === undefined ? { by: "it was left" } : wordsFor(reason);
    return { failure: `${by}: ${ended.what}`, isInterrupted };
  }
  const { code, signal, heldStreams } = ended.end;
  const { command } = outcomeOf(ended.end, reason, isCtrlC);
  const attributes = { exitCode: code, signal, ...(heldStreams.length === 0 ? {} : { heldStreams }) };
  const isOwnEnd = reason === undefined && signal === undefined && !command.isInterrupted;
  const failure = isOwnEnd ? await unmetBy({ exitCode: code ?? 0 }) : (command.message ?? `exit ${code ?? 0}`);
  return {
    ...(failure === undefined ? {} : { failure }),
    isInterrupted: isInterrupted || (reason === undefined && command.isInterrupted),
    ...(code === undefined ? {} : { exitCode: code }),
    attributes,
  };
}

/** How a command is told that it has to end: a key press reached it as it reached us, everything else has to be sent. */
class CommandStopper {
  readonly #program: ProgramRun;
  readonly #patienceMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(program: ProgramRun, patienceMs: number) {
    this.#program = program;
    this.#patienceMs = patienceMs;
  }

  take(reason: StopReason): void {
    if (reason.type === "terminalClosed") return this.#program.hangUp();
    const isKey = reason.type === "signal" && reason.signal === "SIGINT" && this.#timer === undefined;
    if (!isKey) return this.#program.stop(reason);
    this.#program.keySignal("SIGINT");
    // It may not have heard of it, where the signal was for this process alone.
    this.#timer = setTimeout(() => this.#program.stop(reason), this.#patienceMs);
  }

  over(): void {
    clearTimeout(this.#timer);
  }
}
