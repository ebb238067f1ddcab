// One run from the opening of its record to its exit code: what starts, what ends it (the program itself, a person, a
// signal, a closed terminal), and what the trace says of it.

import { describeError } from "../base/logger";
import { openSessionRecorder } from "../recorder/openSession";
import { installProcessHandlers } from "../recorder/processHandlers";
import { nodeFs } from "../recorder/recorderFs";
import type { SessionRecorder } from "../recorder/sessionRecorder";
import type { RecorderProblem } from "../recorder/sessionRequest";
import { makeTraceId } from "../recorder/traceIds";
import { withLimit } from "../recorder/withLimit";
import { formatBytes } from "../trace/formatValue";
import { type ChosenCapture, chooseCapture } from "./capture";
import { completeClaim } from "./claim";
import { collectingText } from "./collectingText";
import { SessionGuardrails } from "./guardrails/sessionGuardrails";
import type { Launch, LaunchClaim, LaunchedPlaybook, LaunchedProgram } from "./launch";
import { abandoned, collected, type Outcome, outcomeOf, signalExitCode, startFailure } from "./outcome";
import { OwnOutput } from "./ownOutput";
import { isInTerminal } from "./ownTerminal";
import { programCommand, StartError } from "./programCommand";
import { type ProgramEnd, ProgramRun } from "./programRun";
import { SessionBus } from "./sessionBus";
import { SessionPort } from "./sessionPort";
import { type CaptureChoice, SessionRecord } from "./sessionRecord";
import { type HeardSignal, hearSignals } from "./sessionSignals";
import { startChild } from "./startChild";
import type { StepResult } from "./steps/runEvent";
import { LiveStream } from "./stream/liveStream";

/** Once a run was stopped, what nobody takes is shown to nobody. */
const lastShownMs = 1000;

/** What came of a run, when all of its output is shown. */
export interface RunEnd {
  readonly outcome: Outcome;
  readonly capture: CaptureChoice;
  readonly durationMs: number;
  /** Of the trace; undefined where the run, or its end, could not be recorded. */
  readonly path: string | undefined;
  /** What was shown last ended with its line. */
  readonly isAtLineStart: boolean;
  /** Of a playbook. */
  readonly steps?: readonly StepResult[];
  /** There was nothing to run, so that there is no trace of it; the person has been told. */
  readonly isNotRun?: true;
}

/** Of anything but a playbook, which `PlaybookSession` runs. */
export type CommandLaunch = Launch & { readonly program: Exclude<LaunchedProgram, LaunchedPlaybook> };

export class SessionRun {
  readonly #launch: CommandLaunch;
  readonly #launchPath: string;
  readonly #claim: LaunchClaim;
  readonly #shown: OwnOutput;
  readonly #onEnd: ((end: RunEnd) => void) | undefined;
  #capture: ChosenCapture;
  readonly #bus = new SessionBus({ record: () => this.#record });
  readonly #stream = new LiveStream();
  readonly #record: SessionRecord;
  readonly #program: ProgramRun;
  readonly #guardrails: SessionGuardrails;
  #problem: string | undefined;
  /** What is missing in the trace. */
  #missing: string | undefined;
  /** Ends a session without a program. */
  #endCollecting: () => void = () => undefined;
  /** Signals that came while the session was ending. */
  #lateSignals = 0;
  #isEnding = false;

