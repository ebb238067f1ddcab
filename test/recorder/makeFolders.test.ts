// Directories are made with those above them, for this person alone, and where that can't be the reason is told.
import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolders, makeFoldersSync } from "../../src/recorder/makeFolders";
import { openSessionRecorder } from "../../src/recorder/openSession";
import { nodeFs } from "../../src/recorder/recorderFs";
import { makeTempDir, type TempDir } from "../support/tempDir";

let folder: TempDir;

beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

describe.each([
  ["in this thread", async (path: string) => makeFoldersSync(path)],
  ["in another thread", (path: string) => makeFolders(path)],
])("directories made %s", (_, make) => {
  it("are there with those above them, closed to others, and stay where they are there already", async () => {
    const path = folder.join("a", "b", "c");
    await make(path);
    await make(path);
    expect(statSync(path).isDirectory()).toBe(true);
    if (process.platform !== "win32") expect(statSync(folder.join("a")).mode & 0o777).toBe(0o700);
  });

  it("may stand behind a link", async () => {
    mkdirSync(folder.join("real"));
    symlinkSync(folder.join("real"), folder.join("link"), "junction");
    await make(folder.join("link"));
    await make(folder.join("link", "below"));
    expect(statSync(folder.join("real", "below")).isDirectory()).toBe(true);
  });

  it("are refused where a file is in the way", async () => {
    writeFileSync(folder.join("file"), "");
    await expect(make(folder.join("file"))).rejects.toMatchObject({ code: "EEXIST" });
    await expect(make(folder.join("file", "below", "more"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it.runIf(process.platform === "linux")("are refused where the system makes none", async () => {
    await expect(make("/proc/none/traces")).rejects.toMatchObject({ code: "ENOENT" });
  });
});

it.runIf(process.platform === "linux")(
  "a session below a directory that can't be made is refused with the reason",
  () => {
    const problems: string[] = [];
    const recorder = openSessionRecorder({
      directory: join("/proc", "none", "traces"),
      sessionId: "s",
      traceId: "t",
      metadata: {},
      mode: "start",
      fsync: "never",
      fs: nodeFs,
      machine: undefined,
      onProblem: ({ message }) => void problems.push(message),
    });
    expect(recorder).toBeUndefined();
    expect(problems).toEqual([expect.stringMatching(/^The session can't be recorded: ENOENT: .*\/proc\/none/)]);
  },
);
