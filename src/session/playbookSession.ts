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
import { playbookAttribute, programAttribute, runProblemEvent } from "../trace/runAttributes";
import { safeId, traceFileNames } from "../trace/safeId";
import { ActionLog } from "./actionLog/actionLog";
import { SessionBatches } from "./batch/sessionBatches";
import { EventBus } from "./bus/eventBus";
import { completeClaim } from "./claim";
import { keyVariables } from "./keySecrets";
import type { Launch, LaunchClaim, LaunchedPlaybook } from "./launch";
import { type Outcome, outcomeOfRun, type StopReason, signalExitCode, startFailure } from "./outcome";
import type { OutputTarget } from "./outputRecorder";
import { OwnOutput } from "./ownOutput";
import { endPlaybook } from "./playbookEnd";
import { forgetSecrets, type LoadedPlaybook, loadPlaybook, readPlaybook } from "./playbookFile";
import { runServices } from "./playbookServices";
import { programFacts } from "./processIdentity";
import { writeCheckpoints } from "./resume/checkpointWriter";
import { type LoadedResume, loadResumed, type ResumedRun, stepOrigins, takeOver } from "./resume/loadResumed";
import type { StepOrigins } from "./resume/recordedRun";
import { claimResume, type TakenClaim } from "./resume/resumeClaim";
import { maskedEvent, maskedRun } from "./secrets/maskedEvent";
import { maskedRecorder } from "./secrets/maskedRecorder";
import { SecretMask } from "./secrets/secretMask";
import { SessionPort } from "./sessionPort";
import { SessionRecord } from "./sessionRecord";
import type { RunEnd } from "./sessionRun";
import { type HeardSignal, hearSignals } from "./sessionSignals";
import { recordLastStep } from "./steps/lastStep";
import { PlaybookRun, type RunResult } from "./steps/playbookRun";
import { isRecordedEvent, type RunBus, type RunEvent } from "./steps/runEvent";
import { RunRecorder } from "./steps/runRecorder";
import type { RunServices } from "./steps/runServices";
import { tellSteps } from "./steps/stepLines";
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
    const tapped = recorder && this.#stream.tapped(recorder, title);
    this.#outputTarget = tapped;
    const masked = tapped && maskedRecorder(tapped, this.#mask);
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
    { playbook, params }: Extract<LoadedPlaybook, { type: "sound" }>,
    resumed: ResumedRun | undefined,
    record: SessionRecord,
    port: SessionPort,
  ): Promise<Outcome> {
    const { launch, program } = this.#request;
    const runId = resumed?.run.runId ?? program.runId ?? launch.sessionId;
    const bus = this.#openBus(record);
    const scope = bus.openRun(runId);
    const { recorder } = record;
    const spans = recorder && new RunRecorder(recorder, record.rootSpanId, record.ids, this.#outputTarget);
    spans?.listen(bus);
    if (recorder !== undefined) {
      const { rootSpanId } = record;
      recordLastStep(bus, recorder, rootSpanId);
      writeCheckpoints(bus, scope, { recorder, rootSpanId });
    }
    const origins = stepOrigins(resumed?.run, launch.sessionId, program.resume?.again);
    const replay = resumed && takeOver(scope, record, resumed, { origins, mask: this.#mask });
    const { name, path } = playbook;
    const earlierLog = resumed?.run.actionLogId;
    const logId = earlierLog === undefined ? {} : { actionLog: earlierLog };
    // Whoever resumes a run goes on as it was begun.
    const isSaved = program.checkpoints ?? resumed?.run.isSaved ?? true;
    const unsaved = isSaved ? {} : { checkpoints: false };
    let facts = { name, path, runId, params: visibleParams(playbook, params), ...logId, ...unsaved };
    const actionLog = new ActionLog({
      directory: launch.directory,
      runId,
      sessionId: launch.sessionId,
      folderId: earlierLog,
      onFolder: (rawId) => {
        if (rawId === (earlierLog ?? runId)) return;
        facts = { ...facts, actionLog: rawId };
        record.attributes({ [playbookAttribute]: facts });
      },
    });
    if (recorder !== undefined) actionLog.listen(bus);
    if (!this.#request.isQuiet) tellSteps(bus, (line) => this.#shown.say(this.#mask.text(line)));
    record.attributes({ [playbookAttribute]: facts, [programAttribute]: programFacts(process.pid) });
    await this.#completeClaim(port, record);
    const batches = this.#batches(port, record, spans, origins);
    const run = new PlaybookRun({
      playbook,
      params,
      scope,
      isSaved,
      ...(replay === undefined ? {} : { replay }),
      ...(recorder === undefined ? {} : { arm: () => scope.enableRecording() }),
      services: this.#services(bus, port, record, spans, batches),
    });
    this.#run = run;
    // Somebody was quick.
    if (this.#stopReason !== undefined) run.stop(this.#stopReason);
    // Whoever is told of it sees no secret, be it in the trace, in the terminal or as JSON.
    const result = maskedRun(await run.run(), this.#mask);
    if (this.#stopReason?.type !== "terminalClosed") await batches.settled(this.#stopped.signal);
    this.#isEnding = true;
    const outcome = outcomeOfRun(result);
    const failed = result.results.find(({ status, step }) => status === "failed" && step.path === step.id)?.step;
    if (failed !== undefined)
      record.attributes({ [playbookAttribute]: { ...facts, failedStep: { id: failed.id, index: failed.index } } });
    const tracePath = await endPlaybook(
      { launch, run, result, outcome, record, scope, port, batches, actionLog },
      (message) => {
        this.#problem ??= message;
      },
    );
    await this.#end(outcome, record, tracePath, result.results);
    return outcome;
  }

  #openBus(record: SessionRecord): RunBus {
    const startMs = Date.now();
    const started = performance.now();
    return new EventBus<RunEvent>({
      nowMs: () => record.recorder?.nowMs() ?? startMs + performance.now() - started,
      onHandlerError: (error, handler, { event }) => {
        const message = `${handler} could not take ${event.type}: ${describeError(error)}`;
        record.sessionEvent(runProblemEvent, { message });
      },
      prepare: (event) => maskedEvent(event, this.#mask),
      isRecorded: isRecordedEvent,
    });
  }

  #batches(
    port: SessionPort,
    record: SessionRecord,
    spans: RunRecorder | undefined,
    { first, rerun }: StepOrigins,
  ): SessionBatches {
    const say = (line: string) => {
      if (!this.#request.isQuiet) this.#shown.say(this.#mask.text(line));
    };
    return new SessionBatches({
      launch: this.#request.launch,
      originOf: (path) => (Object.hasOwn(rerun, path) ? rerun[path] : undefined) ?? first,
      traceId: record.recorder?.traceId,
      safeId: record.recorder?.safeId,
      spanOf: (scopeId) => spans?.spanOf(scopeId) ?? record.rootSpanId,
      port,
      say,
      onProblem: (message) => record.sessionEvent(runProblemEvent, { message }),
    });
  }

  #services(
    bus: RunBus,
    port: SessionPort,
    record: SessionRecord,
    spans: RunRecorder | undefined,
    batches: SessionBatches,
  ): RunServices {
    const { launch, program } = this.#request;
    const shown = this.#shown;
    const listeners = this.#shownListeners;
    const spanOf = (scopeId: string) => spans?.spanOf(scopeId) ?? record.rootSpanId;
    return runServices({ bus, mask: this.#mask, launch, program, record, port, shown, listeners, batches, spanOf });
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

function visibleParams(
  { params }: { readonly params: readonly { readonly name: string; readonly isSecret: boolean }[] },
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const visible = params.map(({ name, isSecret }) => {
    const value = Object.hasOwn(values, name) ? values[name] : null;
    return [name, isSecret && value !== null ? "•••" : value];
  });
  return Object.fromEntries(visible);
}
