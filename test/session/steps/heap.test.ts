import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pinnedNode, repositoryRoot } from "../../../scripts/lib/paths.mjs";
import { makeTempDir, type TempDir } from "../../support/tempDir";

const runs = 1_000;
const parts = 3;

let dir: TempDir;
let program: string;

beforeAll(async () => {
  dir = await makeTempDir();
  program = dir.join("heapChild.mjs");
  await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ["test/session/steps/heapChild.ts"],
    bundle: true,
    platform: "node",
    format: "esm",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    target: "node22.15",
    outfile: program,
    logLevel: "error",
  });
});

afterAll(() => dir.remove());

/** Of all parts the smallest: what a process grows by at some time for reasons of its own is not in it. */
async function growthPerRun(kind: string): Promise<number> {
  const words = ["--expose-gc", program, kind, String(parts), String(runs)];
  const { stdout } = await promisify(execFile)(pinnedNode, words);
  const { growth, failed } = JSON.parse(stdout) as { growth: number[]; failed: number };
  // The third step of each.
  expect(failed).toBe(runs * (parts + 1));
  return Math.min(...growth) / runs;
}

describe("the heap of a process that runs a playbook again and again", () => {
  it("does not grow by it where no checkpoint is written", async () => {
    expect(await growthPerRun("plain")).toBeLessThan(100);
  });

  it("does not grow by it where checkpoints are written", async () => {
    expect(await growthPerRun("checkpoints")).toBeLessThan(100);
  });

  it("is seen to grow where the results of a run are kept", async () => {
    expect(await growthPerRun("leaking")).toBeGreaterThan(1_000);
  });
});
