// What is masked before a trace leaves, what stays, and what a person is told of it.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactTrace } from "../../src/publish/redactTrace";
import { maskShapes } from "../../src/publish/secretShapes";
import type { TraceFile, TraceSpan } from "../../src/trace/schema";

/** In pieces, so that nobody takes this file for one that holds keys. */
const made = (...pieces: string[]) => pieces.join("");
const random = "q7Rz2LmX9vKp4TnB8wYc3HdF";
const pem = (end: string) => `${made("-----BEGIN RSA ", "PRIVATE KEY-----")}\nMIIEpAIBAAKCAQEA7bq\nx0+/aa==\n${end}`;

const secrets: readonly (readonly [name: string, text: string, masked: string])[] = [
  ["a key of AWS", made("use AKIA", "IOSFODNN7EXAMPLE now"), "use ••• now"],
  ["a token of GitHub", made("ghp_", "16C7e42F292c6912E7710c838347Ae178B4a"), "•••"],
  ["a key of OpenAI", made("key is sk-", "proj-abcdefghijklmnop1234567890!"), "key is •••!"],
  ["a token of Slack", made("xoxb-", "17653672481-19874698323"), "•••"],
  ["a key of Stripe", made("sk_live_", "4eC39HqLyjWDarjtT1zdp7dc"), "•••"],
  [
    "a web token",
    made("jwt eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiIxMjM0NTY3ODkwIn0.", "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9"),
    "jwt •••",
  ],
  ["a private key", `a ${pem(made("-----END RSA ", "PRIVATE KEY-----"))} b`, "a ••• b"],
  ["a private key that was cut off", `a ${pem("")}`, "a •••"],
  ["a private key in JSON", JSON.stringify({ a: pem(made("-----END RSA ", "PRIVATE KEY-----")) }), '{"a":"•••"}'],
  ["a password in an address", "postgres://ann:s3cret@db:5432/tax", "postgres://ann:•••@db:5432/tax"],
  ["credentials of a request", "-H 'Authorization: Bearer abc123def456'", "-H 'Authorization: Bearer •••'"],
  ["a variable of a shell", "export DB_PASSWORD=hunter TZ=UTC", "export DB_PASSWORD=••• TZ=UTC"],
  ["a field of JSON", '{"user":"ann","password":"correct horse"}', '{"user":"ann","password":"•••"}'],
  ["a field of JSON in JSON", '"{\\"apiKey\\":\\"k3y-of-ann\\"}"', '"{\\"apiKey\\":\\"•••\\"}"'],
  ["a field with quotes in it", 'x {"secret": "a \\" b", "y": 1', 'x {"secret": "•••", "y": 1'],
  ["a field within what is no secret", `args="--x {'password':'ab cd'}"`, `args="--x {'password':'•••'}"`],
  ["a part of a query", "GET /x?page=2&access_token=abc123&y=1", "GET /x?page=2&access_token=•••&y=1"],
  ["a card", "paid with 4111 1111 1111 1111.", "paid with •••."],
  ["a word that looks random", `it was ${random}`, "it was •••"],
];

const plain = [
  "a commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "0199e1b6-7d3c-7000-8000-0123456789ab",
  "toolu_01A09q90qw90lq917835lq9 and call_8xYz2LmX9vKp4TnB8wYc3HdF",
  "src/host/panel/panelConnection.ts:41 in handleMessageFromPanel2",
  "getUserAccessTokenFromLocalCacheOrRefreshIt2",
  "const token = getToken(); password: string; type Secret = unknown",
  "The password must not be empty; tokens: 1234, max_tokens=4096",
  "at 1732266000123 or 1732266000123456, order 4111 1111 1111 1112",
  "sha512-pT5e9BbLvr8zvqhZ4ZzGyYQ0m3x1Kq9u6FzH2C1kR8w3nA==",
  "basic understanding of bearer tokens",
  "https://example.com/a?token=%TOKEN%&x=$SECRET",
];

describe("a text", () => {
  it.each(secrets)("is masked where %s stands in it", (_name, text, masked) => {
    const reasons: string[] = [];
    expect(maskShapes(text, { onMask: (reason) => reasons.push(reason) })).toBe(masked);
    expect(reasons).toHaveLength(1);
  });

  it.each(plain)("stays as it is: %s", (text) => {
    expect(maskShapes(text, { onMask: () => {} })).toBe(text);
  });

  it("is not masked twice", () => {
    for (const [, text] of secrets) {
      const once = maskShapes(text, { onMask: () => {} });
      expect(maskShapes(once, { onMask: () => expect.fail(once) })).toBe(once);
    }
  });

  // Each takes minutes where a pattern's time grows faster than the text.
  it.each(["eyJ-", "a.", "1 ", "-----BEGIN PRIVATE KEY-----", "x://", "password=", "aA1/", "Bearer ", '\\"'])(
    "of many times %s is gone through all the same",
    (piece) => {
      maskShapes(piece.repeat(300_000 / piece.length), { onMask: () => {} });
    },
  );
});

function traceWith(fields: Partial<TraceSpan>, metadata: TraceFile["metadata"] = {}): TraceFile {
  const span: TraceSpan = {
    spanId: random,
    parentSpanId: null,
    name: "bash",
    kind: "tool",
    startTime: 1,
    status: "ok",
    ...fields,
  };
  return {
    version: 2,
    traceId: "t",
    sessionId: random,
    startedAt: "2026-11-20T09:00:00Z",
    metadata,
    spans: [span],
    summary: {},
  };
}

