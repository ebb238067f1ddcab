// 100 MB of output: every byte is recorded and shown, in memory that doesn't grow with it.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { outputBurstOf } from "../../src/trace/outputBurst";
import { type Folder, makeFolder, nodeLine, running, until } from "./runs";

let folder: Folder;

beforeAll(async () => {
  folder = await makeFolder();
}, 300_000);

afterAll(() => folder[Symbol.asyncDispose]());

const totalBytes = 100_000_000;
/** Numbered lines, so that one that is lost, doubled or moved changes the hash. */
const script = `
  const fs = require("node:fs");
  let number = 0;
  for (let done = 0; done < ${totalBytes}; ) {
    let text = "";
    while (text.length < 60000) text += "line " + number++ + " äöü ${"0123456789".repeat(8)}\\n";
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      try { at += fs.writeSync(1, bytes, at); } catch (error) { if (error.code !== "EAGAIN") throw error; }
    }
    done += bytes.length;
  }`;

function hashOfLines(eol: string): { hash: string; bytes: number } {
  const hash = createHash("sha256");
  let number = 0;
  let bytes = 0;
  for (let done = 0; done < totalBytes; ) {
    let text = "";
    while (text.length < 60_000) text += `line ${number++} äöü ${"0123456789".repeat(8)}\n`;
    done += Buffer.byteLength(text);
    const shown = Buffer.from(text.replaceAll("\n", eol));
    hash.update(shown);
    bytes += shown.length;
  }
  return { hash: hash.digest("hex"), bytes };
}

async function peakMemoryBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

it.skipIf(process.platform !== "linux").each([
  ["pipes", "\n"],
  ["terminal", "\r\n"],
] as const)(
  "100 MB of output in %s lose no byte, and take no memory",
  async (capture, eol) => {
    const line = nodeLine(script);
    const run =
      capture === "pipes" ? await folder.start({ line }, { unread: true }) : await folder.startInTerminal({ line });
    const shown = createHash("sha256");
    let shownBytes = 0;
    if ("child" in run) {
      run.child.stdout?.on("data", (bytes: Buffer) => {
        shown.update(bytes);
        shownBytes += bytes.length;
      });
    }
    const { pid } = await running(run.launchPath);
    let peakBytes = 0;
    const watching = setInterval(async () => {
      peakBytes = Math.max(peakBytes, await peakMemoryBytes(pid));
    }, 20);
    await run.ended;
    clearInterval(watching);
    const wanted = hashOfLines(eol);
    if ("child" in run) {
      await until(() => (shownBytes === wanted.bytes ? true : undefined), "all is shown");
      expect(shown.digest("hex")).toBe(wanted.hash);
    } else {
      const screen = Buffer.from(run.screen());
      expect(createHash("sha256").update(screen.subarray(0, wanted.bytes)).digest("hex")).toBe(wanted.hash);
    }
    const { bursts, state, command } = await folder.recorded(run.launch);
    const recorded = createHash("sha256");
    for (const { output } of bursts) recorded.update(String(output));
    expect(recorded.digest("hex")).toBe(wanted.hash);
    expect(bursts.reduce((sum, span) => sum + (outputBurstOf(span)?.bytes ?? 0), 0)).toBe(wanted.bytes);
    expect(state.status).toBe("completed");
    expect(command.attributes?.["outputBytes"]).toBe(wanted.bytes);
    expect(command.attributes?.["tracekeeper.cut"]).toMatchObject({ output: expect.any(Number) });
    // An idle session process takes some 60 MB; its last fold reads the journal in blocks.
    expect(peakBytes).toBeGreaterThan(30_000_000);
    expect(peakBytes).toBeLessThan(250_000_000);
  },
  180_000,
);

it.skipIf(process.platform !== "linux")(
  "a person who doesn't read holds the program up, not the memory",
  async () => {
    const run = await folder.start({ line: `exec ${nodeLine(script)}` }, { unread: true });
    const { pid, childPid } = await running(run.launchPath);
    // Everything is full when the program writes nothing for a while.
    const written = async () => /^wchar: (\d+)/m.exec(await readFile(`/proc/${childPid}/io`, "utf8"))?.[1];
    let before: string | undefined;
    await until(async () => {
      const now = await written();
      const isStill = now === before && Number(now) > 1_000_000;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return isStill || undefined;
    }, "the program waits");
    expect(Number(before)).toBeLessThan(10_000_000);
    expect(await peakMemoryBytes(pid)).toBeLessThan(150_000_000);
    const shown = createHash("sha256");
    run.child.stdout?.on("data", (bytes: Buffer) => shown.update(bytes));
    const closed = new Promise((resolve) => run.child.stdout?.once("close", resolve));
    await Promise.all([run.ended, closed]);
    expect(shown.digest("hex")).toBe(hashOfLines("\n").hash);
    expect((await folder.recorded(run.launch)).state.status).toBe("completed");
  },
  180_000,
);
