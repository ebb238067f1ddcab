import { describe, expect, it } from "vitest";
import { filesOfMaskedPath } from "../../src/store/maskedFiles";
import { makeTempDir } from "../support/tempDir";

describe("files whose path is masked", () => {
  it("are those that are there and fit it, wherever in it something is masked", async () => {
    await using dir = await makeTempDir();
    for (const path of ["ann-1/x.yaml", "ann-2/x.yaml", "ann-2/y.yaml", "bob-1/x.yaml", "ann-3/x.yaml/folder"]) {
      await dir.write(path, "");
    }
    const found = async (path: string) => (await filesOfMaskedPath(dir.join(path))).toSorted();
    expect(await found("ann-•••/x.yaml")).toEqual([dir.join("ann-1/x.yaml"), dir.join("ann-2/x.yaml")]);
    expect(await found("•••-2/•••.yaml")).toEqual([dir.join("ann-2/x.yaml"), dir.join("ann-2/y.yaml")]);
    expect(await found("ann-1/x.yaml")).toEqual([dir.join("ann-1/x.yaml")]);
    expect(await found("ann-•••/z.yaml")).toEqual([]);
    expect(await found("nobody/•••/x.yaml")).toEqual([]);
    expect(await filesOfMaskedPath("•••/x.yaml")).toEqual([]);
  });

  it("are not looked for everywhere", async () => {
    await using dir = await makeTempDir();
    for (let index = 0; index < 120; index++) await dir.write(`a${index}/b/x`, "");
    expect(await filesOfMaskedPath(dir.join("a•••/b•••/x"))).toEqual([]);
    expect(await filesOfMaskedPath(dir.join("a•••/b/x"))).toEqual([]);
    expect(await filesOfMaskedPath(dir.join("a11•••/b/x"))).toHaveLength(10);
  });
});
