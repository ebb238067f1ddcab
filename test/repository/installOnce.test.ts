import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { installOnce } from "../../scripts/lib/installOnce.mjs";
import { makeTempDir } from "../support/tempDir";

const installOnceUrl = new URL("../../scripts/lib/installOnce.mjs", import.meta.url).href;

/** Runs a program of a few lines in a process of its own; resolves with its exit code. */
function runProgram(source: string): Promise<number | null> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: "ignore" });
  return new Promise((resolve) => child.once("close", resolve));
}

describe("installOnce", () => {
  it("prepares once for several processes that ask at the same time", async () => {
    await using folder = await makeTempDir();
    const program = `
      import { appendFile, writeFile } from "node:fs/promises";
      import { installOnce } from ${JSON.stringify(installOnceUrl)};
      await installOnce(${JSON.stringify(folder.join("tool"))}, async (partial) => {
        await appendFile(${JSON.stringify(folder.join("log"))}, "prepared ");
        await writeFile(partial + "/file", "whole");
      });`;
    expect(await Promise.all([program, program, program].map(runProgram))).toEqual([0, 0, 0]);
    expect(await readFile(folder.join("log"), "utf8")).toBe("prepared ");
    expect(await readFile(folder.join("tool/file"), "utf8")).toBe("whole");
  });

  it("throws away what an interrupted run left, and takes over its lock", async () => {
    await using folder = await makeTempDir();
    const program = `
      import { writeFile } from "node:fs/promises";
      import { installOnce } from ${JSON.stringify(installOnceUrl)};
      await installOnce(${JSON.stringify(folder.join("tool"))}, async (partial) => {
        await writeFile(partial + "/half", "");
        process.kill(process.pid, "SIGKILL");
        await new Promise(() => {});
      });`;
    expect(await runProgram(program)).toBeNull();
    expect((await readdir(folder.path)).sort()).toEqual(["tool.lock", "tool.partial"]);

    await installOnce(folder.join("tool"), async (partial) => {
      await folder.write(`${partial.slice(folder.path.length + 1)}/whole`, "");
    });
    expect(await readdir(folder.path)).toEqual(["tool"]);
    expect(await readdir(folder.join("tool"))).toEqual(["whole"]);
  });

  it("leaves no folder and no lock when preparing fails", async () => {
    await using folder = await makeTempDir();
    const failing = installOnce(folder.join("tool"), () => Promise.reject(new Error("no network")));
    await expect(failing).rejects.toThrow("no network");
    expect(await readdir(folder.path)).toEqual(["tool.partial"]);
  });
});
