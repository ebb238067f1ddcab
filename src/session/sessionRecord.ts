// The spans of a session that are known without its program's help: the root, under it the command, and under that its
// output. Where nothing can be recorded every call does nothing, and the program runs all the same.

import { dirname } from "node:path";
import { jsonOf, jsonOfAttributes, quoted } from "../recorder/safeJson";
import type { SessionRecorder } from "../recorder/sessionRecorder";
import { objectJson, roundMs } from "../recorder/spanJson";
import { SpanIds } from "../recorder/traceIds";
import { batchRunAttribute } from "../trace/batch/batchIds";
import { cutAttribute } from "../trace/producerMarks";
import type { OuterSpan } from "./childEnvironment";
import { DiskReserve } from "./diskReserve";
import type { CaptureMode, Launch } from "./launch";
import type { Outcome } from "./outcome";
import { OutputRecorder } from "./outputRecorder";

export interface CaptureChoice {
  readonly asked: CaptureMode;
  readonly used: CaptureMode;
  /** Why it is another one than was asked for. */
  readonly reason?: string | undefined;
}

export interface CommandFacts {
  readonly command: string;
  readonly cwd: string;
  readonly capture: CaptureMode;
}

interface OpenCommand {
  readonly facts: CommandFacts;
  readonly startMs: number;
  readonly output: OutputRecorder | undefined;
}

/** Attribute of the root: what was started, and how. */
export const launchAttribute = "tracekeeper.launch";

export class SessionRecord {
  readonly recorder: SessionRecorder | undefined;
  readonly ids = new SpanIds();
  readonly rootSpanId = this.ids.next();
  /** Parent of the program's own spans: the command, or the root where there is none. */
  spanId = this.rootSpanId;
  readonly #launch: Pick<Launch, "id" | "origin" | "title">;
  readonly #startMs: number;
  readonly #reserve: DiskReserve | undefined;
  #command: OpenCommand | undefined;

  constructor(recorder: SessionRecorder | undefined, launch: Launch, capture: CaptureChoice) {
    this.recorder = recorder;
    this.#launch = launch;
    this.#startMs = this.#nowMs();
    const { id, origin, batch, startedBy } = launch;
    const { asked, used, reason } = capture;
    const json = objectJson({
      spanId: quoted(this.rootSpanId),
      parentSpanId: "null",
      name: quoted(launch.title),
      kind: '"session"',
      startTime: this.#startMs,
      attributes: jsonOfAttributes({
        [launchAttribute]: { id, origin, capture: { asked, used, reason } },
        [batchRunAttribute]: batch,
      }),
    });
    recorder?.begin(this.rootSpanId, json, { kind: "session", name: launch.title });
    if (startedBy !== undefined) this.linkTo(startedBy);
    this.#reserve = recorder && new DiskReserve(dirname(recorder.path));
  }

  /** Since the session began. */
  get durationMs(): number {
    return this.#nowMs() - this.#startMs;
  }

  get commandText(): string | undefined {
    return this.#command?.facts.command;
  }

  get output(): OutputRecorder | undefined {
    return this.#command?.output;
  }

  beginCommand(facts: CommandFacts): void {
    this.spanId = this.ids.next();
    const startMs = this.#nowMs();
    const json = objectJson({
      spanId: quoted(this.spanId),
      parentSpanId: quoted(this.rootSpanId),
      name: '"command"',
      kind: '"tool"',
      startTime: startMs,
      input: jsonOf(facts),
    });
    this.recorder?.begin(this.spanId, json, { kind: "tool", name: "command" });
    const { recorder } = this;
    const isSeen = recorder !== undefined && facts.capture !== "none";
    const output = isSeen ? new OutputRecorder(recorder, () => this.ids.next(), this.spanId) : undefined;
    this.#command = { facts, startMs, output };
  }

