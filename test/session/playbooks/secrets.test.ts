import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pinnedNode } from "../../../scripts/lib/paths.mjs";
import { makePlaybookRuns, type PlaybookRuns } from "./playbookRuns";

let runs: PlaybookRuns;

beforeAll(async () => {
  runs = await makePlaybookRuns();
});

afterAll(() => runs[Symbol.asyncDispose]());

const secret = 'Hunter"22 %&';

/** Every file below. */
async function* filesBelow(path: string): AsyncGenerator<string> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) yield* filesBelow(below);
    else yield below;
  }
}

describe("the secrets of a playbook", () => {
  it("stand in no file, on no terminal and in no environment of ours, however they come out again", async () => {
    // In two pieces, with a pause between them; as JSON; in an argument; and in spans over OTLP.
    const script = `
const token = process.argv[1];
process.stdout.write("begin " + token.slice(0, 4));
setTimeout(async () => {
  process.stdout.write(token.slice(4) + " end\\n" + JSON.stringify({ token }) + "\\n" + encodeURIComponent(token) + "\\n");
  process.stderr.write("error " + token + "\\n");
  const { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: header } = process.env;
  const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", name: "call " + token,
    startTimeUnixNano: "1700000000000000000", endTimeUnixNano: "1700000000100000000",
    attributes: [{ key: "token", value: { stringValue: token } }] };
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  const headers = { "content-type": "application/json", authorization: decodeURIComponent(header.split("=")[1]) };
  const answer = await fetch(url + "/v1/traces", { method: "POST", headers, body });
  process.exitCode = answer.ok ? 3 : 4;
}, 50);
`;
    await runs.folder.dir.write("work/program.cjs", script.replace("process.argv[1]", "process.argv[2]"));
    const run = await runs.start(
      `name: Secrets
params: { token: { type: string, secret: true } }
steps:
  - id: leak
    name: Leak it
    action: run
    with: { command: [${JSON.stringify(pinnedNode)}, program.cjs, "{token}"], env: { TOKEN: "{token}" } }
    failure_message: "failed with {token}"
    on_failure: continue
  - id: shell
    action: run
    with: { command: "echo \\"{token}\\"; echo '{token}' >&2; echo {steps.leak.output}" }
  - id: fails
    action: run
    with: { command: "cat '/nowhere/{token}'" }
    failure_message: "{token} is nowhere"
`,
      { token: secret },
    );
    const { stdout, stderr, traceText, tree } = await runs.end(run);
    expect(stdout).toContain('begin ••• end\n{"token":"•••"}\n•••\n');
    expect(stderr).toContain("failed with •••");
    expect(tree).toContain("      call ••• ok");
    expect(tree).toContain("  Leak it error: failed with •••");
    const parts = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), "Hunter", '"22 %&'];
    const texts = [stdout, stderr, traceText, await readFile(run.launchPath, "utf8")];
    for await (const path of filesBelow(runs.folder.traces())) texts.push(await readFile(path, "utf8"));
    expect(texts.length).toBeGreaterThan(6);
    for (const text of texts) for (const part of parts) expect(text).not.toContain(part);
  });

  it("are told of by name alone where they are wrong, and masked although nothing is run", async () => {
    const yaml = `name: Secrets
params: { pin: { type: number, secret: true }, other: { type: string } }
steps: [{ id: x, action: run, with: { command: "true" } }]
`;
    const run = await runs.start(yaml, { pin: "hunter22", other: "x" });
    const { code, stderr, traceText } = await runs.end(run);
    expect(code).toBe(1);
    expect(stderr).toContain('Parameter "pin" must be a number');
    for (const text of [stderr, traceText, await readFile(run.launchPath, "utf8")])
      expect(text).not.toContain("hunter22");
  });

  it("are masked where an expectation escapes them and where a request encodes them", async () => {
    const pw = "s.e+c r(e)t!*'~/%";
    const { code, stderr, traceText, recorded } = await runs.run(
      `name: Secrets
params: { pw: { type: string, secret: true } }
steps:
  - id: matches
    action: run
    with: { command: "echo other" }
    expect: { output_matches: "^{pw}$" }
    on_failure: continue
  - { id: json, action: run, with: { command: "echo {}" }, expect: { json: { path: "$['{pw}']", equals: 1 } }, on_failure: continue }
  - { id: form, action: http, with: { url: "http://127.0.0.1:9/f", form: { pw: "{pw}" } }, on_failure: continue }
  - { id: query, action: http, with: { url: "http://127.0.0.1:9/q", query: { pw: "{pw}" } }, on_failure: continue }
  - { id: address, action: http, with: { url: "http://127.0.0.1:9/a/{pw}?x={pw}" }, on_failure: continue }
`,
      { pw },
    );
    expect(code).toBe(1);
    expect(stderr).toContain("the output does not match ^•••$");
    expect(stderr).toContain("$['•••'] is not there");
    const inputs = recorded.trace.spans.filter(({ name }) => name === "http").map(({ input }) => input);
    expect(inputs).toMatchObject([
      { body: "pw=•••" },
      { url: "http://127.0.0.1:9/q?pw=•••" },
      { url: "http://127.0.0.1:9/a/•••?x=•••" },
    ]);
    for (const part of ["r(e", "r%28e", "r\\(e"]) expect(traceText).not.toContain(part);
  });

  it("are the keys of models, too, before the first is asked, also of one in a playbook within, and without a newline", async () => {
    await runs.folder.dir.write(
      "work/inner.playbook.yaml",
      `name: Inner
steps: [{ id: ask, action: model, with: { base_url: "http://127.0.0.1:9", model: m, prompt: p, key_env: INNER_KEY } }]
`,
    );
    const { stdout, traceText } = await runs.run(
      `name: Secrets
steps:
  - { id: show, action: run, with: { command: 'echo "1 $OWN_KEY 2 $INNER_KEY 3"' } }
  - { id: own, action: model, with: { base_url: "http://127.0.0.1:9", model: m, prompt: p, key_env: OWN_KEY }, on_failure: continue }
  - { id: inner, action: playbook, with: { path: inner.playbook.yaml } }
`,
      {},
      { env: { OWN_KEY: "sk-own-key \n", INNER_KEY: "sk-inner-key" } },
    );
    expect(stdout).toMatch(/^1 •••\s*2 ••• 3\n/);
    for (const key of ["sk-own-key", "sk-inner-key"]) expect(traceText).not.toContain(key);
  });

  it("are masked on the terminal in the place of a step whose playbook's path holds one", async () => {
    await runs.folder.dir.write(
      "work/hunter22.playbook.yaml",
      `name: Inner
steps: [{ id: fails, action: run, with: { command: "exit 3" } }]
`,
    );
    const { stderr } = await runs.run(
      `name: Secrets
params: { token: { type: string, secret: true } }
steps: [{ id: inner, action: playbook, with: { path: "{token}.playbook.yaml" } }]
`,
      { token: "hunter22" },
    );
    expect(stderr).toContain("•••.playbook.yaml:2");
    expect(stderr).not.toContain("hunter22");
  });

  it("leave nothing behind where a cut goes through them: of a long output and of one that differs", async () => {
    const token = "Zq7Wk9Xv2Jt5";
    await runs.folder.dir.write(
      "work/long.cjs",
      // Of the end that the action log keeps the first letters are the last ones of the token.
      `process.stdout.write(process.argv[2] + "-".repeat(64 * 1024 - 5));`,
    );
    const run = await runs.start(
      `name: Cuts
params: { token: { type: string, secret: true } }
steps:
  - { id: long, action: run, with: { command: [${JSON.stringify(pinnedNode)}, long.cjs, "{token}"] } }
  - id: differs
    action: run
    with: { command: "echo 1" }
    expect: { json: { path: $, equals: "${"-".repeat(190)}{token}" } }
`,
      { token },
    );
    const { stderr } = await runs.end(run);
    expect(stderr).toContain(`$ is 1 instead of "${"-".repeat(190)}•••`);
    let logs = 0;
    for await (const path of filesBelow(runs.folder.traces())) {
      const text = await readFile(path, "utf8");
      if (text.includes('"name": "long"')) logs++;
      for (const part of ["Zq7", "Wk9", "Xv2", "Jt5"]) expect(text, path).not.toContain(part);
    }
    expect(logs).toBe(1);
  });
});
