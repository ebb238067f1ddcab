// Who owns a batch is settled between processes that live: one of them has it, the others are told, and whoever comes after
// it was killed takes it over.
import { type ChildProcess, spawn } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pinnedNode, repositoryRoot } from "../../scripts/lib/paths.mjs";
import { readOwner } from "../../src/batch/ownerFile";
import { makeTempDir, type TempDir } from "../support/tempDir";

interface Contender {
  readonly child: ChildProcess;
  readonly instance: string;
  /** What it says of its next attempt. */
  take(path: string, atMs?: number): Promise<string>;
  kill(): Promise<void>;
}

let folder: TempDir;
const contenders: Contender[] = [];

beforeAll(async () => {
  folder = await makeTempDir();
  await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ["test/batch/ownerChild.ts"],
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile: folder.join("owner.cjs"),
    logLevel: "error",
  });
});
afterAll(async () => {
  for (const { child } of contenders) child.kill("SIGKILL");
  await folder.remove();
});

async function contender(): Promise<Contender> {
  const child = spawn(pinnedNode, [folder.join("owner.cjs")], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  const made: Contender = {
    child,
    instance: await next(),
    take: async (path, atMs = 0) => {
      child.stdin.write(`${path} ${atMs}\n`);
      return await next();
    },
    kill: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
  contenders.push(made);
  return made;
}

describe("the owner of a batch", () => {
  it("is the process that took it, for as long as it lives, and then the next one", async () => {
    const path = folder.join("a.owner");
    const [first, second] = [await contender(), await contender()];
    expect(await first.take(path)).toBe("own");
    expect(await first.take(path)).toBe("own");
    expect(await second.take(path)).toBe(
      `BatchOwnedElsewhere BatchOwnedElsewhere: The batch is run by process ${first.child.pid} on ${(await readOwner(path))?.host}`,
    );
    await first.kill();
    expect(await second.take(path)).toBe("own");
    expect((await readOwner(path))?.instance).toBe(second.instance);
    expect((await readdir(folder.path)).filter((name) => name.startsWith("a.owner."))).toEqual([]);
  });

  it("is one of those who take it over at the same moment", async () => {
    const dead = await contender();
    const old = folder.join("old.owner");
    await dead.take(old);
    await dead.kill();
    const left = `${JSON.stringify(await readOwner(old))}\n`;
    const rivals = await Promise.all(Array.from({ length: 6 }, contender));
    for (let round = 0; round < 60; round++) {
      const path = folder.join(`round${round}.owner`);
      await writeFile(path, left);
      const atMs = Date.now() + 4;
      const told = await Promise.all(rivals.map((rival) => rival.take(path, atMs)));
      const owners = rivals.filter((_, at) => told[at] === "own").map(({ instance }) => instance);
      expect({ round, owners, told }).toMatchObject({ owners: [(await readOwner(path))?.instance] });
    }
    expect((await readdir(folder.path)).filter((name) => /\.owner\./.test(name))).toEqual([]);
  });
});
