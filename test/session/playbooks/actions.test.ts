import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenAiServer, startOpenAiServer } from "../../support/openAiServer";
import { makePlaybookRuns, type PlaybookRuns } from "./playbookRuns";

let runs: PlaybookRuns;
let models: OpenAiServer;
let server: Server;
let other: Server;
let url: string;
const seen: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[] = [];

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const { method = "", url: path = "", headers } = request;
  seen.push({ method, url: path, headers, body: Buffer.concat(pieces).toString() });
  if (path === "/loop") return void response.writeHead(302, { location: "/loop" }).end();
  if (path === "/away") {
    const { port } = other.address() as AddressInfo;
    return void response.writeHead(302, { location: `http://127.0.0.1:${port}/there` }).end();
  }
  if (path === "/broken")
    return void response.writeHead(500, { "content-type": "text/plain" }).end("it broke: hunter22");
  if (path === "/large") {
    response.writeHead(200, { "content-type": "text/plain" });
    for (let piece = 0; piece < 40; piece++) response.write("0123456789abcdef".repeat(1024));
    return void response.end("the end");
  }
  if (path === "/hangs") return;
  response.writeHead(200, { "content-type": "application/json", "set-cookie": "session=abc" });
  response.end(JSON.stringify({ status: "ok", id: 42 }));
}

async function listening(): Promise<Server> {
  const started = createServer((request, response) => void answer(request, response));
  started.listen(0, "127.0.0.1");
  await once(started, "listening");
  return started;
}

beforeAll(async () => {
  runs = await makePlaybookRuns();
  models = await startOpenAiServer("sk-key-123");
  server = await listening();
  other = await listening();
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await runs[Symbol.asyncDispose]();
  await models[Symbol.asyncDispose]();
  for (const each of [server, other]) {
    each.close();
    each.closeAllConnections();
  }
});

describe("the action http", () => {
  it("sends what is filled in, records the answer, and lets later steps ask for it", async () => {
    const { tree, span, recorded } = await runs.run(
      `name: Http
params: { name: { type: string }, count: { type: number }, token: { type: string, secret: true } }
steps:
  - id: create
    action: http
    with:
      url: ${url}/items/{name}
      headers: { authorization: "Bearer {token}", x-plain: "{name}" }
      query: { q: "{name}", tag: [a, b] }
      json: { name: "{name}", count: "{count}", token: "{token}" }
    expect: { status: 2xx, json: { path: $.id, equals: 42 } }
  - id: use
    action: run
    with: { command: [echo, "{steps.create.json.id} {steps.create.status}"] }
`,
      { name: "a b/c", count: 3, token: "hunter22" },
    );
    expect(tree).toEqual(["sample ok", "  create ok", "    http ok", "  use ok", "    run ok"]);
    expect(seen.at(-1)).toMatchObject({
      method: "POST",
      url: "/items/a%20b%2Fc?q=a+b%2Fc&tag=a&tag=b",
      headers: { authorization: "Bearer hunter22", "x-plain": "a b/c", "content-type": "application/json" },
      body: '{"name":"a b/c","count":3,"token":"hunter22"}',
    });
    expect(recorded.output()).toBe("42 200\n");
    expect(span("http")).toMatchObject({
      kind: "tool",
      input: { method: "POST", headers: { authorization: "•••" }, body: '{"name":"a b/c","count":3,"token":"•••"}' },
      output: '{"status":"ok","id":42}',
      attributes: { "http.response.status_code": 200, headers: { "set-cookie": "•••" } },
    });
  });

  it("fails with the status, masks the body, and says in words why there was no answer", async () => {
    const gone = await listening();
    const { port: freePort } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const { tree, traceText } = await runs.run(
      `name: Http
params: { token: { type: string, secret: true } }
steps:
  - { id: broken, action: http, with: { url: "${url}/broken" }, on_failure: continue }
  - { id: refused, action: http, with: { url: "http://127.0.0.1:${freePort}/x" }, on_failure: continue }
  - { id: wrong, action: http, with: { url: "file:///etc/passwd" }, on_failure: continue }
  - { id: slow, action: http, with: { url: "${url}/hangs" }, timeout: 200ms, on_failure: continue }
  - { id: loop, action: http, with: { url: "${url}/loop", redirects: 3 }, on_failure: continue }
`,
      { token: "hunter22" },
    );
    expect(tree.filter((line) => line.startsWith("  ") && !line.startsWith("    "))).toEqual([
      "  broken error: status 500 instead of 2xx",
      `  refused error: no answer from http://127.0.0.1:${freePort}/x: nobody listens there (ECONNREFUSED)`,
      "  wrong error: file:///etc/passwd is no address of http or https",
      "  slow error: timed out after 200 ms",
      "  loop error: more than 3 redirects",
    ]);
    expect(traceText).toContain("it broke: •••");
    expect(traceText).not.toContain("hunter22");
  });

  it("does not take what proves who asks along to another origin", async () => {
    const { code } = await runs.run(
      `name: Http
steps:
  - { id: away, action: http, with: { url: "${url}/away", headers: { authorization: Bearer secret, x-plain: kept } } }
`,
    );
    expect(code).toBe(0);
    expect(seen.at(-1)).toMatchObject({ url: "/there", headers: { "x-plain": "kept" } });
    expect(seen.at(-1)?.headers.authorization).toBeUndefined();
  });

  it("records of a long answer what fits, and says that it is not all", async () => {
    const { span } = await runs.run(`name: Http
steps:
  - { id: large, action: http, with: { url: "${url}/large" }, expect: { output_matches: "the end$" } }
`);
    expect(String(span("http").output)).toHaveLength(256 * 1024);
    expect(span("http").attributes).toMatchObject({ recordedBytes: 262_144, bodyBytes: 655_367 });
  });
});