  /** It is captured in another way than it was begun with. */
  changeCapture({ asked, used, reason }: CaptureChoice): void {
    if (this.#command === undefined) return;
    const { id, origin } = this.#launch;
    this.attributes({ [launchAttribute]: { id, origin, capture: { asked, used, reason } } }, this.rootSpanId);
    const input = jsonOf({ ...this.#command.facts, capture: used });
    this.recorder?.set(this.spanId, objectJson({ input }));
  }

  /** Adds to the attributes of the command; of the root where there is none. */
  attributes(attributes: Readonly<Record<string, unknown>>, spanId = this.spanId): void {
    const json = jsonOfAttributes(attributes);
    if (json !== undefined) this.recorder?.attributes(spanId, json);
  }

  /** An event of the session itself. */
  sessionEvent(name: string, attributes: Readonly<Record<string, unknown>>): void {
    this.event(name, attributes, this.rootSpanId);
  }

  /** An event of the command that is in the journal when this returns. */
  event(name: string, attributes: Readonly<Record<string, unknown>>, spanId = this.spanId): void {
    const fields = { name: quoted(name), timeMs: this.#nowMs(), attributes: jsonOfAttributes(attributes) };
    this.recorder?.event(spanId, objectJson(fields));
    this.recorder?.appendNow();
  }

  linkTo({ spanId, traceId, sessionId }: OuterSpan): void {
    const attributes = jsonOfAttributes({ relation: "started within", "session.id": sessionId });
    const json = objectJson({ spanId: quoted(spanId), traceId: quoted(traceId), attributes });
    this.recorder?.link(this.rootSpanId, json);
  }

  /** The session is about to end: on a full disk it gets the room that was kept for that. */
  async makeRoom(): Promise<void> {
    const { recorder } = this;
    if (recorder === undefined || recorder.health.state === "ok") return;
    this.#reserve?.release();
    await recorder.sync().catch(() => undefined);
  }

  /** @param facts of the program's end */
  endCommand({ command }: Outcome, facts: Readonly<Record<string, unknown>>): void {
    const ended = this.#command;
    if (ended === undefined) return;
    const { output, startMs } = ended;
    output?.end();
    const { text = "", fullLength } = output?.tail.read() ?? {};
    const cut = fullLength === undefined ? undefined : { [cutAttribute]: { output: fullLength } };
    this.attributes({ ...facts, ...cut });
    const endMs = this.#nowMs();
    const durationMs = roundMs(endMs - startMs);
    const json = objectJson({
      endTime: endMs,
      status: command.isFailed ? '"error"' : '"ok"',
      statusMessage: command.message === undefined ? undefined : quoted(command.message),
      interrupted: command.isInterrupted ? "true" : undefined,
      tool: `{"durationMs":${durationMs}}`,
      output: text === "" ? undefined : quoted(text),
    });
    const isFailed = command.isFailed && !command.isInterrupted;
    this.recorder?.end(this.spanId, json, { kind: "tool", name: "command", isFailed, durationMs });
    this.#command = undefined;
  }

  /** @returns the path of `S.json`; undefined where the end could not be recorded */
  async finish({ status, error, command }: Outcome): Promise<string | undefined> {
    const path = await this.recorder?.finish({ root: this.#rootEnd(error, command.isInterrupted), status, error });
    this.#reserve?.release();
    return path;
  }

  /** The session is safe as crashed when this returns. What is open of the command stays open: nobody knows its end. */
  crash(reason: string, signal?: string): void {
    const { recorder } = this;
    if (recorder === undefined || recorder.phase !== "recording") return;
    this.#reserve?.release();
    this.#command?.output?.end();
    const root = this.#rootEnd(reason);
    recorder.end(root.spanId, root.json, root.totals);
    recorder.crash(reason, { signal });
  }

  /** @param isInterrupted a run that somebody ended before its time has no failing step */
  #rootEnd(error: string | undefined, isInterrupted = false) {
    const endMs = this.#nowMs();
    const isFailed = error !== undefined && !isInterrupted;
    const json = objectJson({
      endTime: endMs,
      status: error === undefined ? '"ok"' : '"error"',
      statusMessage: error === undefined ? undefined : quoted(error),
      interrupted: isInterrupted ? "true" : undefined,
    });
    const totals = { kind: "session", name: this.#launch.title, isFailed, durationMs: endMs - this.#startMs } as const;
    return { spanId: this.rootSpanId, json, totals };
  }

  #nowMs(): number {
    return roundMs(this.recorder?.nowMs() ?? Date.now());
  }
}