  constructor(launch: CommandLaunch, launchPath: string, claim: LaunchClaim, onEnd?: (end: RunEnd) => void) {
    this.#onEnd = onEnd;
    this.#launch = launch;
    this.#launchPath = launchPath;
    this.#claim = claim;
    const isCollecting = launch.program.type === "collect";
    this.#capture = isCollecting ? { asked: "none", used: "none" } : chooseCapture(launch, isInTerminal());
    this.#shown = new OwnOutput({
      onWritten: () => this.#program.shownMore(),
      onClosed: (fd) => this.#program.shownMore(fd),
    });
    this.#record = new SessionRecord(this.#openRecorder(), launch, this.#capture);
    this.#program = new ProgramRun({ record: this.#record, shown: this.#shown, pauses: launch.stop });
    this.#guardrails = new SessionGuardrails({
      record: this.#record,
      guardrails: launch.guardrails,
      stop: isCollecting ? undefined : (reason) => this.#program.stop(reason),
    });
  }

  /** @returns the exit code. Never rejects because of what can't be recorded. */
  async run(): Promise<number> {
    const removeSignals = hearSignals((signal) => this.#onSignal(signal));
    const removeHandlers = this.#handleProcessEnd();
    let port: SessionPort | undefined;
    try {
      if (this.#record.recorder === undefined) this.#shown.say(`nothing is recorded: ${this.#problem ?? "unknown"}`);
      port = await SessionPort.open(this.#record, this.#stream, () => this.#onStop());
      const { program } = this.#launch;
      const outcome = program.type === "collect" ? await this.#collect(port) : await this.#runProgram(program, port);
      await this.#end(outcome, port);
      return outcome.exitCode;
    } catch (error) {
      // Nobody expected it; what is open is told and given back all the same.
      this.#record.crash(`the session could not go on: ${describeError(error)}`);
      await port?.close();
      await port?.end();
      throw error;
    } finally {
      this.#guardrails.dispose();
      removeHandlers();
      removeSignals();
    }
  }

  #openRecorder(): SessionRecorder | undefined {
    const { directory, sessionId, title, program, fsync } = this.#launch;
    const command = program.type === "collect" ? undefined : programCommand(program).text;
    const recorder = openSessionRecorder({
      directory,
      sessionId,
      traceId: makeTraceId(Date.now()),
      metadata: { title, ...(command === undefined ? {} : { command }) },
      mode: "start",
      fsync: fsync ?? "interval",
      fs: nodeFs,
      machine: undefined,
      onProblem: this.#onProblem,
    });
    if (recorder === undefined) return undefined;
    this.#stream.listen(this.#bus.bus);
    this.#stream.begin(recorder, title);
    return this.#bus.telling(recorder);
  }

  /** The trace itself says when it could not be written; here is why it could not be begun or ended. */
  readonly #onProblem = ({ message, error }: RecorderProblem) => {
    // Without an error it tells of what is well again.
    this.#problem = error?.message ?? this.#problem ?? message;
  };

  #handleProcessEnd(): () => void {
    if (this.#record.recorder === undefined) return () => undefined;
    return installProcessHandlers({
      crash: (reason, signal) => this.#record.crash(reason, signal),
      note: (name, attributes) => this.#record.sessionEvent(name, attributes),
      idle: () => undefined,
    });
  }

  async #runProgram(program: Parameters<typeof programCommand>[0], port: SessionPort): Promise<Outcome> {
    const { cwd } = this.#launch;
    const command = programCommand(program);
    const { used: capture, reason } = this.#capture;
    if (reason !== undefined) this.#shown.say(`pipes in place of a terminal, because ${reason}`);
    this.#record.beginCommand({ command: command.text, cwd, capture });
    try {
      const env = port.environment(this.#launch, this.#guardrails.take);
      const request = { command, cwd, env, output: this.#program.output };
      const started = await startChild(this.#capture, request);
      if (started.capture.used !== capture) {
        this.#capture = started.capture;
        this.#record.changeCapture(started.capture);
      }
      this.#record.attributes({ childPid: started.child.pid });
      this.#program.started(started.child);
      await this.#completeClaim(port, started.child.pid);
      const ended = await this.#program.ended();
      await port.close();
      return await this.#outcomeOf(ended, started.child.pid);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.#shown.say(`${command.text}: ${error.message}`);
      const outcome = startFailure(error.message, error.exitCode);
      await port.close();
      this.#record.endCommand(outcome, {});
      return outcome;
    }
  }

  async #outcomeOf(ended: ProgramEnd, pid: number): Promise<Outcome> {
    const { stopReason, isCtrlC } = this.#program;
    const record = this.#record;
    await record.makeRoom();
    const { bytes: outputBytes, lostBytes = 0 } = record.output ?? {};
    if (lostBytes > 0)
      this.#missing = `${formatBytes(lostBytes)} of output could not be recorded: ${this.#problem ?? ""}`;
    if (ended.type === "left") {
      const outcome = abandoned(stopReason ?? { type: "person" }, ended.what, signalExitCode("SIGKILL"));
      record.endCommand(outcome, { childPid: pid, outputBytes });
      return outcome;
    }
    const { code, signal, heldStreams } = ended.end;
    record.recorder?.note("process-exit", { pid, command: this.#record.commandText, code, signal });
    if (heldStreams.length > 0) record.event("tracekeeper.streams-held", { streams: heldStreams });
    const outcome = outcomeOf(ended.end, stopReason, isCtrlC);
    record.endCommand(outcome, { childPid: pid, exitCode: code, signal, outputBytes });
    return outcome;
  }

  async #collect(port: SessionPort): Promise<Outcome> {
    const stopped = new Promise<void>((resolve) => {
      this.#endCollecting = resolve;
    });
    if (port.control === undefined) return startFailure("no port can be had for spans", 1);
    this.#shown.print(collectingText(port.environment(this.#launch, this.#guardrails.take)));
    await this.#completeClaim(port, undefined);
    await stopped;
    await port.close();
    await this.#record.makeRoom();
    return collected(this.#program.stopReason);
  }

  async #completeClaim({ control }: SessionPort, childPid: number | undefined): Promise<void> {
    const path = this.#record.recorder?.path;
    try {
      await completeClaim(this.#launchPath, {
        ...this.#claim,
        ...(path === undefined ? {} : { path }),
        ...(childPid === undefined ? {} : { childPid }),
        ...(control === undefined ? {} : { control }),
      });
    } catch (error) {
      const reason = describeError(error);
      this.#record.sessionEvent("tracekeeper.no-claim", { reason });
    }
  }

  async #end(outcome: Outcome, port: SessionPort): Promise<void> {
    this.#isEnding = true;
    this.#guardrails.dispose();
    const record = this.#record;
    const { durationMs } = record;
    let path = record.recorder?.path;
    if (this.#program.stopReason?.type === "terminalClosed") record.crash(outcome.error ?? "", "SIGHUP");
    else path = await record.finish(outcome);
    await this.#showAll();
    await port.end();
    this.#program.giveBackTerminal();
    if (record.recorder !== undefined && path === undefined) {
      this.#missing = `the end could not be recorded: ${this.#problem ?? "unknown"}`;
    }
    if (this.#missing !== undefined) this.#shown.say(this.#missing);
    if (this.#onEnd !== undefined) {
      const { asked, used, reason } = this.#capture;
      const { isAtLineStart } = this.#shown;
      this.#onEnd({ outcome, capture: { asked, used, reason }, durationMs, path, isAtLineStart });
    } else if (this.#capture.used !== "none") this.#shown.sayEnd(outcome, durationMs, path);
    await this.#showAll();
    // Nothing but the end of the process gets back a thread that waits for whoever doesn't read.
    if (this.#shown.queuedBytes > 0) process.kill(process.pid, "SIGKILL");
  }

  /** Whoever reads slowly is waited for, unless the run was stopped. */
  async #showAll(): Promise<void> {
    if (!this.#program.isStopped) return await this.#shown.settled();
    await withLimit(lastShownMs, () => this.#shown.settled()).catch(() => undefined);
  }

  #onStop(): void {
    this.#endCollecting();
    this.#program.stop({ type: "person" });
  }

  #onSignal(signal: HeardSignal): void {
    // Whoever insists does not wait for a disk that hangs; what is open is recorded on the way out.
    if (this.#isEnding && signal !== "SIGHUP" && ++this.#lateSignals > 1) process.exit(signalExitCode(signal));
    // Others are noted by the recorder's handlers.
    if (signal === "SIGQUIT") this.#record.sessionEvent("tracekeeper.signal", { signal });
    if (signal === "SIGHUP") this.#program.hangUp();
    else if (signal === "SIGTERM") this.#program.stop({ type: "signal", signal });
    else this.#program.keySignal(signal);
    this.#endCollecting();
  }
}
