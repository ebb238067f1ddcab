// A program in a terminal of its own whose output is not taken for a while.
import { expect, it } from "vitest";
import { loadNodePty } from "../../src/session/nodePty";
import { startPtyChild } from "../../src/session/ptyChild";
import { nodePtyFolder, until } from "./runs";

const size = { columns: 80, rows: 24 };

async function start(line: string) {
  let output = "";
  const child = startPtyChild(
    loadNodePty(await nodePtyFolder()),
    {
      command: { file: "/bin/sh", args: ["-c", line], isVerbatim: false, text: line },
      cwd: "/",
      env: { PATH: process.env["PATH"] ?? "" },
      output: (_stream, bytes) => {
        output += bytes.toString("latin1");
      },
    },
    size,
  );
  return { child, output: () => output };
}

it.skipIf(process.platform === "win32")(
  "is read to its end where the program ended while nothing was taken",
  async () => {
    // So much the system keeps for who reads later.
    const { child, output } = await start("printf ready; read start; head -c 3000 /dev/zero | tr '\\0' x; exit 4");
    await until(() => output().includes("ready") || undefined, "the program runs");
    child.pause();
    child.write(Buffer.from("\r"), () => undefined);
    await until(() => child.isGone || undefined, "the program is gone, and its terminal would have been closed");
    expect(output()).toBe("ready");
    child.resume();
    expect(await child.ended).toEqual({ code: 4, signal: undefined, heldStreams: [] });
    expect(output()).toBe(`ready\r\n${"x".repeat(3000)}`);
  },
  300_000,
);

it.skipIf(process.platform === "win32")(
  "tells a signal from an exit code",
  async () => {
    const killed = await start("kill -9 $$");
    expect(await killed.child.ended).toMatchObject({ code: undefined, signal: "SIGKILL" });
    const exited = await start("exit 137");
    expect(await exited.child.ended).toMatchObject({ code: 137, signal: undefined });
  },
  300_000,
);

it.skipIf(process.platform === "win32")(
  "gets every byte of a long input, as fast as it takes them",
  async () => {
    const text = "0123456789".repeat(30_000);
    const { child, output } = await start(`stty raw -echo; printf ready; head -c ${text.length} | cksum`);
    await until(() => output().includes("ready") || undefined, "the program runs");
    for (let at = 0; at < text.length; at += 10_000) {
      const part = Buffer.from(text.slice(at, at + 10_000));
      await new Promise<void>((resolve) => {
        if (child.write(part, resolve)) resolve();
      });
    }
    await child.ended;
    expect(output()).toBe(`ready1993361615 300000\n`);
  },
  300_000,
);
