import { rename, truncate, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TraceBytes } from "../../src/reader/scannedBytes";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { TraceReplacedError } from "../../src/trace/spanSource";
import { CountingAccess } from "../store/support";
import { makeTempDir } from "../support/tempDir";

const sample = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);

describe.each([false, true])("the bytes of a file (opened for each read: %s)", (closesAfterReads) => {
  const open = async (path: string) => {
    const file = await TraceBytes.open(nodeFileAccess, path, { closesAfterReads });
    await file.endReading();
    return file;
  };

  it("are those that were asked for, in whatever order", async () => {
    await using folder = await makeTempDir();
    const path = folder.join("a.json");
    await writeFile(path, sample);
    const file = await open(path);
    const place = fc.oneof(
      fc.record({ type: fc.constant("next"), gap: fc.nat(6_000), length: fc.nat(3_000) }),
      fc.record({ type: fc.constant("before"), gap: fc.nat(6_000), length: fc.nat(3_000) }),
      fc.record({ type: fc.constant("any"), gap: fc.nat(sample.length), length: fc.nat(400_000) }),
    );
    fc.assert(
      fc.property(fc.array(place, { maxLength: 12 }), (places) => {
        let [startBytes, endBytes] = [0, 0];
        const held = places.map(({ type, gap, length }) => {
          if (type === "before") endBytes = Math.max(0, startBytes - gap);
          startBytes = type === "next" ? endBytes + gap : type === "before" ? Math.max(0, endBytes - length) : gap;
          startBytes = Math.min(startBytes, sample.length);
          if (type !== "before") endBytes = Math.min(startBytes + length, sample.length);
          return { bytes: file.read({ startBytes, endBytes }), startBytes, endBytes };
        });
        // All of them, so that a later read may not have changed what an earlier one gave.
        for (const { bytes, startBytes: from, endBytes: to } of held) {
          expect(Buffer.compare(bytes, sample.subarray(from, to))).toBe(0);
        }
      }),
      { numRuns: 200 },
    );
    await file.close();
  });

  it("are refused when somebody has cut the file, and after it was closed", async () => {
    await using folder = await makeTempDir();
    const path = folder.join("a.json");
    await writeFile(path, sample);
    const file = await open(path);
    await truncate(path, 500_000);
    expect(() => file.read({ startBytes: 400_000, endBytes: 600_000 })).toThrow(TraceReplacedError);
    await file.close();
    expect(() => file.read({ startBytes: 0, endBytes: 10 })).toThrow(TraceReplacedError);
    await expect(file.readInto(new Uint8Array(5), 0)).rejects.toThrow(TraceReplacedError);
  });
});

describe("a file whose name goes to another one", () => {
  const replaced = async (closesAfterReads: boolean, isRemoved = false) => {
    const folder = await makeTempDir();
    const path = folder.join("a.json");
    await writeFile(path, "the first one");
    const file = await TraceBytes.open(nodeFileAccess, path, { closesAfterReads });
    await file.endReading();
    await writeFile(folder.join("b.json"), "another one !");
    await rename(isRemoved ? path : folder.join("b.json"), isRemoved ? folder.join("c.json") : path);
    return { folder, file };
  };

  it("stays what it was where it is kept open", async () => {
    const { folder, file } = await replaced(false);
    expect(new TextDecoder().decode(file.read({ startBytes: 0, endBytes: 13 }))).toBe("the first one");
    await file.close();
    await folder.remove();
  });

  it.each([false, true])("is refused where it is opened anew (its name is gone: %s)", async (isRemoved) => {
    const { folder, file } = await replaced(true, isRemoved);
    expect(() => file.read({ startBytes: 0, endBytes: 13 })).toThrow(TraceReplacedError);
    await file.close();
    await folder.remove();
  });
});

it("opens no folder, and leaves nothing open that it refused", async () => {
  await using folder = await makeTempDir();
  const access = new CountingAccess();
  await expect(TraceBytes.open(access, folder.path)).rejects.toMatchObject({ code: "EISDIR" });
  await expect(TraceBytes.open(access, folder.join("none.json"))).rejects.toMatchObject({ code: "ENOENT" });
  expect(access.opens).toBe(0);
  const failing = new CountingAccess({
    ...nodeFileAccess,
    open: async (path) => ({
      ...(await nodeFileAccess.open(path)),
      stat: () => Promise.reject(new Error("no stat")),
    }),
  });
  await writeFile(folder.join("a.json"), "{}");
  await expect(TraceBytes.open(failing, folder.join("a.json"))).rejects.toThrow("no stat");
  expect(failing.of(folder.join("a.json"))).toMatchObject({ opens: 1, closes: 1 });
});
