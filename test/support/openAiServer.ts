// A server that speaks OpenAI's chat completions, as far as a client can tell: it wants a key, counts tokens, and answers
// what the test says, errors too.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ChatRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: {
    readonly model: string;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly [field: string]: unknown;
  };
}

export interface ChatAnswer {
  readonly status?: number;
  /** What the model says. */
  readonly content?: string | null;
  /** In place of a completion. */
  readonly raw?: string;
  readonly refusal?: string;
  readonly finishReason?: string;
  readonly usage?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** No answer comes until the connection ends. */
  readonly hangs?: boolean;
}

export interface OpenAiServer extends AsyncDisposable {
  /** For `base_url`: with `/v1`. */
  readonly url: string;
  readonly requests: readonly ChatRequest[];
  /** Told to the request that comes next, in this order; the last one again for those after it. */
  answers: ChatAnswer[];
}

/** @param key that clients have to send; none is wanted where it is left out */
export async function startOpenAiServer(key?: string): Promise<OpenAiServer> {
  const requests: ChatRequest[] = [];
  const state: { answers: ChatAnswer[] } = { answers: [{ content: "Hello" }] };
  const server = createServer((request, response) => {
    void take(request, response).catch(() => response.destroy());
  });

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { authorization } = request.headers;
    const body = JSON.parse(Buffer.concat(pieces).toString()) as ChatRequest["body"];
    requests.push({ path: request.url ?? "", authorization, body });
    const send = (status: number, value: object | string, headers = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof value === "string" ? value : JSON.stringify(value));
    };
    if (request.url !== "/v1/chat/completions") return send(404, { error: { message: `Unknown path ${request.url}` } });
    if (key !== undefined && authorization !== `Bearer ${key}`) {
      return send(401, { error: { message: "Incorrect API key provided", type: "invalid_request_error" } });
    }
    const answer = (state.answers.length > 1 ? state.answers.shift() : state.answers[0]) ?? {};
    if (answer.hangs === true) return;
    const { status = 200, content = "", raw, refusal, finishReason = "stop", usage, headers } = answer;
    if (raw !== undefined) return send(status, raw, headers);
    send(
      status,
      {
        id: `chatcmpl-${requests.length}`,
        object: "chat.completion",
        model: `${body.model}-2026`,
        choices: [{ index: 0, finish_reason: finishReason, message: { role: "assistant", content, refusal } }],
        usage: usage ?? { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      },
      headers,
    );
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    get answers() {
      return state.answers;
    },
    set answers(answers) {
      state.answers = answers;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
