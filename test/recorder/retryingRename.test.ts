import { describe, expect, it } from "vitest";
import { renameLimitMs, renamePauses, renameRetrying, renameSyncRetrying } from "../../src/recorder/retryingRename";

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Refuses with these codes in turn, then does it. */
function refusing(codes: readonly string[]) {
  const left = [...codes];
  const calls = { count: 0 };
  const rename = () => {
    calls.count++;
    const code = left.shift();
    if (code !== undefined) throw systemError(code);
  };
  return { rename, calls };
}

describe("a rename that is refused for a moment", () => {
  it("is tried again with growing pauses", async () => {
    const { rename, calls } = refusing(["EPERM", "EACCES", "EBUSY"]);
    const pauses: number[] = [];
    await renameRetrying(
      async () => rename(),
      async (ms) => void pauses.push(ms),
    );
    expect(calls.count).toBe(4);
    expect(pauses).toEqual([5, 10, 20]);
    const inThread = refusing(["EPERM"]);
    renameSyncRetrying(inThread.rename, () => undefined);
    expect(inThread.calls.count).toBe(2);
  });

  it.each(["sync", "async"] as const)("is given up after the limit of %s calls", (mode) => {
    const pauses = [...renamePauses(renameLimitMs[mode])];
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(renameLimitMs[mode]);
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(renameLimitMs[mode] / 2);
  });

  it("is refused in the end with the system's error", async () => {
    const never = () => {
      throw systemError("EPERM");
    };
    expect(() => renameSyncRetrying(never, () => undefined)).toThrow("EPERM");
    await expect(
      renameRetrying(
        async () => never(),
        async () => undefined,
      ),
    ).rejects.toThrow("EPERM");
  });

  it("is not tried again where the refusal is no passing one", async () => {
    const { rename, calls } = refusing(["ENOSPC"]);
    await expect(
      renameRetrying(
        async () => rename(),
        async () => undefined,
      ),
    ).rejects.toThrow("ENOSPC");
    expect(calls.count).toBe(1);
  });
});
