import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { delayedAccess } from "../../src/reader/delayedAccess";
import { type FileAccess, nodeFileAccess } from "../../src/store/fileAccess";

/** Files of which the test settles each call. */
function heldFiles() {
  const held: { resolve(): void; reject(error: Error): void }[] = [];
  const hold = <Result>(result: Result) =>
    new Promise<Result>((resolve, reject) => held.push({ resolve: () => resolve(result), reject }));
  const stamp = {} as Awaited<ReturnType<FileAccess["stat"]>>;
  const file = { stat: () => hold(stamp), read: () => hold(1), readSync: () => 1, close: () => Promise.resolve() };
  const access: FileAccess = {
    ...nodeFileAccess,
    list: () => hold(["s.json"]),
    stat: () => hold(stamp),
    readLink: () => hold(undefined),
    open: () => Promise.resolve(file),
  };
  const told: boolean[] = [];
  return { held, told, access: delayedAccess(access, (isDelayed) => told.push(isDelayed), 5_000) };
}

describe("files that do not answer", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each(["list", "stat", "readLink"] as const)("are told of where %s waits, until it is answered", async (name) => {
    const { held, told, access } = heldFiles();
    const call = access[name]("/t");
    vi.advanceTimersByTime(4_999);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual([true]);
    held[0]?.resolve();
    await call;
    expect(told).toEqual([true, false]);
  });

  it.each(["stat", "read"] as const)("are told of where %s of an open file waits", async (name) => {
    const { held, told, access } = heldFiles();
    const file = await access.open("/t/s.json");
    const call = file[name](new Uint8Array(1), 0);
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual([true]);
    held[0]?.reject(new Error("EIO"));
    await expect(call).rejects.toThrow("EIO");
    expect(told).toEqual([true, false]);
  });

  it("are told of once for several calls, until the last of them is answered", async () => {
    const { held, told, access } = heldFiles();
    const calls = [access.stat("/a"), access.stat("/b")];
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([true]);
    held[0]?.resolve();
    await calls[0];
    expect(told).toEqual([true]);
    held[1]?.resolve();
    await calls[1];
    expect(told).toEqual([true, false]);
  });

  it("that answer in time are not told of, however many calls there are", async () => {
    const { held, told, access } = heldFiles();
    for (let call = 0; call < 100; call++) {
      const stat = access.stat("/a");
      vi.advanceTimersByTime(4_000);
      held[call]?.resolve();
      await stat;
    }
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([]);
  });
});
