import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completePlaybook } from "../../../src/host/playbook/editor/completePlaybook";
import { hoverPlaybook } from "../../../src/host/playbook/editor/hoverPlaybook";
import { playbookOutline } from "../../../src/host/playbook/editor/playbookOutline";

/** `|` is the cursor. */
function offered(marked: string, only?: "references"): string[] {
  const offset = marked.indexOf("|");
  return completePlaybook(marked.replace("|", ""), offset, only).map(({ label }) => label);
}

function hovered(marked: string, only?: "references"): string | undefined {
  const offset = marked.indexOf("|");
  const text = marked.replace("|", "");
  const hover = hoverPlaybook(text, offset, only);
  return hover && `${text.slice(hover.start, hover.end)} -> ${hover.words}`;
}

const above = `name: n
params:
  target: { type: string, description: Where to, options: [a, b] }
  token: { secret: true }
steps:
  - id: build
    name: Build it
    action: run
    with: { command: make }
  - id: a-b
    action: http
    with:
      url: x
`;

describe("what is offered in a playbook", () => {
  it.each<[string, string[]]>([
    ["|", ["name", "description", "params", "guardrails", "checkpoints", "env", "cwd", "steps"]],
    ["name: n\nch|\nsteps: []\n", ["description", "params", "guardrails", "checkpoints", "env", "cwd"]],
    [
      "name: n\nsteps:\n  - |",
      [
        "id",
        "name",
        "action",
        "with",
        "expect",
        "timeout",
        "retries",
        "if",
        "failure_message",
        "recover",
        "on_failure",
        "checkpoints",
      ],
    ],
    ["name: n\nsteps:\n  - id: a\n    checkpoints: |\n", ["true", "false"]],
    ["name: n\nsteps:\n  - id: a\n    action: |\n", ["run", "http", "model", "playbook", "batch"]],
    ["name: n\nsteps:\n  - id: a\n    action: r|un\n", ["run", "http", "model", "playbook", "batch"]],
    ["name: n\nsteps:\n  - id: a\n    recover:\n      action: |\n", ["run", "model"]],
    ["name: n\nsteps:\n  - id: a\n    on_failure: |\n", ["abort", "continue"]],
    ["name: n\nsteps:\n  - id: a\n    action: run\n    with:\n      |\n", ["command", "cwd", "env", "shell"]],
    ["name: n\nsteps:\n  - id: a\n    action: run\n    with: { command: x, | }\n", ["cwd", "env", "shell"]],
    [
      "name: n\nsteps:\n  - id: a\n    action: http\n    with:\n      url: x\n      me|\n",
      ["method", "headers", "query", "json", "body", "form", "redirects"],
    ],
    [
      "name: n\nsteps:\n  - id: a\n    action: http\n    with:\n      method: |\n",
      ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    ],
    ["name: n\nsteps:\n  - id: a\n    action: model\n    with:\n      price:\n        |\n", ["input", "output"]],
    [
      "name: n\nsteps:\n  - id: a\n    expect:\n      |\n",
      ["exit_code", "output_matches", "json", "file_exists", "status"],
    ],
    [
      "name: n\nsteps:\n  - id: a\n    action: batch\n    with:\n      |\n",
      ["task", "playbook", "items", "concurrency", "max_attempts", "backoff", "wait", "name"],
    ],
    ["name: n\nsteps:\n  - id: a\n    action: batch\n    with: { items: { | } }\n", ["file", "from"]],
    ["name: n\nsteps:\n  - id: a\n    action: batch\n    with: { wait: | }\n", ["true", "false"]],
    ["name: n\nsteps:\n  - id: a\n    retries: |\n", ["times", "backoff", "factor", "max"]],
    ["name: n\nparams:\n  a:\n    type: |\n", ["string", "number", "boolean", "path"]],
    ["name: n\nparams:\n  a: { secret: | }\n", ["true", "false"]],
    ["name: n\nguardrails:\n  repeats: { | }\n", ["hint", "warn", "stop"]],
    ["name: n\ndescription: fr|ee\n", []],
    ["name: n\nparams:\n  |\n", []],
  ])("%j: keys and values by place", (marked, expected) => {
    expect(offered(marked)).toEqual(expected);
    expect(offered(marked, "references")).toEqual([]);
  });

  it.each<[string, string[]]>([
    ["  - id: c\n    action: run\n    with: { command: 'x {|}' }\n", ["target", "token", "steps"]],
    ["  - id: c\n    action: run\n    with:\n      command: x {ta|\n", ["target", "token", "steps"]],
    ["  - id: c\n    action: run\n    with: { command: 'x {steps.|}' }\n", ["build", "a-b"]],
    [
      "  - id: c\n    action: run\n    with: { command: 'x {steps.a-b.|}' }\n",
      ["ok", "skipped", "status", "output", "exit_code", "json"],
    ],
    ["  - id: c\n    failure_message: 'x {steps.|'\n", ["build", "a-b", "c"]],
    [
      "  - id: c\n    action: run\n    with:\n      command: |-\n        a\n        b {ta\u0000}\n",
      ["target", "token", "steps"],
    ],
    ["  - id: c\n    action: batch\n    with: { items: { from: | } }\n", ["steps"]],
    ["  - id: c\n    action: batch\n    with: { items: { from: steps.| } }\n", ["build", "a-b"]],
    ["  - id: c\n    action: batch\n    with: { items: { from: steps.build.| } }\n", ["output", "json"]],
    ["  - id: c\n    if: |\n", ["params", "steps"]],
    ["  - id: c\n    if: params.|\n", ["target", "token"]],
    ["  - id: c\n    if: params.target == 'a' && steps.|\n", ["build"]],
    ["  - id: c\n    if: steps.build.|\n", ["ok", "skipped", "status", "output", "exit_code", "json"]],
    ["  - id: c\n    if: 'steps[\"|'\n", ["build", "a-b"]],
    ['  - id: c\n    if: params.target == "st|\n', []],
    ["  - id: c\n    if: steps.build.output.|\n", []],
  ])("%j: names in texts and conditions", (marked, expected) => {
    const text = marked.includes("\0") ? marked.replace("|-", "\u0001-").replace("\0", "|") : marked;
    const offset = (above + text).indexOf("|");
    const plain = (above + text).replace("|", "").replace("\u0001", "|");
    for (const only of [undefined, "references"] as const)
      expect(completePlaybook(plain, offset, only).map(({ label }) => label)).toEqual(expected);
  });

  it("writes what follows a key unless it is there", () => {
    const snippets = (marked: string) =>
      Object.fromEntries(
        completePlaybook(marked.replace("|", ""), marked.indexOf("|")).map(({ label, snippet }) => [label, snippet]),
      );
    expect(snippets("name: n\nsteps:\n  - id: a\n    |\n")).toMatchObject({
      timeout: "timeout: $0",
      on_failure: "on_failure: ${1|abort,continue|}$0",
    });
    expect(snippets("name: n\nsteps:\n  - id: a\n    ti|: 5\n")).toMatchObject({ timeout: "timeout" });
  });

  it("throws at no place of no text", () => {
    const text = fc.oneof(
      fc.nat(above.length).map((length) => above.slice(0, length)),
      fc.string({ unit: "binary", maxLength: 40 }),
      fc
        .array(
          fc.constantFrom("steps:", "\n", "  ", "- ", "{", "}", "[", "id", ":", "'", '"', "*a", "&a", "with", "run"),
          { maxLength: 20 },
        )
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, fc.nat(), (each, at) => {
        const offset = at % (each.length + 1);
        for (const offer of completePlaybook(each, offset)) {
          expect(offer.start).toBeLessThanOrEqual(offset);
          expect(offer.end).toBeGreaterThanOrEqual(offset);
        }
        hoverPlaybook(each, offset);
        playbookOutline(each);
      }),
      { numRuns: 500 },
    );
  });
});

