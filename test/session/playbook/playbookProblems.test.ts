import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePlaybook } from "../../../src/session/playbook/parsePlaybook";
import { problemLine } from "../../../src/session/playbook/playbookProblem";

/** What a person reads on the command line, without the file's name. */
function problemsOf(text: string): string[] {
  return parsePlaybook(text, "p").problems.map((each) => problemLine("p", each).slice(2));
}

/** The text that a problem underlines, and what it says. */
function marked(text: string): string[] {
  return parsePlaybook(text, "p").problems.map(
    ({ message, range }) => `${text.slice(range.start.offset, range.end.offset)} -> ${message}`,
  );
}

/** A step with these lines beside its id, in a playbook with parameters. */
const step = (...lines: string[]): string =>
  [
    "name: n",
    "params: { target: {}, count: { type: number, default: 1 } }",
    "steps:",
    "  - { id: first, action: run, with: { command: a } }",
    "  - id: it",
    ...lines.map((line) => `    ${line}`),
    "  - { id: last, action: run, with: { command: a } }",
    "",
  ].join("\n");
const run = 'action: run\n    with: { command: "x" }';

describe("what is wrong with a playbook", () => {
  it.each([
    ["a: [", "1:5: error: Flow sequence in block collection must be sufficiently indented and end with a ]."],
    ["just a text", "1:1: error: A playbook must be keys with values, not a text."],
    ["name: a\nname: b\nsteps: []\n", '2:1: error: "name" is given twice here.'],
    ["name: a\n---\nname: b\n", "2:1: error: A file holds one playbook; another begins here."],
    ["name: &a [*a]\n", "1:1: error: An alias stands within what it names."],
    ["__proto__: { a: 1 }\n", "1:1: error: `__proto__` can't be a key."],
    ["name: a\nsteps: []\n", "2:8: error: `steps` must hold a step."],
    ["name: a\nsteps:\n", "2:1: error: `steps` must be a list, not nothing."],
    [
      "name: [a]\nsteps: [{ id: a, action: run, with: { command: a } }]\n",
      "1:7: error: `name` must be a text, not a list.",
    ],
  ])("is the file itself: %j", (text, line) => {
    expect(problemsOf(text)).toContain(line);
  });

  const inStep: [text: string, expected: string | RegExp | string[]][] = [
    [
      step("acton: run", "action: run", "with: { command: a }"),
      'acton -> "acton" is not known in a step. Did you mean "action"?',
    ],
    [step(run, "zzz: 1"), /^zzz -> "zzz" is not known in a step\. Known are id, name, action, with,/],
    [step(run, "exitCode: 0"), /^exitCode -> "exitCode" is not known in a step\. Known are/],
    [
      step(run, "expect: { exitCode: 0 }"),
      'exitCode -> "exitCode" is not known in `expect`. Did you mean "exit_code"?',
    ],
    [
      step("action: rum", "with: { command: a }"),
      'rum -> `action` must be one of run, http, model, playbook, batch. Did you mean "run"?',
    ],
    [step("with: { command: a }"), "id -> `action` is missing in a step."],
    [step("action: run"), "id -> `with` is missing in a step."],
    [step("action: run", "with: {}"), "with -> `with.command` is missing in `with`."],
    [step("action: run", "with: { comand: a }"), 'comand -> "comand" is not known in `with`. Did you mean "command"?'],
    [
      step("action: run", "with: { command: { a: b } }"),
      "{ a: b } -> `with.command` must be a line for the shell, or a list of the program and its arguments, not keys with values.",
    ],
    [
      step("action: run", "with: { command: {target} }"),
      '{target} -> `with.command` must be a line for the shell, or a list of the program and its arguments, not keys with values. Put a placeholder into quotes: "{target}".',
    ],
    [step("action: run", "with: { command: [] }"), "[] -> `with.command` must name a program."],
    [
      step("action: run", "with: { command: [a, b], shell: sh }"),
      "shell -> `shell` is for a command given as a line; a list goes to no shell.",
    ],
    [
      step("action: http", "with: { url: a, method: FETCH }"),
      "FETCH -> `with.method` must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS.",
    ],
    [
      step("action: http", "with: { url: a, json: 1, body: b }"),
      "body -> Only one of `json`, `body` and `form` may be given.",
    ],
    [step("action: model", "with: { base_url: a, model: b }"), "with -> `with` needs `messages` or `prompt`."],
    [
      step("action: model", "with: { base_url: a, model: b, prompt: c, messages: [{ role: user, content: c }] }"),
      "prompt -> Only one of `messages` and `prompt` may be given.",
    ],
    [
      step("action: model", "with: { base_url: a, model: b, messages: [{ role: me, content: c }] }"),
      "me -> `with.messages[0].role` must be one of system, developer, user, assistant.",
    ],
    [step("action: batch", "with: { items: [1] }"), "with -> `with` needs `task` or `playbook`."],
    [
      step("action: batch", "with: { task: a, playbook: b, items: [1] }"),
      "playbook -> Only one of `task` and `playbook` may be given.",
    ],
    [step("action: batch", "with: { task: a, items: [] }"), "[] -> `with.items` must hold an item."],
    [
      step("action: batch", "with: { task: a, items: { from: build.json } }"),
      "build.json -> `with.items.from` must be such as steps.list.json or steps.list.output.",
    ],
    [
      step("action: batch", "with: { task: a, items: { from: steps.lost.json } }"),
      'steps.lost.json -> There is no step "lost".',
    ],
    [
      step("action: batch", "with: { task: a, items: { file: b }, concurrency: 0 }"),
      "0 -> `with.concurrency` must be a whole number from 1 to 1000.",
    ],
    [
      step(run, "timeout: soon"),
      "soon -> `timeout` must be a number of seconds, or a text such as 500ms, 30s, 5m or 1h30m.",
    ],
    [
      step(run, "timeout: 0"),
      "0 -> `timeout` must be a number of seconds, or a text such as 500ms, 30s, 5m or 1h30m, more than none.",
    ],
    [step(run, "timeout: 40d"), "40d -> `timeout` must be at most 24 days."],
    [step(run, "retries: -1"), "-1 -> `retries` must be a whole number from 0 to 100."],
    [
      step(run, "retries: { times: 2, backof: 1s }"),
      'backof -> "backof" is not known in `retries`. Did you mean "backoff"?',
    ],
    [
      step(run, "retries: often"),
      "often -> `retries` must be a whole number from 0 to 100, or `times` with `backoff`, `factor` and `max`, not a text.",
    ],
    [step(run, "on_failure: stop"), "stop -> `on_failure` must be one of abort, continue."],
    [step(run, "recover: { action: http, with: { url: a } }"), "http -> `recover.action` must be one of run, model."],
    [
      step(run, "recover: { action: run, with: { command: 1 } }"),
      "1 -> `recover.with.command` must be a line for the shell, or a list of the program and its arguments, not the number 1.",
    ],
    [step(run, "expect: { status: 200 }"), "status -> `status` is for `http` steps; this is `run`."],
    [step("action: http", "with: { url: a }", "expect: { status: 6xx }"), "6xx -> `expect.status` must be 1xx to 5xx."],
    [
      step("action: http", "with: { url: a }", "expect: { exit_code: 0 }"),
      "exit_code -> `exit_code` is for `run` steps; this is `http`.",
    ],
    [
      step(run, 'expect: { output_matches: "(a" }'),
      '"(a" -> This is no regular expression (RE2): missing closing ): `(a`.',
    ],
    [step(run, "expect: { output_matches: '(?<!a)b' }"), /^'\(\?<!a\)b' -> This is no regular expression \(RE2\): /],
    [step(run, "expect: { json: { path: a.b, equals: 1 } }"), /^a\.b -> This is no JSON path \(RFC 9535\): /],
    [
      step(run, "expect: { json: [{ path: $.a, equals: 1 }, { path: '$[', equals: 1 }] }"),
      /^'\$\[' -> This is no JSON path \(RFC 9535\): /,
    ],
    [step(run, "expect: { json: { path: $.a } }"), "json -> `expect.json.equals` is missing in `expect.json`."],
    [step(run, "if: params.target =="), "= -> The condition can't be read: Unexpected token: EOF."],
    [step(run, "if: params.target == staging"), "staging -> The condition can't be read: Unknown variable: staging."],
    [step(run, "if: params.target"), []],
    [step(run, "if: params.targt == 'a'"), 'params.targt -> There is no parameter "targt". Did you mean "target"?'],
    [step(run, "if: steps.frist.ok"), 'steps.frist -> There is no step "frist". Did you mean "first"?'],
    [step(run, "if: steps.last.ok"), /^steps\.last -> The step "last" is not over by then\./],
    [
      step(run, "if: steps.first.okay"),
      /^steps\.first\.okay -> A step has no "okay", but ok, skipped, status, output, exit_code, json\./,
    ],
    [
      step("action: run", "with: { command: ['{targt}'] }"),
      '{targt} -> There is no parameter "targt". Did you mean "target"? The text stays as it is written.',
    ],
    [
      step("action: run", "with:", "  command: |", "    one {target}", "    two {targt}"),
      '{targt} -> There is no parameter "targt". Did you mean "target"? The text stays as it is written.',
    ],
    [step("action: run", "with: { command: \"awk '{print}' {count}\" }"), []],
    [
      step("action: run", "with: { command: '${targt} {steps.last.output}' }"),
      /^\{steps\.last\.output\} -> The step "last" is not over by then\./,
    ],
    [
      step("action: run", "with: { command: 'a `b {target}`' }"),
      "{target} -> {target} can't stand between backticks: give it to a variable of the shell first.",
    ],
    [step(run, "failure_message: '{steps.it.output} of {steps.first.output}'"), []],
    [
      step(run, "failure_message: '{steps.it.outptu}'"),
      /^\{steps\.it\.outptu\} -> A step has no "outptu".* Did you mean "output"\?/,
    ],
  ];
  it.each(inStep.map(([text, expected]) => [expected, text] as const))("is in a step: %s", (expected, text) => {
    const found = marked(text);
    if (Array.isArray(expected)) expect(found).toEqual(expected);
    else if (typeof expected === "string") expect(found).toEqual([expected]);
    else expect(found).toEqual([expect.stringMatching(expected)]);
  });

  it.each([
    ["params: { 1a: {} }", '1a -> "1a" must begin with a letter and hold letters, digits and _.'],
    ["params: { a: { type: text } }", "text -> `params.a.type` must be one of string, number, boolean, path."],
    ["params: { a: { type: number, default: x } }", 'x -> Parameter "a" must be a number, not "x".'],
    ["params: { a: { default: x, options: [y, z] } }", 'x -> Parameter "a" must be one of y, z, not "x".'],
    ["params: { a: { type: number, options: [1, two] } }", 'two -> Parameter "a" must be a number, not "two".'],
    [
      "params: { a: { secret: true, default: hunter2 } }",
      'hunter2 -> The default of the secret "a" can be read by everybody who has this file.',
    ],
    [
      "params: { a: { secret: true, default: abc } }",
      'abc -> Parameter "a" is a secret and must have 4 characters or more.',
    ],
    [
      "guardrails: { stuck_revisit_gap: 51 }",
      "51 -> `guardrails.stuck_revisit_gap` must be a whole number from 1 to 50.",
    ],
    [
      "guardrails: { repeats: { hint: 5, warn: 4 } }",
      '5 -> "repeats.hint" is 5; it can\'t be more than "repeats.warn", which is 4.',
    ],
    [
      "guardrails: { repeats: { stop: 4 } }",
      '4 -> "repeats.warn" is 5; it can\'t be more than "repeats.stop", which is 4. "repeats.warn" has its default.',
    ],
    ["guardrails: { window: 1 }", "1 -> `guardrails.window` must be a whole number from 2 to 1000."],
    ["guardrails: { budget: { cost: -1 } }", "-1 -> `guardrails.budget.cost` must be more than 0."],
    ["env: { A: [1] }", "[1] -> `env.A` must be a text, a number, or true or false, not a list."],
    ["env: { A: '{nope}' }", '{nope} -> There is no parameter "nope". The text stays as it is written.'],
    ["checkpoints: 'yes'", "'yes' -> `checkpoints` must be true or false, not a text."],
    ["? [a]\n: b", "[ -> A key must be a text."],
  ])("is beside the steps: %s", (line, expected) => {
    const found = marked(`name: n\n${line}\nsteps: [{ id: a, action: run, with: { command: a } }]\n`);
    expect(found[0]).toEqual(expected);
  });

  it("is told of every step, not the first alone", () => {
    const text =
      "name: n\nsteps:\n  - { id: a b, action: run, with: {} }\n  - { id: c, action: http, with: { uri: x } }\n  - { id: c }\n";
    expect(problemsOf(text)).toEqual([
      "3:11: error: `id` must be 1 to 64 letters, digits, _ or -.",
      "3:29: error: `with.command` is missing in `with`.",
      '4:36: error: "uri" is not known in `with`. Did you mean "url"?',
      "5:7: error: `action` is missing in a step.",
      "5:7: error: `with` is missing in a step.",
    ]);
  });

  it("is an id that two steps have", () => {
    const text =
      "name: n\nsteps:\n  - { id: a, action: run, with: { command: x } }\n  - { id: a, action: run, with: { command: x } }\n";
    expect(problemsOf(text)).toEqual(['4:11: error: The id "a" is that of the step in line 3, too.']);
  });

  it("does not hinder anchors, which mean what they name", () => {
    const text =
      "name: n\nenv: &e { A: 1 }\nsteps:\n  - { id: a, action: run, with: &w { command: x, env: *e } }\n  - { id: b, action: run, with: *w }\n";
    const { playbook, problems } = parsePlaybook(text, "p");
    expect(problems).toEqual([]);
    expect(playbook?.steps[1]).toMatchObject({ with: { command: "x", env: { A: 1 } } });
  });

  it.each([
    ["a megabyte", `name: ${"a".repeat(1024 * 1024)}`, "This file is larger than 1 MiB: too large for a playbook."],
    [
      "aliases that grow",
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[..."bcdefghi"].map((each, index) => `${each}: &${each} [${`*${"abcdefghi"[index]},`.repeat(9)}]\n`).join("")}`,
      "The aliases can't be followed: Excessive alias count indicates a resource exhaustion attack",
    ],
    ["deep brackets", `a: ${"{".repeat(1_000_000)}`, "This is nested deeper than 64 levels."],
    ["deep lists", "- ".repeat(500_000), "This is nested deeper than 64 levels."],
    [
      "deep maps",
      Array.from({ length: 200 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"),
      "This is nested deeper than 64 levels.",
    ],
    [
      "many keys",
      Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join("\n"),
      "This has more parts than a playbook can have.",
    ],
  ])("is %s", (_what, text, message) => {
    const problems = parsePlaybook(text, "p").problems;
    expect(problems.map((each) => each.message)).toEqual([message]);
  });

  const sound = step(
    run,
    "expect: { exit_code: 0, output_matches: 'a' }",
    "if: params.count == 1",
    "failure_message: 'x {target}'",
  );
  const damaged = fc
    .array(
      fc.record({
        at: fc.nat(sound.length),
        remove: fc.nat(12),
        insert: fc.oneof(
          fc.constantFrom(
            "",
            "{",
            "[",
            "- ",
            ": ",
            "&a ",
            "*a",
            "|\n",
            "'",
            '"',
            "\t",
            "\n",
            "#",
            "!!int ",
            "<<: ",
            "? ",
            "---\n",
            "%",
            "__proto__: 1\n",
            "{target}",
            "null",
          ),
          fc.string({ unit: "binary", maxLength: 8 }),
        ),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((edits) =>
      edits.reduce((text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove), sound),
    );

  it("is told with a place that is within the file, whatever the text", () => {
    const texts = fc.oneof({ weight: 3, arbitrary: damaged }, fc.string({ unit: "binary" }), fc.json());
    fc.assert(
      fc.property(texts, (text) => {
        const { playbook, problems } = parsePlaybook(text, "p");
        if (playbook === undefined) expect(problems.some(({ severity }) => severity === "error")).toBe(true);
        const lines = text.split(/\n/);
        for (const { range, message } of problems) {
          expect(message).not.toBe("");
          for (const { line, column, offset } of [range.start, range.end]) {
            expect(offset).toBeLessThanOrEqual(text.length);
            expect(line).toBeLessThanOrEqual(lines.length);
            expect(lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1).toBe(offset);
          }
          expect(range.start.offset).toBeLessThanOrEqual(range.end.offset);
        }
        for (const { place } of playbook?.steps ?? []) {
          expect(place.line).toBeLessThanOrEqual(place.endLine);
          expect(place.endLine).toBeLessThanOrEqual(lines.length);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
