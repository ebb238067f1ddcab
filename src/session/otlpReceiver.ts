// Receives the spans of one session over OTLP/HTTP: whoever has its token may send, and every span is recorded in it.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { OtlpEvent } from "../importers/otlpLogs";
import type { OtlpSpan } from "../importers/otlpRequest";
import { OrderedTurns } from "./orderedTurns";
import { type Refusal, refuseStranger, tokenCheck } from "./otlpAccess";
import {
  inTurns,
  OtlpExchange,
  type OtlpExchangeOptions,
  type OtlpTaker,
  refuseNow,
  type Taken,
  tooSlow,
} from "./otlpExchange";
import { recordingSent } from "./otlpSentSpans";
import { signalOfPath } from "./otlpSignals";
import { OtlpSpanLog, type OtlpSpanLogOptions, type Recorded } from "./otlpSpanLog";

export interface OtlpHandlerOptions extends OtlpSpanLogOptions, OtlpExchangeOptions {
  /** What clients send as `Authorization: Bearer <token>`. */
  readonly token: string;
}

/**
 * For a server on the loopback, whichever else it answers.
 * @returns takes a request; resolves when it is answered, with false where its path is none of OTLP's, and never rejects
 */
export function otlpHandler(
  options: OtlpHandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  const exchange = new OtlpExchange(options);
  const taker = new SessionTaker(options);
  return async (request, response) => {
    const signal = signalOfPath(request.url ?? "");
    if (signal === undefined) return false;
    await exchange.handle(request, response, signal, taker);
    return true;
  };
}

class SessionTaker implements OtlpTaker {
  readonly #recorder: OtlpHandlerOptions["recorder"];
  readonly #log: OtlpSpanLog;
  readonly #isToken: (token: string) => boolean;
  readonly #turns = new OrderedTurns();

  constructor(options: OtlpHandlerOptions) {
    this.#recorder = options.recorder;
    this.#log = new OtlpSpanLog(options);
    this.#isToken = tokenCheck(options.token);
  }

  refuse(request: IncomingMessage): Refusal | undefined {
    return refuseStranger(request, this.#isToken) ?? refuseNow(this.#recorder);
  }

  take(spans: readonly OtlpSpan[]): Promise<Taken | Refusal> {
    return this.#turns.run("", () => this.#take(spans));
  }

  async #take(spans: readonly OtlpSpan[]): Promise<Taken | Refusal> {
    // It may have become slow while the body came.
    const refusal = refuseNow(this.#recorder);
    if (refusal) return refusal;
    return this.#taken(await inTurns(recordingSent(this.#log, spans)));
  }

  takeEvents(events: readonly OtlpEvent[]): Promise<Taken | Refusal> {
    return this.#turns.run("", async () => refuseNow(this.#recorder) ?? this.#taken(this.#log.addEvents(events)));
  }

  #taken({ isWhole, refused, reason }: Recorded): Taken | Refusal {
    return isWhole ? { recorders: [this.#recorder], refused, reason } : tooSlow;
  }
}

/** Limits of a server on the loopback, for `createServer`: none of its parts is waited for without end. */
export const loopbackServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 60_000,
} as const;

export interface OtlpReceiver {
  /** As `OTEL_EXPORTER_OTLP_ENDPOINT` wants it: without a path. */
  readonly url: string;
  readonly port: number;
  /** Takes no more; resolves when what is under way is answered, or cut off after a second. */
  close(): Promise<void>;
}

/** A server of its own on 127.0.0.1, at a port that the system picks. */
export async function startOtlpReceiver(options: OtlpHandlerOptions): Promise<OtlpReceiver> {
  const handle = otlpHandler(options);
  const server = createServer(loopbackServerOptions, (request, response) => {
    void handle(request, response).then((isTaken) => {
      if (isTaken) return;
      response.writeHead(404, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ message: "Spans are taken at /v1/traces" }));
    });
  });
  server.maxConnections = 128;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), 1_000);
      await closed;
      clearTimeout(timer);
    },
  };
}
