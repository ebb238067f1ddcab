// The disk of the traces becomes full while a program runs: the program goes on, and the trace says what is missing and
// how the run ended.
import { spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outputBurstOf } from "../../src/trace/outputBurst";
import { type Folder, makeFolder, nodeLine, type Recorded, type Run } from "./runs";

let folder: Folder;

beforeAll(async () => {
  folder = await makeFolder();
});

afterAll(() => folder[Symbol.asyncDispose]());

/** A small disk that only the session and its program see, copied when both are gone. */
const onSmallDisk = [
  "unshare",
  "-rm",
  "sh",
  "-c",
  'size=$1; disk=$2; copy=$3; shift 3; mount -t tmpfs -o size=$size none "$disk" || exit 99; "$@"; code=$?; cp -r "$disk/." "$copy"; exit $code',
  "sh",
];
const hasSmallDisks = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

async function runOnSmallDisk(name: string, megabytes: number, line: string): Promise<{ run: Run; found: Recorded }> {
  const disk = folder.dir.join(name);
  const copy = folder.dir.join(`${name}-copy`);
  await mkdir(disk);
  await mkdir(copy);
  const through = [...onSmallDisk, `${megabytes}m`, disk, copy];
  const run = await folder.start({ line, directory: disk }, { through });
  await run.ended;
  return { run, found: await folder.recorded({ ...run.launch, directory: copy }) };
}

interface Loss {
  readonly bytes: number;
  readonly reason: string;
}

function lossesOf({ trace }: Recorded): Loss[] {
  const events = trace.spans.find(({ name }) => name === "output")?.events ?? [];
  return events.filter(({ name }) => name === "tracekeeper.output-lost").map(({ attributes }) => attributes as never);
}

function recordedBytes({ bursts }: Recorded): number {
  return bursts.reduce((sum, span) => sum + (outputBurstOf(span)?.bytes ?? 0), 0);
}

describe.skipIf(!hasSmallDisks)("on a disk that becomes full", () => {
  it("a program goes on to its end, which the trace knows, and what is missing is counted", async () => {
    const { run, found } = await runOnSmallDisk("small", 4, "seq -f '%08.0f' 1 1200000; exit 3");
    const all = Array.from({ length: 1_200_000 }, (_, index) => `${String(index + 1).padStart(8, "0")}\n`).join("");
    expect((await run.ended).code).toBe(3);
    expect(run.stdout().toString() === all).toBe(true);
    expect(run.stderr().toString()).toMatch(/MB of output could not be recorded: ENOSPC/);
    expect(found.state).toMatchObject({ status: "failed", error: "exit 3" });
    expect(found.command).toMatchObject({ status: "error", statusMessage: "exit 3" });
    expect(found.command.output).toMatch(/01199999\n01200000$/);
    expect(all.startsWith(found.output())).toBe(true);
    expect(recordedBytes(found)).toBeGreaterThan(1_000_000);
    const [loss, ...more] = lossesOf(found);
    expect(more).toEqual([]);
    expect(loss?.reason).toContain("ENOSPC");
    expect(recordedBytes(found) + (loss?.bytes ?? 0)).toBe(all.length);
    expect(found.root.events?.map(({ name }) => name)).toContain("tracekeeper.degraded");
  });

  it("that has room again later, what comes then is recorded, and the gap is where it was", async () => {
    const script = `
      const fs = require("node:fs");
      const disk = process.argv[1];
      const say = (text) => { for (const bytes = Buffer.from(text), at = { at: 0 }; at.at < bytes.length; ) at.at += fs.writeSync(1, bytes, at.at); };
      const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      async function main() {
        say("before\\n");
        await pause(300);
        const filler = fs.openSync(disk + "/filler", "w");
        try { for (;;) fs.writeSync(filler, Buffer.alloc(4096)); } catch {}
        for (let count = 0; count < 400; count++) { say("lost or not " + count + " " + "x".repeat(4000) + "\\n"); if (count % 100 === 0) await pause(50); }
        fs.closeSync(filler);
        fs.rmSync(disk + "/filler");
        // The recorder tries again after 5 s at most.
        for (let count = 0; count < 80; count++) { await pause(100); say("tick " + count + "\\n"); }
        say("after\\n");
      }
      main();`;
    const line = `exec ${nodeLine(script)} ${folder.dir.join("freed")}`;
    const { run, found } = await runOnSmallDisk("freed", 8, line);
    expect((await run.ended).code).toBe(0);
    expect(found.state.status).toBe("completed");
    const shown = run.stdout().toString();
    const recorded = found.output();
    expect(recorded.startsWith("before\n")).toBe(true);
    expect(recorded.endsWith("after\n")).toBe(true);
    const lost = lossesOf(found).reduce((sum, { bytes }) => sum + bytes, 0);
    expect(lost).toBeGreaterThan(0);
    expect(recordedBytes(found) + lost).toBe(shown.length);
    // One gap: a beginning and an end of what was shown.
    const gapAt = [...recorded].findIndex((character, index) => character !== shown[index]);
    expect(shown.slice(0, gapAt) + shown.slice(gapAt + lost)).toBe(recorded);
  });
});
