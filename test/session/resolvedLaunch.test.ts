import { describe, expect, it } from "vitest";
import type { Launch, LaunchedProgram } from "../../src/session/launch";
import { resolvedLaunch } from "../../src/session/resolvedLaunch";

function launch(program: LaunchedProgram, cwd = "."): Launch {
  return {
    version: 1,
    id: "a",
    directory: "/w/.tracekeeper/traces",
    sessionId: "s",
    title: "t",
    program,
    cwd,
    capture: "terminal",
    origin: { type: "task", label: "t" },
    stop: { terminateAfterMs: 1, killAfterMs: 1 },
  };
}

describe("a launch whose words VS Code has resolved", () => {
  const process: LaunchedProgram = { type: "process", file: "${workspaceFolder}/x", args: ["${file}"] };
  const shell: LaunchedProgram = { type: "shell", line: "echo ${file}" };

  it("runs the words of a process as they are", () => {
    const words = ["/w/x y", "--", "", "a b"];
    expect(resolvedLaunch(launch(process), words, "/w").program).toEqual({
      type: "process",
      file: "/w/x y",
      args: ["--", "", "a b"],
    });
  });

  it("hands a line to the shell that stands before it", () => {
    expect(resolvedLaunch(launch(shell), ["/bin/zsh", "-l", "-c", "echo /w/a"], "/w").program).toEqual({
      type: "shell",
      line: "echo /w/a",
      shell: "/bin/zsh",
      shellArgs: ["-l", "-c"],
    });
    expect(resolvedLaunch(launch(shell), ["echo /w/a"], "/w").program).toEqual({ type: "shell", line: "echo /w/a" });
  });

  it("is as it was without words, and where there is no program", () => {
    expect(resolvedLaunch(launch(process), [], "/w").program).toEqual(process);
    expect(resolvedLaunch(launch({ type: "collect" }), ["x"], "/w").program).toEqual({ type: "collect" });
  });

  it("runs where the session process was started, unless it says where", () => {
    expect(resolvedLaunch(launch(shell), [], "/w").cwd).toBe("/w");
    expect(resolvedLaunch(launch(shell, "/else"), [], "/w").cwd).toBe("/else");
  });
});
