// Every single call that a batch makes to the file system fails, is cut short, or is the last one of its process; then the
// client and the next process go on, and the batch ends as an undisturbed one does: no item is lost, nothing runs twice.

import { afterAll, beforeAll, expect, it } from "vitest";
import type { LoggedCall } from "../faults/callLog";
import type { Fault } from "../faults/faultyFs";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { expectedAttempts, Lives } from "./lives";

type Strike = (call: LoggedCall, calls: readonly LoggedCall[]) => Fault | undefined;

const isWrite = ({ name }: LoggedCall) => name === "write";

function cut(bytesOf: (length: number) => number, faultOf: (bytes: number) => Fault): Strike {
  return (call, calls) => {
    const { bytes: length = 0 } = call;
    if (!isWrite(call) || length < 2) return undefined;
    const bytes = bytesOf(length);
    const before = calls.slice(0, call.index).filter((other) => isWrite(other) && (other.bytes ?? 0) > bytes);
    return { ...faultOf(bytes), at: before.length };
  };
}

const half = (length: number) => Math.ceil(length / 2);
const deaths: Readonly<Record<string, Strike>> = {
  "dies before": ({ index }) => ({ at: index, stop: "before" }),
  "dies after": ({ index }) => ({ at: index, stop: "after" }),
  "dies before, and the system finishes the rest": ({ index }) => ({ at: index, stop: "before", inFlight: "finished" }),
  "dies after one byte of": cut(
    () => 1,
    (afterBytes) => ({ stop: { afterBytes } }),
  ),
  "dies after half of": cut(half, (afterBytes) => ({ stop: { afterBytes } })),
  "dies before the last byte of": cut(
    (length) => length - 1,
    (afterBytes) => ({ stop: { afterBytes } }),
  ),
};
const errors: Readonly<Record<string, Strike>> = {
  "gets ENOSPC from": ({ index }) => ({ at: index, error: "ENOSPC" }),
  "gets EIO from": ({ index }) => ({ at: index, error: "EIO" }),
  "gets EMFILE from": ({ index }) => ({ at: index, error: "EMFILE" }),
  "gets EIO although it took effect from": ({ index }) => ({ at: index, error: "EIO", tookEffect: true }),
  "writes half, and gets ENOSPC from": cut(half, (bytes) => ({ failAfterPartial: bytes, error: "ENOSPC" })),
  "writes all but a byte, and gets EIO from": cut(
    (length) => length - 1,
    (bytes) => ({ failAfterPartial: bytes, error: "EIO" }),
  ),
  "writes half in": cut(half, (bytes) => ({ shortWrite: bytes })),
};

let folder: TempDir;
beforeAll(async () => {
  folder = await makeTempDir();
});
afterAll(() => folder.remove());

async function callsOf(): Promise<readonly LoggedCall[]> {
  const lives = new Lives({ folder });
  const { calls } = await lives.live();
  expect(lives.wrong()).toEqual([]);
  expect(lives.found()?.problems).toEqual([]);
  expect(lives.begun).toEqual(expectedAttempts);
  return calls;
}

async function play(fault: Fault): Promise<{ readonly wrong: string[]; readonly fired: number }> {
  const lives = new Lives({ folder });
  const first = await lives.live([fault]);
  const wrong = lives.wrong().map((text) => `after the first process: ${text}`);
  if (!lives.told.isEnded) await lives.live();
  wrong.push(...lives.wrong());
  if (!lives.told.isEnded) wrong.push("it did not end");
  const severe = lives.found()?.problems.filter(({ code }) => code === "second-writer" || code === "journal-gap");
  wrong.push(...(severe ?? []).map(({ message }) => message));
  return { wrong, fired: first.fired };
}

it.each(Object.entries({ ...deaths, ...errors }))(
  "a process that %s any of its calls costs nothing",
  async (name, strike) => {
    const calls = await callsOf();
    expect(calls.length).toBeGreaterThan(40);
    const wrong: string[] = [];
    let fired = 0;
    const left = [...calls];
    // Most of the time each of them waits.
    const work = async () => {
      for (let call = left.shift(); call !== undefined; call = left.shift()) {
        const fault = strike(call, calls);
        if (fault === undefined) continue;
        const played = await play(fault);
        const where = `${name} ${call.index} ${call.name} ${call.path.split("/").at(-1)}`;
        fired += played.fired;
        wrong.push(...played.wrong.map((text) => `${where}: ${text}`));
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(wrong).toEqual([]);
    expect(fired).toBeGreaterThan(5);
  },
);
