// The session of a playbook from the opening of its record to its exit code: the counterpart of `SessionRun` for what is
// no single program.

import { resolve } from "node:path";
import { describeError } from "../base/logger";
import { openSessionRecorder } from "../recorder/openSession";
import { installProcessHandlers } from "../recorder/processHandlers";
import { nodeFs } from "../recorder/recorderFs";
import type { RecorderProblem } from "../recorder/sessionRequest";
import { makeTraceId } from "../recorder/traceIds";
import { withLimit } from "../recorder/withLimit";
import { runProblemEvent } from "../trace/runAttributes";
import { safeId, traceFileNames } from "../trace/safeId";
import { completeClaim } from "./claim";
import { keyVariables } from "./keySecrets";
import type { Launch, LaunchClaim, LaunchedPlaybook } from "./launch";
import { openPlaybookRun, type SoundPlaybook } from "./openPlaybookRun";
import { type Outcome, outcomeOfRun, type StopReason, signalExitCode, startFailure } from "./outcome";
import type { OutputTarget } from "./outputRecorder";
import { OwnOutput } from "./ownOutput";
import { endPlaybook } from "./playbookEnd";
import { forgetSecrets, loadPlaybook, readPlaybook } from "./playbookFile";
import { type LoadedResume, loadResumed, type ResumedRun } from "./resume/loadResumed";
import { claimResume, type TakenClaim } from "./resume/resumeClaim";
import { maskedRun } from "./secrets/maskedEvent";
import { maskedRecorder } from "./secrets/maskedRecorder";
import { SecretMask } from "./secrets/secretMask";
import { SessionBus } from "./sessionBus";
import { SessionPort } from "./sessionPort";
import { SessionRecord } from "./sessionRecord";
import type { RunEnd } from "./sessionRun";
import { type HeardSignal, hearSignals } from "./sessionSignals";
import type { PlaybookRun, RunResult } from "./steps/playbookRun";
import { LiveStream } from "./stream/liveStream";

/** Once a run was stopped, what nobody takes is shown to nobody. */
const lastShownMs = 1000;

export interface PlaybookSessionRequest {
  readonly launch: Launch;
  readonly program: LaunchedPlaybook;
  readonly launchPath: string;
  readonly claim: LaunchClaim;
  readonly onEnd: ((end: RunEnd) => void) | undefined;
  readonly isQuiet: boolean;
}

export class PlaybookSession {
  readonly #request: PlaybookSessionRequest;
  readonly #mask = new SecretMask();
  readonly #bus = new SessionBus({ mask: this.#mask, record: () => this.#record });
  readonly #stream = new LiveStream();
  readonly #shown: OwnOutput;
  readonly #shownListeners = new Set<(closedFd?: number) => void>();
  #record: SessionRecord | undefined;
  /** Of output alone, which is masked before it is recorded. */
  #outputTarget: OutputTarget | undefined;
  #run: PlaybookRun | undefined;
  #problem: string | undefined;
  #stopReason: StopReason | undefined;
  readonly #stopped = new AbortController();
  #isEnding = false;
  /** Signals that came while the session was ending. */
  #lateSignals = 0;

