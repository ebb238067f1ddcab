// A receiver for each test, on a session of its own; both are gone afterwards.
import { afterEach, beforeEach } from "vitest";
import { nodeFs } from "../../src/recorder/recorderFs";
import type { OtlpLimits } from "../../src/session/otlpExchange";
import { type OtlpReceiver, startOtlpReceiver } from "../../src/session/otlpReceiver";
import { hexId, sentRequest, sentSpan } from "../importers/otlpPayload";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { token } from "./otlpClient";
import { loadTrace, type OtlpSession, openSession, receivedSpans } from "./otlpSession";

export class ReceiverSetup {
  folder!: TempDir;
  session!: OtlpSession;
  receiver!: OtlpReceiver;

  get port(): number {
    return this.receiver.port;
  }

  get problems(): readonly string[] {
    return this.session.problems;
  }

  async start(limits: Partial<OtlpLimits> = {}, fs = nodeFs): Promise<void> {
    this.session = openSession(this.folder.path, fs);
    const { recorder, commandId: parentSpanId, problems } = this.session;
    const onProblem = ({ message }: { readonly message: string }) => void problems.push(message);
    this.receiver = await startOtlpReceiver({ token, recorder, parentSpanId, onProblem, limits });
  }

  async spans() {
    return receivedSpans(await loadTrace(this.folder.path));
  }

  /** Ids of the spans that are recorded. */
  async received(): Promise<string[]> {
    return (await this.spans()).map(({ spanId }) => spanId);
  }
}

/** What each test of the file has; it calls `start` itself. */
export function receiverSetup(): ReceiverSetup {
  const setup = new ReceiverSetup();
  beforeEach(async () => {
    setup.folder = await makeTempDir();
  });
  afterEach(async () => {
    await setup.receiver.close();
    await setup.session.end();
    await setup.folder.remove();
  });
  return setup;
}

export const request = (...ids: number[]) => sentRequest(ids.map((id) => sentSpan({ id: hexId(id) })));
export const many = (count: number, from = 1) => request(...Array.from({ length: count }, (_, index) => from + index));
