import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pinnedNode, repositoryRoot } from "../../../scripts/lib/paths.mjs";
import { makeTempDir, type TempDir } from "../../support/tempDir";

const runs = 10_000;
const parts = 3;

let dir: TempDir;
let program: string;

beforeAll(async () => {
  dir = await makeTempDir();
  program = dir.join("heapChild.mjs");
  await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ["test/session/bus/heapChild.ts"],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22.15",
    outfile: program,
    logLevel: "error",
  });
});

afterAll(() => dir.remove());

/** Of all parts the smallest: what a process grows by at some time for reasons of its own is not in it. */
async function growthPerRun(kind: string): Promise<number> {
  const { stdout } = await promisify(execFile)(pinnedNode, ["--expose-gc", program, kind, String(parts), String(runs)]);
  const { growth, written } = JSON.parse(stdout) as { growth: number[]; written: number };
  expect(written).toBe(kind === "plain" ? 0 : runs * (parts + 1) * 6);
  return Math.min(...growth) / runs;
}

describe("the heap of a process that runs 10,000 runs", () => {
  it("does not grow by them where no checkpoint is written", async () => {
    expect(await growthPerRun("plain")).toBeLessThan(2);
  });

  it("does not grow by them where checkpoints are written", async () => {
    expect(await growthPerRun("checkpoints")).toBeLessThan(2);
  });

  it("is seen to grow where a run's record is kept", async () => {
    expect(await growthPerRun("leaking")).toBeGreaterThan(500);
  });
});
