// Writing to descriptors that take nothing for a while, and to some that are closed.
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FdWriter } from "../../src/session/fdWriter";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { until } from "./runs";

let folder: TempDir;
let count = 0;

beforeAll(async () => {
  folder = await makeTempDir();
});

afterAll(() => folder.remove());

/** @param flags of the end that is written to */
function pipe(flags = 0): { readonly readFd: number; readonly writeFd: number } {
  const path = folder.join(`pipe-${count++}`);
  execFileSync("mkfifo", [path]);
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { readFd, writeFd: openSync(path, constants.O_WRONLY | flags) };
}

function readSome(fd: number): Buffer {
  const bytes = Buffer.alloc(100_000);
  try {
    return bytes.subarray(0, readSync(fd, bytes));
  } catch {
    return Buffer.alloc(0);
  }
}

describe.skipIf(process.platform === "win32")("a writer of descriptors", () => {
  it.each([
    ["that block", 0],
    ["that don't", constants.O_NONBLOCK],
  ])("keeps what full ones %s can't take yet, without holding anybody up", async (_what, flags) => {
    const { readFd, writeFd } = pipe(flags);
    const writer = new FdWriter();
    const all = Buffer.from(Array.from({ length: 40_000 }, (_, index) => `${index}\n`).join(""));
    for (let at = 0; at < all.length; at += 997) writer.write(writeFd, all.subarray(at, at + 997));
    await until(() => writer.queuedBytes < all.length || undefined, "something is written");
    expect(writer.queuedBytes).toBeGreaterThan(0);
    const read: Buffer[] = [];
    let isIdle = false;
    const idle = writer.idle().then(() => {
      isIdle = true;
    });
    await until(() => {
      read.push(readSome(readFd));
      return isIdle || undefined;
    }, "everything is written");
    await idle;
    for (let some = readSome(readFd); some.length > 0; some = readSome(readFd)) read.push(some);
    expect(Buffer.concat(read).equals(all)).toBe(true);
    expect(writer.queuedBytes).toBe(0);
    closeSync(readFd);
    closeSync(writeFd);
  });

  it("keeps the order between two, and gives up what one that is closed can't take", async () => {
    const one = pipe();
    const other = pipe();
    const closed: [number, string][] = [];
    const writer = new FdWriter({ onClosed: (fd, error) => closed.push([fd, error.message]) });
    closeSync(other.readFd);
    for (let number = 0; number < 100; number++) {
      writer.write(one.writeFd, Buffer.from(`${number}\n`));
      writer.write(other.writeFd, Buffer.from("lost"));
    }
    await writer.idle();
    expect(readSome(one.readFd).toString()).toBe(Array.from({ length: 100 }, (_, number) => `${number}\n`).join(""));
    expect(closed).toEqual([[other.writeFd, expect.stringContaining("EPIPE")]]);
    expect(writer.queuedBytes).toBe(0);
    for (const fd of [one.readFd, one.writeFd, other.writeFd]) closeSync(fd);
  });
});
