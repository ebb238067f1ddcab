// Why a program can't be started, in words: real files, before anything is started.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkStart, programCommand, StartError, startErrorOf } from "../../src/session/programCommand";
import { makeTempDir, type TempDir } from "../support/tempDir";

let folder: TempDir;
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

/** What is said, and the exit code; undefined where it can be started. */
function why(file: string, cwd = folder.path, PATH = folder.path): readonly [string, number] | undefined {
  try {
    checkStart(programCommand({ type: "process", file, args: [] }), cwd, { PATH });
    return undefined;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return [error.message, error.exitCode];
  }
}

async function script(name: string, text: string, mode = 0o755): Promise<string> {
  const path = await folder.write(name, text);
  await chmod(path, mode);
  return path;
}

describe.runIf(process.platform !== "win32")("a program that can't be started", () => {
  it("is one that is not there", async () => {
    await script("plain", "", 0o644);
    expect(why("./gone")).toEqual(["./gone was not found", 127]);
    expect(why("gone")).toEqual(["gone was not found", 127]);
    expect(why("./plain/x")).toEqual(["./plain/x was not found: a part of its path is no folder", 127]);
    expect(why("./plain")).toEqual(["./plain can't be executed", 126]);
    expect(why("plain", folder.path, `${folder.join("plain")}:/bin`)).toEqual(["plain was not found", 127]);
  });

  it("is one without its folder", async () => {
    await script("plain", "");
    expect(why("sh", folder.join("gone"))).toEqual([`the folder ${folder.join("gone")} does not exist`, 1]);
    expect(why("sh", folder.join("plain"))).toEqual([`${folder.join("plain")} is no folder`, 1]);
  });

  it("is a script whose interpreter is not there, and that is said of the interpreter", async () => {
    await script("bad", "#! /nope/python3 -u\nprint()\n");
    const said = ["./bad can't be run: its interpreter /nope/python3 was not found", 127];
    expect(why("./bad")).toEqual(said);
    expect(why("bad")).toEqual(["bad can't be run: its interpreter /nope/python3 was not found", 127]);
    await script("windows", "#!/bin/sh\r\necho\r\n");
    expect(why("./windows")).toEqual([
      "./windows can't be run: its interpreter /bin/sh was not found (the first line ends with a carriage return)",
      127,
    ]);
    await script("below", "#!/bin/sh/x");
    expect(why("./below")).toEqual(["./below can't be run: its interpreter /bin/sh/x was not found", 127]);
    await script("folder", "#!/");
    expect(why("./folder")).toEqual(["./folder can't be run: its interpreter / can't be executed", 126]);
  });

  it("is no script with an interpreter, none without one, and none that nobody may read", async () => {
    await script("good", "#!/bin/sh\n");
    await script("env", "#!/usr/bin/env no-such-program\n");
    await script("relative", "#!good\n");
    await script("none", "echo\n");
    await script("empty", "#!\n");
    execFileSync("mkfifo", ["-m", "755", folder.join("pipe")]);
    await script("unread", "#!/bin/sh\n", 0o311);
    for (const name of ["good", "env", "relative", "none", "empty", "unread", "pipe"])
      expect(why(`./${name}`)).toBeUndefined();
  });

  it("is told of in the words of the system's own error", async () => {
    const path = await script("bad", "#!/nope\n");
    const [error] = (await once(spawn(path), "error")) as [Error];
    const command = programCommand({ type: "process", file: "x", args: [] });
    const { message, exitCode } = startErrorOf(error, command, "linux");
    expect([message, exitCode]).toEqual(["x, or what the system runs it with, was not found", 127]);
    expect(startErrorOf(error, command, "win32").message).toBe("x was not found");
    const notFolder = Object.assign(new Error("spawn ENOTDIR"), { code: "ENOTDIR" });
    expect(startErrorOf(notFolder, command, "linux").message).toBe("x, or what the system runs it with, was not found");
  });
});
