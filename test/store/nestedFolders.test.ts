import { mkdir, rm, utimes } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { NestedFolders } from "../../src/store/nestedFolders";
import { makeTempDir, type TempDir } from "../support/tempDir";

let folder: TempDir;
let nested: NestedFolders;
let changes = 0;
beforeEach(async () => {
  folder = await makeTempDir();
  changes = 0;
  nested = new NestedFolders(nodeFileAccess, silentLogger, () => changes++);
});
afterEach(async () => {
  nested.dispose();
  await folder.remove();
});

const below = () => nested.folders.map((path) => path.slice(folder.path.length + 1));

describe("folders below a directory", () => {
  it("are those of the level that was asked for", async () => {
    await folder.write("sessions/2026/01/05/rollout.jsonl", "");
    await folder.write("sessions/2026/01/06/rollout.jsonl", "");
    await folder.write("sessions/2026/file", "");
    nested.set([{ path: folder.join("sessions"), levels: 3 }]);
    await nested.look();
    expect(below()).toEqual(["sessions", "sessions/2026/01/05", "sessions/2026/01/06"]);
    expect(changes).toBe(1);
  });

  it("come and go while they are looked at", async () => {
    await mkdir(folder.join("projects", "one"), { recursive: true });
    nested.set([{ path: folder.join("projects"), levels: 1 }]);
    await nested.look();
    await mkdir(folder.join("projects", "two"));
    await expect.poll(below).toEqual(["projects", "projects/one", "projects/two"]);
    await rm(folder.join("projects", "one"), { recursive: true });
    await expect.poll(below).toEqual(["projects", "projects/two"]);
  });

  it("are the newest where there are many", async () => {
    for (let index = 0; index < 210; index++) {
      const path = folder.join("projects", String(index));
      await mkdir(path, { recursive: true });
      await utimes(path, 1_000_000 + index, 1_000_000 + index);
    }
    nested.set([{ path: folder.join("projects"), levels: 1 }]);
    await nested.look();
    expect(nested.folders).toHaveLength(201);
    expect(below()).toContain("projects/209");
    expect(below()).not.toContain("projects/9");
  });

  it("are none of a directory that is not there, which is looked for again", async () => {
    nested.set([{ path: folder.join("projects"), levels: 1 }]);
    await nested.look();
    expect(below()).toEqual(["projects"]);
    await mkdir(folder.join("projects", "one"), { recursive: true });
    await nested.look();
    expect(below()).toEqual(["projects", "projects/one"]);
  });
});