describe("the action model", () => {
  const ask = (more = "") => `name: Model
params: { topic: { type: string, default: tides } }
steps:
  - id: ask
    action: model
    with:
      base_url: ${models.url}/
      model: small
      system: Be brief
      prompt: "Tell me of {topic}"
      key_env: MODEL_KEY
      temperature: 0.5
      max_tokens: 50
      price: { input: 1, output: 2 }
${more}`;
  const key = { env: { MODEL_KEY: "sk-key-123" } };

  it("asks, and records the answer with its tokens and its cost as a generation, and never the key", async () => {
    models.answers = [
      {
        content: "The moon.",
        usage: {
          prompt_tokens: 100,
          completion_tokens: 60,
          prompt_tokens_details: { cached_tokens: 40 },
          completion_tokens_details: { reasoning_tokens: 10 },
        },
      },
    ];
    const { tree, span, recorded, traceText, stdout, stderr } = await runs.run(ask(), {}, key);
    expect(tree).toEqual(["sample ok", "  ask ok", "    chat small ok"]);
    expect(models.requests.at(-1)?.body).toEqual({
      model: "small",
      messages: [
        { role: "system", content: "Be brief" },
        { role: "user", content: "Tell me of tides" },
      ],
      temperature: 0.5,
      max_tokens: 50,
    });
    expect(span("chat small")).toMatchObject({
      kind: "generation",
      output: "The moon.",
      finishReason: "stop",
      model: { modelId: "small" },
      tokens: { input: 60, output: 50, reasoning: 10, cacheRead: 40, cacheWrite: 0 },
      cost: 0.00022,
      attributes: { "gen_ai.response.model": "small-2026" },
    });
    expect(recorded.trace.summary).toMatchObject({ totalTokens: 160, totalCost: 0.00022, totalGenerations: 1 });
    for (const text of [traceText, stdout, stderr]) expect(text).not.toContain("sk-key-123");
  });

  it.each([
    ["a wrong key", {}, { MODEL_KEY: "sk-other" }, /the server answered 401 Unauthorized: Incorrect API key provided$/],
    [
      "no key",
      {},
      { MODEL_KEY: undefined },
      /the environment variable MODEL_KEY, which is to hold the key, is not set$/,
    ],
    ["an error", { status: 503, raw: "upstream is down" }, undefined, /the server answered 503 .*: upstream is down$/],
    ["a page", { raw: "<html>hello</html>" }, undefined, /the answer is no chat completion: <html>hello<\/html>$/],
    ["a refusal", { content: null, refusal: "I won't" }, undefined, /the model refused: I won't$/],
    ["no text", { content: null }, undefined, /the model answered without a text$/],
    ["a redirect", { status: 302, raw: "", headers: { location: "http://127.0.0.1:9/" } }, undefined, /no answer from/],
  ])("tells of %s in words", async (_what, given, env, words) => {
    models.answers = [given];
    const { code, tree } = await runs.run(ask(), {}, { env: env ?? key.env });
    expect(code).toBe(1);
    expect(tree[1]).toMatch(words);
  });

  it("tells of an answer that is no JSON where JSON was asked for, and hands on the fields of one that is", async () => {
    models.answers = [{ content: "Sorry", finishReason: "length" }, { content: '{"answer": 42}' }];
    const failed = await runs.run(ask("      json: true\n"), {}, key);
    expect(failed.tree[1]).toMatch(/the model's answer is no JSON: it ended at the most tokens that were allowed$/);
    const { recorded } = await runs.run(
      ask(`      json: true
  - { id: use, action: run, with: { command: "echo {steps.ask.json.answer}" } }
`),
      {},
      key,
    );
    expect(recorded.output()).toBe("42\n");
    expect(models.requests.at(-1)?.body["response_format"]).toEqual({ type: "json_object" });
  });

  it("is stopped at the end of its time", async () => {
    models.answers = [{ hangs: true }];
    const { tree } = await runs.run(ask("    timeout: 200ms\n"), {}, key);
    expect(tree[1]).toBe("  ask error: timed out after 200 ms");
  });
});
