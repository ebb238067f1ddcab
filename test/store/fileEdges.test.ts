import { describe, expect, it } from "vitest";
import type { FileAccess } from "../../src/store/fileAccess";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { edgeBytes, readFileEdges } from "../../src/store/fileEdges";
import { makeTempDir } from "../support/tempDir";
import { CountingAccess } from "./support";

describe("reading the ends of a file", () => {
  it.each([0, 1, edgeBytes, 2 * edgeBytes, 2 * edgeBytes + 1, 10 * edgeBytes])("of %i bytes", async (size) => {
    await using folder = await makeTempDir();
    const content = Uint8Array.from({ length: size }, (_, index) => index % 251);
    const path = await folder.write("f", content);
    const access = new CountingAccess();
    const { head, tail, isWhole, stamp } = await readFileEdges(access, path);
    expect(isWhole).toBe(size <= 2 * edgeBytes);
    expect(stamp.sizeBytes).toBe(size);
    expect(Buffer.compare(head, content.subarray(0, isWhole ? size : edgeBytes))).toBe(0);
    expect(Buffer.compare(tail, isWhole ? new Uint8Array(0) : content.subarray(-edgeBytes))).toBe(0);
    expect(access.of(path)).toEqual({ opens: 1, closes: 1, bytes: Math.min(size, 2 * edgeBytes) });
  });

  it("loops over short reads, and closes the file when a read fails", async () => {
    await using folder = await makeTempDir();
    const path = await folder.write("f", "0123456789");
    let reads = 0;
    const limited = (failAt: number): FileAccess => ({
      ...nodeFileAccess,
      async open(file) {
        const opened = await nodeFileAccess.open(file);
        return {
          ...opened,
          read(into, offsetBytes) {
            if (++reads === failAt) throw Object.assign(new Error("EIO"), { code: "EIO" });
            return opened.read(into.subarray(0, 3), offsetBytes);
          },
        };
      },
    });
    const access = new CountingAccess(limited(0));
    expect(new TextDecoder().decode((await readFileEdges(access, path)).head)).toBe("0123456789");
    expect(reads).toBe(4);
    reads = 0;
    const failing = new CountingAccess(limited(2));
    await expect(readFileEdges(failing, path)).rejects.toMatchObject({ code: "EIO" });
    expect(failing.of(path)).toMatchObject({ opens: 1, closes: 1 });
  });
});
