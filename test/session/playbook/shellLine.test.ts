import { execFileSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shellDialect, shellLine, shellLineProblem } from "../../../src/session/playbook/shellLine";
import type { StepResult } from "../../../src/session/playbook/stepResult";
import { makeTempDir, type TempDir } from "../../support/tempDir";

const posixShells = [
  ...new Set(["/bin/sh", "/bin/bash", "/bin/zsh"].filter((path) => existsSync(path)).map((path) => realpathSync(path))),
];
const onPosix = describe.skipIf(process.platform === "win32");

const values = (x: string, y = "why") => ({ params: { x, y }, steps: new Map<string, StepResult>() });

let folder: TempDir;
beforeAll(async () => {
  folder = await makeTempDir();
});
afterAll(() => folder.remove());

/** The arguments that a command gets: `args` stands where the line calls it. */
function argumentsOf(shell: string, line: string, x: string, y = "why"): string[] {
  const filled = shellLine(line.replaceAll("args", "printf '%s\\0'"), values(x, y), "posix");
  const printed = execFileSync(shell, ["-c", filled.line], {
    cwd: folder.path,
    env: { PATH: process.env["PATH"] ?? "", ...filled.env },
    encoding: "utf8",
  });
  return printed.split("\0").slice(0, -1);
}

/** A word in the spelling of the shell, and what it is to the command. */
interface Word {
  readonly line: string;
  readonly meant: (x: string) => string;
}

const plain = fc.constantFrom("a", "-b", "c/d", "x=1", "é", "1", "{", "}", "{z}", "%", "~a", ",");
const piece: fc.Arbitrary<Word> = fc.oneof(
  plain.map((text) => ({ line: text, meant: () => text })),
  fc.constant({ line: "{x}", meant: (x: string) => x }),
  fc.constantFrom("", "a b", "$HOME `id`", '"', "\\", "{z} {", "#").map((text) => ({
    line: `'${text}{x}${text}'`,
    meant: (x: string) => text + x + text,
  })),
  fc.constantFrom("", "a b", "'", "it's", "{z}", "#", "\\\\").map((text) => ({
    line: `"${text}{x}${text}"`,
    meant: (x: string) => text.replaceAll("\\\\", "\\") + x + text.replaceAll("\\\\", "\\"),
  })),
  fc.constant({ line: '"$(printf %s {x}; printf .)"', meant: (x: string) => `${x}.` }),
  fc.constant({
    line: '"$(printf %s "{x}" \'{x}\' "$(printf %s {x}; printf .)")"',
    meant: (x: string) => `${x}${x}${x}.`,
  }),
  fc.constant({ line: "\\{x}", meant: () => "{x}" }),
  fc.constant({ line: "\\\\{x}", meant: (x: string) => `\\${x}` }),
  fc.constant({ line: '"\\\\{x}"', meant: (x: string) => `\\${x}` }),
  fc.constant({ line: '"a\\"{x}"', meant: (x: string) => `a"${x}` }),
);
const word = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => ({
  line: pieces.map(({ line }) => line).join(""),
  meant: (x: string) => pieces.map(({ meant }) => meant(x)).join(""),
}));
// What would run, split, expand or end something if it were text of the line.
const hostile = fc.oneof(
  fc.constantFrom(
    "",
    "two words",
    "*",
    "$(touch ran)",
    "`touch ran`",
    "'; touch ran; '",
    '"; touch ran; "',
    "'\"; touch ran; \"'",
    "; touch ran #",
    "&& touch ran",
    "| touch ran",
    "\ntouch ran\n",
    "${IFS}",
    "$HOME",
    "\\",
    "\\'",
    '\\"',
    "-n",
    "~",
    "{x}",
    "{y}",
    "!!",
    "a[$(touch ran)]",
    "\r\n",
    "\t",
    "é€😀",
  ),
  fc.string({ unit: "binary", maxLength: 30 }).filter((text) => !text.includes("\0")),
  fc
    .array(fc.constantFrom("'", '"', "`", "$(", ")", "\\", "\n", " ", ";", "touch ran", "}", "${", "#", "<<E"), {
      maxLength: 8,
    })
    .map((parts) => parts.join("")),
);

