// Traced copies of tasks: what they run, and which tasks have none. The shell is real, the part of VS Code is played.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { copyExecution, programOf, type TaskExecution, textOf } from "../../src/host/start/taskCopy";
import { configurationOf, configuredTasks, type TaskFacts, untraceable } from "../../src/host/start/taskRows";

const session = { file: "/bin/sh", args: ["-c", "script", "tracekeeper", "/node", "/session.js"], env: { OWN: "1" } };
const shell = { path: "/bin/bash", args: [] };

describe("the copy of a process task", () => {
  const original: TaskExecution = {
    type: "process",
    process: "${workspaceFolder}/bin/x y",
    args: ["--launch", "a b", "", "${env:HOME}"],
    options: { cwd: "${workspaceFolder}/sub", env: { A: "${file}" } },
  };

  it("hands on every word as one, after a mark, and leaves the variables to VS Code", () => {
    expect(copyExecution(original, session, shell, "linux")).toEqual({
      type: "process",
      process: "/bin/sh",
      args: [...session.args, "--", "${workspaceFolder}/bin/x y", "--launch", "a b", "", "${env:HOME}"],
      options: { cwd: "${workspaceFolder}/sub", env: { A: "${file}", OWN: "1" } },
    });
  });

  it("is recorded as the original until it is resolved", () => {
    expect(programOf(original, "linux")).toEqual({ type: "process", file: original.process, args: original.args });
  });
});

describe("the copy of a shell task", () => {
  const line: TaskExecution = { type: "shellLine", line: "echo ${file} 'a b' > x", options: { cwd: "/w" } };

  it("has the session process for its shell, which gets the line that VS Code makes", () => {
    const copy = copyExecution(line, session, shell, "linux");
    expect(copy).toEqual({
      type: "shellLine",
      line: line.line,
      options: {
        cwd: "/w",
        env: { OWN: "1" },
        executable: "/bin/sh",
        shellArgs: [...session.args, "--", "/bin/bash", "-c"],
      },
    });
  });

  it("keeps the arguments of the default shell, and says -c once", () => {
    const args = (shellArgs: readonly string[]) =>
      copyExecution(line, session, { path: "/bin/zsh", args: shellArgs }, "linux").options.shellArgs?.slice(-3);
    expect(args(["-l"])).toEqual(["/bin/zsh", "-l", "-c"]);
    expect(args(["-l", "-C"])).toEqual(["/bin/zsh", "-l", "-C"]);
  });

  it("runs a shell of its own as its options say, and nothing is added", () => {
    const own: TaskExecution = {
      ...line,
      options: { executable: "fish", shellArgs: ["-x", "-c"], shellQuoting: { strong: "'" } },
    };
    expect(copyExecution(own, session, shell, "linux").options).toMatchObject({
      shellArgs: [...session.args, "--", "fish", "-x", "-c"],
      shellQuoting: { strong: "'" },
    });
  });

  it("leaves quoting to VS Code, word by word", () => {
    const words: TaskExecution = {
      type: "shellWords",
      command: { value: "my cmd", quoting: 2 },
      args: ["${file}", { value: "a b", quoting: 1 }],
      options: {},
    };
    const copy = copyExecution(words, session, shell, "linux");
    expect(copy).toMatchObject({ type: "shellWords", command: words.command, args: words.args });
    expect(textOf(words)).toBe("my cmd ${file} a b");
  });

  it.runIf(process.platform !== "win32")("ends in the shell with the very line, as VS Code appends it", () => {
    const text = `printf '%s|' "$0" 'a  b' c\\ d; printf '%s' "\${X:-none}"`;
    const copy = copyExecution(
      { type: "shellLine", line: text, options: {} },
      session,
      { path: "/bin/sh", args: [] },
      "linux",
    );
    const args = [...(copy.options.shellArgs ?? []), text];
    const [file = "", ...rest] = args.slice(args.indexOf("--") + 1);
    expect(execFileSync(file, rest, { encoding: "utf8", env: {} })).toBe("/bin/sh|a  b|c d|none");
  });

  it("on Windows is a process task, because there the arguments of a shell become one text", () => {
    const words: TaskExecution = {
      type: "shellWords",
      command: "C:\\my tools\\x.exe",
      args: ["${file}", "a b"],
      options: { cwd: "C:\\w" },
    };
    const cmd = { path: "C:\\Windows\\System32\\cmd.exe", args: [] };
    expect(copyExecution(words, session, cmd, "win32")).toEqual({
      type: "process",
      process: "/bin/sh",
      args: [...session.args, "--", cmd.path, "/d", "/s", "/c", '"C:\\my tools\\x.exe" ${file} "a b"'],
      options: { cwd: "C:\\w", env: { OWN: "1" } },
    });
  });
});

describe("a task", () => {
  const facts = (more: Partial<TaskFacts> = {}): TaskFacts => ({
    name: "build",
    definition: { type: "shell", id: "shell,build," },
    execution: "shell",
    ...more,
  });
  const configured = configuredTasks([
    { label: "build", type: "shell", command: "make" },
    { label: "all", dependsOn: ["build", { type: "npm", script: "lint" }], command: "true" },
    { taskName: "old", dependsOn: "build" },
    { type: "npm", script: "test", dependsOn: ["build"] },
    "nonsense",
    null,
  ]);
  const because = (task: TaskFacts) => untraceable(task, configurationOf(task, configured));

  it("with a shell or a process can be traced", () => {
    expect(because(facts())).toBeUndefined();
    expect(because(facts({ name: "unknown", execution: "process" }))).toBeUndefined();
  });

  it("that depends on others can't, and they are named", () => {
    expect(because(facts({ name: "all" }))).toEqual({
      type: "dependsOn",
      names: ["build", '{"type":"npm","script":"lint"}'],
    });
    expect(because(facts({ name: "old", execution: "none" }))).toEqual({
      type: "dependsOn",
      names: ["build"],
    });
  });

  it("without a label is known by what it is made of", () => {
    const test = facts({ name: "npm: test", definition: { type: "npm", script: "test" } });
    expect(because(test)).toMatchObject({ type: "dependsOn" });
    expect(because({ ...test, definition: { type: "npm", script: "lint" } })).toBeUndefined();
    expect(because({ ...test, definition: { type: "npm" } })).toBeUndefined();
  });

  it("that runs in an extension, or nothing, can't be traced", () => {
    expect(because(facts({ name: "other", execution: "custom" }))).toEqual({ type: "custom" });
    expect(because(facts({ name: "other", execution: "none" }))).toEqual({ type: "none" });
  });

  it("has the problem matchers that its configuration names", () => {
    const matchers = (problemMatcher: unknown) =>
      configuredTasks([{ label: "build", problemMatcher }]).map((task) => [task.problemMatchers, task.hasOwnMatchers]);
    expect(matchers("$tsc")).toEqual([[["$tsc"], false]]);
    expect(matchers(["$tsc", { owner: "x", pattern: {} }])).toEqual([[["$tsc"], true]]);
    expect(matchers(undefined)).toEqual([[[], false]]);
    expect(matchers([])).toEqual([[[], false]]);
  });

  it("is looked for in whatever stands in the file", () => {
    for (const tasks of [undefined, null, {}, "x", 3]) expect(configuredTasks(tasks)).toEqual([]);
  });
});