  constructor(request: PlaybookSessionRequest) {
    this.#request = request;
    this.#stream.listen(this.#bus.bus);
    const tell = (closedFd?: number) => {
      for (const listener of [...this.#shownListeners]) listener(closedFd);
    };
    this.#shown = new OwnOutput({ onWritten: () => tell(), onClosed: (fd) => tell(fd) });
  }

  /** @returns the exit code: 0 where all steps held. Never rejects because of what can't be recorded. */
  async run(): Promise<number> {
    const { program, launchPath, launch } = this.#request;
    const loading: LoadedResume =
      program.resume === undefined
        ? { loaded: await loadPlaybook(program) }
        : await loadResumed(program, program.resume);
    const { loaded, resumed } = loading;
    for (const secret of loaded.secrets) this.#mask.add(secret);
    for (const secret of Object.values(program.secrets ?? {})) this.#mask.add(secret);
    this.#mask.add(launch.batchEngine?.key ?? "");
    if (loaded.type === "sound") {
      // A step may show a key before the first model is asked.
      for (const name of await keyVariables(loaded.playbook, loaded.params, readPlaybook))
        this.#mask.add(process.env[name] ?? "");
    }
    const forgotten = await forgetSecrets(launchPath, launch, loaded);
    const claim = loading.refused ?? (resumed && (await this.#claimResumed(resumed)));
    if (typeof claim === "string") return await this.#leave(claim);
    const record = this.#openRecord();
    this.#record = record;
    const removeSignals = hearSignals((signal) => this.#onSignal(signal));
    const removeHandlers = this.#handleProcessEnd(record);
    if (forgotten !== undefined) record.sessionEvent(runProblemEvent, { message: forgotten });
    let port: SessionPort | undefined;
    try {
      if (record.recorder === undefined) this.#shown.say(`nothing is recorded: ${this.#problem ?? "unknown"}`);
      port = await SessionPort.open(record, this.#stream, () => this.#stop({ type: "person" }));
      const refused = claim && (await begun(claim, record.recorder?.path ?? this.#ownFile()));
      const outcome =
        loaded.type === "unsound"
          ? await this.#refuse(loaded.problems, record, port)
          : refused === undefined
            ? await this.#runPlaybook(loaded, resumed, record, port)
            : await this.#refuse([refused], record, port);
      await port.end();
      return outcome.exitCode;
    } catch (error) {
      // Nobody expected it; what is open is told and given back all the same.
      record.crash(`the session could not go on: ${describeError(error)}`);
      await port?.close();
      await port?.end();
      throw error;
    } finally {
      removeHandlers();
      removeSignals();
    }
  }

  /** In words where it can't be gone on with. */
  async #claimResumed(resumed: ResumedRun): Promise<TakenClaim | string> {
    const { launch, program } = this.#request;
    const { sessionId } = launch;
    const isRepeated = program.resume?.isRepeated === true;
    return await claimResume(resumed, { sessionId, file: this.#ownFile() }, { isRepeated }).catch(describeError);
  }

  /** As long as nothing is recorded. */
  #ownFile(): string {
    const { directory, sessionId } = this.#request.launch;
    return resolve(directory, traceFileNames.snapshot(safeId(sessionId)));
  }

  /** Nothing is run, so nothing is recorded: another session's trace tells what there is. @returns the exit code */
  async #leave(words: string): Promise<number> {
    const { launchPath, claim, onEnd } = this.#request;
    const refused = this.#mask.text(words);
    const outcome = startFailure(refused, 1);
    this.#shown.say(`nothing was run: ${refused}`);
    // Whoever looks after this session reads it there.
    await completeClaim(launchPath, { ...claim, refused }).catch(() => undefined);
    const capture = { asked: "pipes", used: "pipes" } as const;
    const { isAtLineStart } = this.#shown;
    onEnd?.({ outcome, capture, durationMs: 0, path: undefined, isAtLineStart, steps: [], isNotRun: true });
    await this.#showAll();
    return outcome.exitCode;
  }

  #openRecord(): SessionRecord {
    const { launch } = this.#request;
    const { directory, sessionId, fsync } = launch;
    const title = this.#mask.text(launch.title);
    const recorder = openSessionRecorder({
      directory,
      sessionId,
      traceId: makeTraceId(Date.now()),
      metadata: { title },
      mode: "start",
      fsync: fsync ?? "interval",
      fs: nodeFs,
      machine: undefined,
      onProblem: ({ message, error }: RecorderProblem) => {
        this.#problem = error?.message ?? this.#problem ?? message;
      },
    });
    if (recorder !== undefined) this.#stream.begin(recorder, title);
    const telling = recorder && this.#bus.telling(recorder);
    this.#outputTarget = telling;
    const masked = telling && maskedRecorder(telling, this.#mask);
    return new SessionRecord(masked, { ...launch, title }, { asked: "pipes", used: "pipes" });
  }

  #handleProcessEnd(record: SessionRecord): () => void {
    if (record.recorder === undefined) return () => undefined;
    return installProcessHandlers({
      crash: (reason, signal) => record.crash(reason, signal),
      note: (name, attributes) => record.sessionEvent(name, attributes),
      idle: () => undefined,
    });
  }

  /** What can't be run is recorded as a run that failed: that somebody tried is worth knowing, too. */
  async #refuse(problems: readonly string[], record: SessionRecord, port: SessionPort): Promise<Outcome> {
    for (const problem of problems) this.#shown.say(this.#mask.text(problem));
    const outcome = startFailure(this.#mask.text(problems.join("; ")), 1);
    await this.#completeClaim(port, record);
    await port.close();
    const path = await record.finish(outcome);
    await this.#end(outcome, record, path, []);
    return outcome;
  }

  async #runPlaybook(
    loaded: SoundPlaybook,
    resumed: ResumedRun | undefined,
    record: SessionRecord,
    port: SessionPort,
  ): Promise<Outcome> {
    const { launch } = this.#request;
    const { run, scope, batches, actionLog, tellFailed } = openPlaybookRun({
      ...this.#request,
      bus: this.#bus.bus,
      loaded,
      resumed,
      record,
      port,
      mask: this.#mask,
      shown: this.#shown,
      listeners: this.#shownListeners,
      outputTarget: this.#outputTarget,
    });
    await this.#completeClaim(port, record);
    this.#run = run;
    // Somebody was quick.
    if (this.#stopReason !== undefined) run.stop(this.#stopReason);
    // Whoever is told of it sees no secret, be it in the trace, in the terminal or as JSON.
    const result = maskedRun(await run.run(), this.#mask);
    if (this.#stopReason?.type !== "terminalClosed") await batches.settled(this.#stopped.signal);
    this.#isEnding = true;
    const outcome = outcomeOfRun(result);
    tellFailed(result);
    const tracePath = await endPlaybook(
      { launch, run, result, outcome, record, scope, port, batches, actionLog },
      (message) => {
        this.#problem ??= message;
      },
    );
    await this.#end(outcome, record, tracePath, result.results);
    return outcome;
  }

  async #completeClaim({ control }: SessionPort, record: SessionRecord): Promise<void> {
    const { launchPath, claim } = this.#request;
    const path = record.recorder?.path;
    try {
      await completeClaim(launchPath, {
        ...claim,
        ...(path === undefined ? {} : { path }),
        ...(control === undefined ? {} : { control }),
      });
    } catch (error) {
      record.sessionEvent("tracekeeper.no-claim", { reason: describeError(error) });
    }
  }

  async #end(
    outcome: Outcome,
    record: SessionRecord,
    path: string | undefined,
    steps: RunResult["results"],
  ): Promise<void> {
    this.#isEnding = true;
    await this.#showAll();
    if (record.recorder !== undefined && path === undefined) {
      this.#shown.say(`the end could not be recorded: ${this.#problem ?? "unknown"}`);
    }
    const { durationMs } = record;
    const { onEnd } = this.#request;
    const capture = { asked: "pipes", used: "pipes" } as const;
    if (onEnd === undefined) this.#shown.sayEnd(outcome, durationMs, path);
    else onEnd({ outcome, capture, durationMs, path, isAtLineStart: this.#shown.isAtLineStart, steps });
    await this.#showAll();
    // Nothing but the end of the process gets back a thread that waits for whoever doesn't read.
    if (this.#shown.queuedBytes > 0) process.kill(process.pid, "SIGKILL");
  }

  /** Whoever reads slowly is waited for, unless the run was stopped. */
  async #showAll(): Promise<void> {
    if (this.#stopReason === undefined) return await this.#shown.settled();
    await withLimit(lastShownMs, () => this.#shown.settled()).catch(() => undefined);
  }

  #stop(reason: StopReason): void {
    this.#stopReason ??= reason;
    this.#run?.stop(reason);
    this.#stopped.abort();
  }

  #onSignal(signal: HeardSignal): void {
    // Whoever insists does not wait for a disk that hangs; what is open is recorded on the way out.
    if (this.#isEnding && signal !== "SIGHUP" && ++this.#lateSignals > 1) process.exit(signalExitCode(signal));
    // Others are noted by the recorder's handlers.
    if (signal === "SIGQUIT") this.#record?.sessionEvent("tracekeeper.signal", { signal });
    this.#stop(signal === "SIGHUP" ? { type: "terminalClosed" } : { type: "signal", signal });
  }
}

/** @returns why steps must not run */
async function begun(claim: TakenClaim, file: string): Promise<string | undefined> {
  return await claim.begin(file).then(() => undefined, describeError);
}