onPosix("a shell line", () => {
  it.each(posixShells)(
    "hands %s each value as one piece, wherever its placeholder stands, and runs nothing of it",
    (shell) => {
      fc.assert(
        fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), hostile, (words, x) => {
          const line = `args ${words.map((each) => each.line).join(" ")} end`;
          expect(argumentsOf(shell, line, x)).toEqual([...words.map((each) => each.meant(x)), "end"]);
          expect(existsSync(folder.join("ran"))).toBe(false);
        }),
        { numRuns: 120 },
      );
    },
  );

  it.each([
    ["a comment", "# it's {x}\nargs {x} # {x} '", ["v $(touch ran)"]],
    ["what a shell knows as its own variable", 'x=own; args "${x}" ${x} {x}', ["own", "own", "v $(touch ran)"]],
    ["another program's template", "args '${x} {x}'", ["${x} v $(touch ran)"]],
    ["a variable with a default", "args \"${nope:-'a'} {x}\"", ["'a' v $(touch ran)"]],
    [
      "a here-document",
      'args "$(cat <<END\n<{x}> \'{x}\' "$nope"\nEND\n)"',
      ["<v $(touch ran)> 'v $(touch ran)' \"\""],
    ],
    ["an indented here-document", "args a; cat <<-END >/dev/null\n\t'{x}\n\tEND\nargs {x}", ["a", "v $(touch ran)"]],
    ["a sum without a placeholder", "args $((1 + 2)) {x}", ["3", "v $(touch ran)"]],
    ["backticks without a placeholder", "args `echo 1` {x}", ["1", "v $(touch ran)"]],
    ["a subshell", "(args {x}; (args '{x}'))", ["v $(touch ran)", "v $(touch ran)"]],
    ["an assignment", 'z={x}; args "$z"', ["v $(touch ran)"]],
    ["a pattern", "case {x} in v*) args yes;; esac", ["yes"]],
    [
      "a pattern in a substitution",
      'args "$(case {x} in a) printf 1 ;; v*) printf %s {x} ;; (b) ;; esac; echo case) {y}" {x}',
      ["v $(touch ran)case why", "v $(touch ran)"],
    ],
    ["several lines", "args {x}\nargs '{y}'\n", ["v $(touch ran)", "why"]],
  ])("understands %s", (_what, line, expected) => {
    for (const shell of posixShells) expect(argumentsOf(shell, line, "v $(touch ran)")).toEqual(expected);
    expect(existsSync(folder.join("ran"))).toBe(false);
  });

  it("hands bash's own quotes a value, too", () => {
    expect(argumentsOf("/bin/bash", "[[ {x} == v* ]] && args yes; args a[{x}]", "v 'x")).toEqual(["yes", "a[v 'x]"]);
    expect(argumentsOf("/bin/bash", "args $'a\\n{x}\\'b'", "v 'x")).toEqual(["a\nv 'x'b"]);
    expect(argumentsOf("/bin/bash", 'args "$(cat <<<{x})"', "v 'x")).toEqual(["v 'x"]);
  });
});