describe("a trace", () => {
  it("is masked by the names of fields, at any depth, and tells where", () => {
    const input = {
      headers: { Authorization: "whatever", accept: "text/html", cookies: { sid: "a", list: ["b"] } },
      env: [{ OPENAI_API_KEY: "k" }],
      max_tokens: 5,
      password: 1234,
      next_page_token: "p2",
      clientSecret: "x",
      "X-Auth-Key": "y",
    };
    const given = traceWith(
      { input, statusMessage: made("sk-", "abcdefghijklmnopqrstuvwx1") },
      { prompt: "pwd=hunter22" },
    );
    const before = structuredClone(given);
    const { trace, masks, counts, total } = redactTrace(given);
    expect(given).toEqual(before);
    expect(trace.spans[0]?.input).toEqual({
      headers: { Authorization: "•••", accept: "text/html", cookies: { sid: "•••", list: ["•••"] } },
      env: [{ OPENAI_API_KEY: "•••" }],
      max_tokens: 5,
      password: "•••",
      next_page_token: "p2",
      clientSecret: "•••",
      "X-Auth-Key": "•••",
    });
    expect(trace.metadata.prompt).toBe("pwd=•••");
    expect(masks.map(({ spanName, path, reason }) => `${spanName} ${path}: ${reason}`).toSorted()).toEqual(
      [
        "undefined metadata.prompt: secret name",
        "bash statusMessage: key of a service",
        "bash input.headers.Authorization: secret name",
        "bash input.headers.cookies.sid: secret name",
        "bash input.headers.cookies.list[0]: secret name",
        "bash input.env[0].OPENAI_API_KEY: secret name",
        "bash input.password: secret name",
        "bash input.clientSecret: secret name",
        "bash input.X-Auth-Key: secret name",
      ].toSorted(),
    );
    expect(counts).toEqual({ "secret name": 8, "key of a service": 1 });
    expect(total).toBe(9);
  });

  it("keeps its ids, its times, and ids within its payloads", () => {
    const given = traceWith({ input: { id: random, request_id: random, text: random } });
    const { trace } = redactTrace(given);
    expect(trace.sessionId).toBe(random);
    expect(trace.spans[0]).toMatchObject({ spanId: random, input: { id: random, request_id: random, text: "•••" } });
  });

  it("is masked within JSON that is a text, and keeps that text where nothing is masked in it", () => {
    const inner = JSON.stringify({ api_key: 'a "b" c', note: "n" });
    const output = JSON.stringify({ body: inner, list: [1] });
    const { trace, masks } = redactTrace(traceWith({ output, input: ' { "a" : 1 } ' }));
    expect(trace.spans[0]?.input).toBe(' { "a" : 1 } ');
    expect(JSON.parse(String(trace.spans[0]?.output))).toEqual({ body: '{"api_key":"•••","note":"n"}', list: [1] });
    expect(masks).toMatchObject([{ path: "output.body.api_key", reason: "secret name" }]);
  });

  it("keeps the description of a field that is named like a secret", () => {
    const input = { properties: { password: { type: "string", description: "of the user" }, token: { $ref: "#/t" } } };
    expect(redactTrace(traceWith({ input })).total).toBe(0);
  });

  it("is without what somebody knows to be secret", () => {
    const known = (text: string) => text.replaceAll("blue door", "•••");
    const { trace, counts } = redactTrace(traceWith({ output: "behind the blue door" }), { known });
    expect(trace.spans[0]?.output).toBe("behind the •••");
    expect(counts).toEqual({ "known secret": 1 });
  });

  it("is not followed below the depth that servers take", () => {
    let deep: unknown = "x";
    for (let level = 0; level < 100_000; level++) deep = { deep };
    const { trace, masks } = redactTrace(traceWith({ input: deep }));
    expect(masks).toMatchObject([{ reason: "nested too deep" }]);
    expect(JSON.stringify(trace).length).toBeLessThan(2_000);
  });

  it("says nothing of the machine that wrote it", () => {
    const given = {
      ...traceWith({}),
      writer: { instance: "i", incarnation: 1, seq: 0, offsetBytes: 0, host: "anns-laptop" },
    };
    expect(JSON.stringify(redactTrace(given).trace)).not.toContain("anns-laptop");
  });

  it("never holds a secret that stood in it, wherever that was", () => {
    const secret = made("ghp_", "16C7e42F292c6912E7710c838347Ae178B4a");
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.string(), fc.string(), (value, before, after) => {
        const text = `${before} ${secret} ${after}`;
        const { trace, total } = redactTrace(traceWith({ input: [value, { [text]: text }], output: text, name: text }));
        expect(JSON.stringify(trace)).not.toContain(secret);
        expect(total).toBeGreaterThanOrEqual(4);
      }),
      { numRuns: 100 },
    );
  });

  it("of our samples loses nothing but what reads like a secret", async () => {
    for (const name of ["ses_completed_tax_rounding", "ses_failed_dbt_build", "ses_two_bursts_7h"]) {
      const path = resolve(import.meta.dirname, `../fixtures/trace-v2/${name}.json`);
      const trace = JSON.parse(await readFile(path, "utf8")) as TraceFile;
      expect(redactTrace(trace).masks).toEqual([]);
    }
  });
});
