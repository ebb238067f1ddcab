// The port of a session: the person's stop, and the spans of the program, each with a token of its own. Where none can be
// had the program runs all the same, and the trace says so.

import { randomBytes } from "node:crypto";
import { describeError } from "../base/logger";
import { makeTraceId } from "../recorder/traceIds";
import { childEnvironment } from "./childEnvironment";
import { type ControlServer, type RequestHandler, startControlServer } from "./controlServer";
import type { Launch, LaunchClaim } from "./launch";
import { otlpHandler } from "./otlpReceiver";
import type { OtlpSpanLogOptions } from "./otlpSpanLog";
import type { SessionRecord } from "./sessionRecord";
import { StepEndpoints } from "./stepEndpoints";
import type { LiveStream } from "./stream/liveStream";
import { removeStreamFile, writeStreamFile } from "./stream/streamFile";

type OnReceived = OtlpSpanLogOptions["onReceived"];

export class SessionPort {
  readonly #record: SessionRecord;
  readonly #stream: LiveStream;
  readonly #server: ControlServer | undefined;
  #endpoints: StepEndpoints | undefined;

  private constructor(record: SessionRecord, stream: LiveStream, server: ControlServer | undefined) {
    this.#record = record;
    this.#stream = stream;
    this.#server = server;
  }

  /** @param stream by which the session can be followed */
  static async open(record: SessionRecord, stream: LiveStream, onStop: () => void): Promise<SessionPort> {
    try {
      const port = new SessionPort(record, stream, await startControlServer(onStop));
      await port.#offerStream();
      return port;
    } catch (error) {
      record.sessionEvent("tracekeeper.no-port", { reason: describeError(error) });
      return new SessionPort(record, stream, undefined);
    }
  }

  /** For the claim. */
  get control(): LaunchClaim["control"] {
    return this.#server && { url: this.#server.url, token: this.#server.token };
  }

  /** From now on this one is asked first. */
  handle(handler: RequestHandler): void {
    this.#server?.handle(handler);
  }

  /** Takes spans from now on. @returns the program's environment, which leads them here */
  environment({ cwd, env, sessionId }: Launch, onReceived: OnReceived): Readonly<Record<string, string>> {
    const record = this.#record;
    const { recorder, spanId } = record;
    const token = randomBytes(24).toString("hex");
    if (recorder !== undefined) {
      const onProblem = ({ message }: { readonly message: string }) =>
        record.sessionEvent("tracekeeper.spans-refused", { message });
      this.#server?.handle(otlpHandler({ recorder, parentSpanId: spanId, token, onProblem, onReceived }));
    }
    const url = recorder === undefined ? undefined : this.#server?.url;
    const made = childEnvironment({
      environment: process.env,
      changes: env,
      cwd,
      target: { url, token, sessionId, traceId: recorder?.traceId ?? makeTraceId(Date.now()), spanId },
    });
    if (made.outer !== undefined) record.linkTo(made.outer);
    if (made.keptEndpoint !== undefined) {
      record.attributes({ "tracekeeper.exporter": { kept: made.keptEndpoint } }, record.rootSpanId);
    }
    return made.env;
  }

  /** The same for a command of a step: its spans hang below `spanId`. */
  stepEnvironment(
    { cwd, env, sessionId }: Pick<Launch, "cwd" | "env" | "sessionId">,
    spanId: string,
    onReceived: OnReceived,
  ) {
    const record = this.#record;
    const { recorder } = record;
    let target = { url: undefined as string | undefined, token: "" };
    if (recorder !== undefined && this.#server !== undefined) {
      const onProblem = ({ message }: { readonly message: string }) =>
        record.sessionEvent("tracekeeper.spans-refused", { message });
      if (this.#endpoints === undefined) {
        this.#endpoints = new StepEndpoints();
        this.#server.handle(this.#endpoints.handle);
      }
      const token = this.#endpoints.open({ recorder, parentSpanId: spanId, onProblem, onReceived });
      target = { url: this.#server.url, token };
    }
    const traceId = recorder?.traceId ?? makeTraceId(Date.now());
    return childEnvironment({
      environment: process.env,
      changes: env,
      cwd,
      target: { ...target, sessionId, traceId, spanId },
    }).env;
  }

  /** Resolves when what is under way is answered, or has had its time. Whoever follows the session still does. */
  async close(): Promise<void> {
    await this.#server?.stop();
  }

  /** Those that follow have had the last word, or have had their time, when this resolves. */
  async end(): Promise<void> {
    const path = this.#record.recorder?.path;
    if (path !== undefined) await removeStreamFile(path, this.#stream.token);
    await this.#server?.end();
  }

  async #offerStream(): Promise<void> {
    const path = this.#record.recorder?.path;
    const server = this.#server;
    if (path === undefined || server === undefined) return;
    server.handle((request, response, hold) => this.#stream.handle(request, response, hold));
    const { token } = this.#stream;
    try {
      await writeStreamFile(path, { version: 1, url: server.url, token, pid: process.pid });
    } catch (error) {
      this.#record.sessionEvent("tracekeeper.no-stream", { reason: describeError(error) });
    }
  }
}