describe("a placeholder in a shell line", () => {
  it.each([
    ["args `echo {x}`", "between backticks"],
    ["args $(({x} + 1))", "within ((…))"],
    ["(( {x} ))", "within ((…))"],
    ["[[ {x} -eq 1 ]] && args a", "within [[…]] with -eq, -lt, -v and the like"],
    ["if [[ -v '{x}' ]]; then args a; fi", "within [[…]] with -eq, -lt, -v and the like"],
    ["a[{x}]=1", "as the index of an array"],
    ['args "${y:-{x}}"', "within ${…}"],
    ["cat <<'END'\n{x}\nEND", "in a here-document whose end is quoted"],
    ["cat <<END\n$(echo {x})\nEND", "in a here-document that holds a command"],
    ["cat <<{x}", "as the end of a here-document"],
  ])("is refused where its value would be read once more: %s", (line, where) => {
    expect(shellLineProblem(line, "posix")?.message).toMatch(`{x} can't stand ${where}: `);
    expect(() => shellLine(line, values("1"), "posix")).toThrow(where);
  });

  it("goes as a variable that is named after it", () => {
    const build: StepResult = { isOk: true, isSkipped: false, output: "one\n\n" };
    const steps = new Map([
      ["a-b", build],
      ["a_b", { ...build, output: "two" }],
    ]);
    expect(
      shellLine("do {x} {steps.a-b.output} {steps.a_b.output} {x} {nope}", { params: { x: 7 }, steps }, "posix"),
    ).toEqual({
      line: 'do "${TRACEKEEPER_PARAM_x}" "${TRACEKEEPER_STEP_a_b_output}" "${TRACEKEEPER_STEP_a_b_output_2}" "${TRACEKEEPER_PARAM_x}" {nope}',
      env: { TRACEKEEPER_PARAM_x: "7", TRACEKEEPER_STEP_a_b_output: "one", TRACEKEEPER_STEP_a_b_output_2: "two" },
    });
  });

  it("is nothing where the parameter may be left out and is", () => {
    expect(shellLine("do {x}", { params: { x: null }, steps: new Map() }, "posix").env).toEqual({
      TRACEKEEPER_PARAM_x: "",
    });
  });

  it("says what no command can be given", () => {
    expect(() => shellLine("{x}", values("a\0b"), "posix")).toThrow("holds a null character");
    expect(() => shellLine("{x}", values("ü".repeat(60_001)), "posix")).toThrow("Let it be written into a file.");
    expect(() => shellLine("{x}", values("a"), undefined)).toThrow("give the command as a list");
  });

  it.each([
    ["do {x}", 'do "${env:TRACEKEEPER_PARAM_x}"'],
    ["do --to={x}.txt -Name:{x} b", 'do "--to=${env:TRACEKEEPER_PARAM_x}.txt" -Name:"${env:TRACEKEEPER_PARAM_x}" b'],
    [`do 'it''s $5 {x}'`, 'do "it\'s `$5 ${env:TRACEKEEPER_PARAM_x}"'],
    ['do "a $b {x}" ${x} `{x}', 'do "a $b ${env:TRACEKEEPER_PARAM_x}" ${x} `{x}'],
    ["# it's {x}\ndo {x}", '# it\'s {x}\ndo "${env:TRACEKEEPER_PARAM_x}"'],
    ["if ({x} -eq 'a') { do 'b' }", "if (\"${env:TRACEKEEPER_PARAM_x}\" -eq 'a') { do 'b' }"],
    ['@"\n{x} "q"\n"@', '@"\n${env:TRACEKEEPER_PARAM_x} "q"\n"@'],
  ])("is a variable in PowerShell: %s", (line, expected) => {
    expect(shellLine(line, values("v"), "powershell").line).toBe(expected);
  });

  it.each(["'a'{x}", "{x}'a'", "$a{x}", "@'\n{x}\n'@", '"$(do {x})"'])(
    "is refused in PowerShell where it could be taken apart: %s",
    (line) => {
      expect(shellLineProblem(line, "powershell")?.message).toContain("{x} can't stand");
    },
  );

  it.each([
    ["do {x}", 'do "%TRACEKEEPER_PARAM_x%"'],
    ['do "a {x}" {x}', 'do "a %TRACEKEEPER_PARAM_x%" "%TRACEKEEPER_PARAM_x%"'],
    ['do ^"{x} ^"', 'do ^""%TRACEKEEPER_PARAM_x%" ^"'],
  ])("is a variable in cmd: %s", (line, expected) => {
    expect(shellLine(line, values("C:\\two words\\"), "cmd")).toEqual({
      line: expected,
      env: { TRACEKEEPER_PARAM_x: "C:\\two words\\\\" },
    });
  });

  it.each(['a"b', "100%", "a&b", "a|b", "a<b", "a>b", "a^b", "a\nb", "a!b", "(a"])(
    "is refused in cmd with a value that could end a word: %j",
    (x) => {
      expect(() => shellLine("npm run {x}", values(x), "cmd")).toThrow(
        "which cmd could take for a part of the command",
      );
    },
  );

  it("knows a shell by its name or path", () => {
    expect(
      ["sh", "/bin/bash", "zsh", "C:\\Windows\\System32\\cmd.exe", "pwsh", "powershell.exe", "fish"].map(shellDialect),
    ).toEqual(["posix", "posix", "posix", "cmd", "powershell", "powershell", undefined]);
  });
});