describe("what is told of a word in a playbook", () => {
  it.each([
    ["name: n\nsteps:\n  - id: a\n    time|out: 5\n", /^timeout -> How long an attempt may take/],
    ["name: n\nsteps:\n  - id: a\n    action: r|un\n", /^run -> Runs a command\./],
    ["name: n\nsteps:\n  - id: a\n    action: http\n    with: { u|rl: x }\n", /^url -> Where to send it/],
    [
      "name: n\nsteps:\n  - id: a\n    action: model\n    with: { price: { in|put: 1 } }\n",
      /^input -> US dollars for a million tokens that are sent/,
    ],
    ["name: n\nguardrails: { stuck_revisit_|gap: 1 }\n", /^stuck_revisit_gap -> /],
    ["name: n\nsteps:\n  - id: a\n    check|points: true\n", /^checkpoints -> Whether its result is saved, /],
    ["name: n\nch|eckpoints: true\n", /^checkpoints -> Whether the result of each step is saved, /],
    ["na|me: n\n", /^name -> What sessions of this playbook are called\./],
    ["name: n|\n", undefined],
    ["name: n\nsteps:\n  - id: a\n    with: { foo|: 1 }\n", undefined],
  ])("%j", (marked, expected) => {
    if (expected === undefined) expect(hovered(marked)).toBeUndefined();
    else expect(hovered(marked)).toMatch(expected);
    expect(hovered(marked, "references")).toBeUndefined();
  });

  it.each([
    ["  - id: c\n    with: { command: 'x {tar|get}' }\n", '{target} -> Parameter "target", string. Where to'],
    ["  - id: c\n    with: { command: 'x {tok|en}' }\n", '{token} -> Parameter "token", a secret string.'],
    [
      "  - id: c\n    with: { command: 'x {steps.build.ok|}' }\n",
      '{steps.build.ok} -> Step "Build it" (run), line 6. Whether all that was expected of the step held; false where it was skipped.',
    ],
  ])("%j names what a placeholder stands for", (text, expected) => {
    expect(hovered(above + text)).toBe(expected);
    expect(hovered(above + text, "references")).toBe(expected);
  });
});

describe("the outline of a playbook", () => {
  it("names parameters and steps with their places, in a damaged one, too", () => {
    const { name, params, steps } = playbookOutline(`${above}  - id: last\n    action: [\n`);
    expect(name).toBe("n");
    expect(params.map((each) => [each.name, each.type, each.isSecret, each.nameRange.start.line])).toEqual([
      ["target", "string", false, 3],
      ["token", "string", true, 4],
    ]);
    expect(steps.map((each) => [each.id, each.name, each.action, each.range.start.line, each.range.end.line])).toEqual([
      ["build", "Build it", "run", 6, 9],
      ["a-b", "a-b", "http", 10, 13],
      ["last", "last", "", 14, 15],
    ]);
  });
});
