import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build } from "../../esbuild.mjs";
import { activateAlone } from "../support/activateAlone";
import { makeTempDir, type TempDir } from "../support/tempDir";

describe("the activated extension", () => {
  let folder: TempDir;
  let bundle: string;
  let storage: string;
  beforeAll(async () => {
    folder = await makeTempDir();
    storage = folder.join("storage");
    await mkdir(folder.join("unused"));
    await folder.write("used/.tracekeeper/traces/a.json", "{}");
    await build({ names: ["host", "collector", "playbooks"], outputFolder: folder.join("dist"), quiet: true });
    bundle = folder.join("dist/extension.js");
  }, 60_000);
  afterAll(() => folder.remove());

  it("holds no watcher, worker or timer in a workspace without traces", async () => {
    const { before, after, looks } = await activateAlone(bundle, {
      folder: folder.join("unused"),
      storage,
      until: "rest",
    });
    expect(looks).toBe(1);
    expect(after).toEqual(before);
  });

  it("reads no bundle but its own before something needs one", async () => {
    const { bundles } = await activateAlone(bundle, { folder: folder.join("used"), storage, until: "rest" });
    expect(bundles).toEqual(["extension.js"]);
  });

  it("holds nothing either in a window without a folder", async () => {
    const { before, after, looks } = await activateAlone(bundle, { storage, until: "rest" });
    expect(looks).toBe(1);
    expect(after).toEqual(before);
  });

  it("watches a workspace with traces, and lets go of everything in the end", async () => {
    const { before, after, disposed } = await activateAlone(bundle, {
      folder: folder.join("used"),
      storage,
      until: "watching",
    });
    expect(after.resources).toContain("FSEventWrap");
    if (process.platform === "linux") expect(after.watches).toBeGreaterThan(before.watches);
    expect(disposed).toEqual(before);
  });

  it("finds a directory that came since when the person comes back to the window", async () => {
    await mkdir(folder.join("later"));
    const { before, after } = await activateAlone(bundle, { folder: folder.join("later"), storage, until: "returned" });
    expect(after).not.toEqual(before);
  });

  it("returns from activation at once, with nothing to wait for", async () => {
    const { isSynchronous, told } = await activateAlone(bundle, {
      folder: folder.join("used"),
      storage,
      until: "rest",
    });
    expect(isSynchronous).toBe(true);
    expect(told).toEqual([]);
  });

  it("runs every command in an empty window without an error", async () => {
    const { told, commands } = await activateAlone(bundle, { storage, until: "commands" });
    expect(commands).toBeGreaterThan(20);
    expect(told.filter((text) => /^(error|log)/.test(text))).toEqual([]);
    expect(told).toContain("info No session failed.");
  });

  it("starts nothing in Restricted Mode, whoever asks, and says why", async () => {
    await mkdir(folder.join("restricted"));
    const restricted = folder.join("restrictedStorage");
    const { told } = await activateAlone(bundle, {
      folder: folder.join("restricted"),
      storage: restricted,
      until: "restricted",
    });
    const refusals = told.filter((text) => text.startsWith("info In Restricted Mode no session is started"));
    expect(refusals).toHaveLength(9);
    expect(await readdir(folder.join("restricted"))).toEqual([]);
    expect(existsSync(restricted)).toBe(false);
  });
});
