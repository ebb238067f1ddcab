import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Emitter } from "../../src/base/event";
import { silentLogger } from "../../src/base/logger";
import { DirectoryWatch } from "../../src/store/directoryWatch";
import { type FileAccess, nodeFileAccess } from "../../src/store/fileAccess";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { until } from "./support";

let folder: TempDir;
let watch: DirectoryWatch;
let events: string[];
let happened: Emitter<void>;

beforeEach(async () => {
  folder = await makeTempDir();
  events = [];
  happened = new Emitter();
});

afterEach(async () => {
  watch.dispose();
  await folder.remove();
});

function start(path: string, access: FileAccess = nodeFileAccess): void {
  const note = (event: string) => {
    events.push(event);
    happened.fire();
  };
  watch = new DirectoryWatch(
    path,
    access,
    {
      onTouched: (name) => note(`touched ${name}`),
      onPresence: (exists) => note(exists ? "there" : "gone"),
      onUnwatchable: (reason) => note(`unwatchable ${reason}`),
    },
    silentLogger,
  );
  watch.start();
}

const untilEvent = (event: string) => until(() => events.includes(event), [happened.event], event);

const watchers = () => process.getActiveResourcesInfo().filter((type) => type === "FSEventWrap").length;

describe("watching a directory", () => {
  it("tells of files by name, and once of the directory itself", async () => {
    await mkdir(folder.join("d"));
    start(folder.join("d"));
    await untilEvent("there");
    await writeFile(folder.join("d/a.json"), "");
    await untilEvent("touched a.json");
    expect(events.filter((event) => event === "there")).toHaveLength(1);
  });

  it("misses no file that is written right after the directory was made", async () => {
    start(folder.join("x/y/d"));
    await untilEvent("gone");
    for (let round = 0; round < 20; round++) {
      events.length = 0;
      await mkdir(folder.join("x/y/d"), { recursive: true });
      await writeFile(folder.join("x/y/d/first.json"), "");
      // Whoever is told that it is there reads it, so a file may be there before or be told afterwards.
      await untilEvent("there");
      await writeFile(folder.join("x/y/d/second.json"), "");
      await untilEvent("touched second.json");
      events.length = 0;
      await rm(folder.join("x"), { recursive: true });
      await untilEvent("gone");
    }
  });

  it("sees a directory that is made between its look and its watching", async () => {
    let looks = 0;
    const late: FileAccess = {
      ...nodeFileAccess,
      async stat(path) {
        if (path !== folder.join("d") || looks++ > 0) return nodeFileAccess.stat(path);
        const failure = await nodeFileAccess.stat(path).catch((error: unknown) => error);
        await mkdir(path);
        throw failure;
      },
    };
    start(folder.join("d"), late);
    await untilEvent("there");
    expect(events).toEqual(["gone", "there"]);
  });

  it("tells when another directory takes the place, even one that the file system does not tell apart", async () => {
    const blurred: FileAccess = {
      ...nodeFileAccess,
      stat: async (path) => ({ ...(await nodeFileAccess.stat(path)), ino: 1n, birthNs: 0n }),
    };
    await mkdir(folder.join("d"));
    start(folder.join("d"), blurred);
    await untilEvent("there");
    for (let round = 0; round < 20; round++) {
      events.length = 0;
      await rm(folder.join("d"), { recursive: true });
      await mkdir(folder.join("d"));
      await untilEvent("there");
      events.length = 0;
      await writeFile(folder.join("d/a.json"), "");
      // The first "there" may have been a look at the old directory; then another one follows, on which all is read anew.
      const heard = () => events.includes("touched a.json") || events.includes("there");
      await until(heard, [happened.event], "a.json, or another directory");
    }
  });

  it("tells when the folder above is renamed away and back", async () => {
    await mkdir(folder.join("x/d"), { recursive: true });
    start(folder.join("x/d"));
    await untilEvent("there");
    await rename(folder.join("x"), folder.join("z"));
    await untilEvent("gone");
    events.length = 0;
    await rename(folder.join("z"), folder.join("x"));
    await untilEvent("there");
  });

  it("goes on when a file takes the directory's place", async () => {
    await writeFile(folder.join("d"), "");
    start(folder.join("d"));
    await untilEvent("gone");
    await rm(folder.join("d"));
    await mkdir(folder.join("d"));
    await untilEvent("there");
  });

  it("hears nothing of its neighbours", async () => {
    start(folder.join("d"));
    await untilEvent("gone");
    events.length = 0;
    for (let index = 0; index < 50; index++) await writeFile(folder.join(`other${index}`), "");
    await mkdir(folder.join("d"));
    await untilEvent("there");
    expect(events).toEqual(["there"]);
  });

  it("waits where a symbolic link leads to, however many there are", async () => {
    const before = watchers();
    await symlink("second", folder.join("first"));
    await symlink("deep/third", folder.join("second"));
    start(folder.join("first/traces"));
    await untilEvent("gone");
    await until(() => watchers() - before === 1, [], "all of it is the business of one folder");
    await mkdir(folder.join("deep"));
    await mkdir(folder.join("deep/third"));
    await mkdir(folder.join("deep/third/traces"));
    await untilEvent("there");
  });

  it("closes all it opened, also while it is looking", async () => {
    const before = watchers();
    await mkdir(folder.join("d"));
    for (let round = 0; round < 20; round++) {
      start(folder.join("d"));
      if (round % 2 === 0) await untilEvent("there");
      watch.dispose();
      events.length = 0;
    }
    await until(() => watchers() === before, [], "none is left");
    await writeFile(folder.join("d/a.json"), "");
    expect(events).toEqual([]);
  });
});
