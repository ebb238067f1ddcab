// A program whose standard output and standard error are pipes of ours. It is in our process group and reads our standard
// input itself, so that Ctrl+C, a terminal's job control and what is typed reach it as they would without us.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import type { Readable } from "node:stream";
import type { OutputStream } from "../trace/outputBurst";
import { LastOutput } from "./lastOutput";
import { startErrorOf } from "./programCommand";
import type { ChildEnd, ChildRequest, RunningChild } from "./runningChild";
import { makeSystemPipes } from "./systemPipes";

/** Rejects with a `StartError`. */
export async function startPipesChild(request: ChildRequest): Promise<RunningChild> {
  const { command, cwd, env } = request;
  const pipes = makeSystemPipes();
  let child: ChildProcess;
  try {
    child = spawn(command.file, command.args, {
      cwd,
      env,
      stdio: ["inherit", pipes?.[0].writeFd ?? "pipe", pipes?.[1].writeFd ?? "pipe"],
      windowsVerbatimArguments: command.isVerbatim,
    });
  } catch (error) {
    // Some errors (too many words, a file that is being written) are thrown and not told as an event.
    for (const { readable } of pipes ?? []) readable.destroy();
    throw startErrorOf(error as Error, command);
  } finally {
    for (const { writeFd } of pipes ?? []) closeSync(writeFd);
  }
  const stdout = pipes?.[0].readable ?? child.stdout;
  const stderr = pipes?.[1].readable ?? child.stderr;
  if (stdout === null || stderr === null) throw new Error("The program has no pipes");
  const running = new PipesChild(child, stdout, stderr, request);
  try {
    await once(child, "spawn");
  } catch (error) {
    stdout.destroy();
    stderr.destroy();
    throw startErrorOf(error as Error, command);
  }
  // A signal that can't be sent is told to whoever sends it.
  child.on("error", () => undefined);
  return running;
}

class PipesChild implements RunningChild {
  readonly hasOwnTerminal = false;
  readonly ended: Promise<ChildEnd>;
  readonly #child: ChildProcess;
  readonly #streams: ReadonlyMap<OutputStream, Readable>;
  readonly #last: LastOutput;
  #heldStreams: OutputStream[] = [];

  constructor(child: ChildProcess, stdout: Readable, stderr: Readable, { output }: ChildRequest) {
    this.#child = child;
    this.#streams = new Map<OutputStream, Readable>([
      ["stdout", stdout],
      ["stderr", stderr],
    ]);
    this.#last = new LastOutput(() => this.#giveUp());
    for (const [name, stream] of this.#streams) {
      stream.on("data", (bytes: Buffer) => {
        this.#last.heard();
        output(name, bytes);
      });
      // What breaks a pipe ends it.
      stream.on("error", () => undefined);
    }
    const closed = [...this.#streams.values()].map((stream) => new Promise((resolve) => stream.once("close", resolve)));
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#last.gone();
        void Promise.all(closed).then(() => {
          this.#last.done();
          resolve({ code: code ?? undefined, signal: signal ?? undefined, heldStreams: this.#heldStreams });
        });
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isGone(): boolean {
    return this.#last.isGone;
  }

  pause(): void {
    this.#last.pause();
    for (const stream of this.#streams.values()) stream.pause();
  }

  resume(): void {
    this.#last.resume();
    for (const stream of this.#streams.values()) stream.resume();
  }

  closeOutput(stream: OutputStream): void {
    this.#streams.get(stream)?.destroy();
  }

  #giveUp(): void {
    for (const [name, stream] of this.#streams) {
      if (stream.destroyed) continue;
      this.#heldStreams.push(name);
      stream.destroy();
    }
  }
}
