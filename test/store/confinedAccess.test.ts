import { symlink } from "node:fs/promises";
import { expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { confineAccess } from "../../src/store/confinedAccess";
import { TraceStore } from "../../src/store/traceStore";
import { makeTempDir } from "../support/tempDir";

const trace = JSON.stringify({
  version: 2,
  traceId: "t",
  sessionId: "secret",
  metadata: { title: "Secret" },
  spans: [],
});

/** A workspace whose trace directory holds a link out of it, one within it, and an ordinary file. */
async function workspaceWithLinks() {
  const folder = await makeTempDir();
  const own = await folder.write("workspace/.tracekeeper/traces/own.json", trace);
  await folder.write("workspace/elsewhere.json", trace);
  await folder.write("outside/secret.json", trace);
  await symlink(folder.join("outside/secret.json"), folder.join("workspace/.tracekeeper/traces/out.json"));
  await symlink(folder.join("workspace/elsewhere.json"), folder.join("workspace/.tracekeeper/traces/in.json"));
  return { folder, own, workspace: folder.join("workspace"), directory: folder.join("workspace/.tracekeeper/traces") };
}

it("A store within borders lists and loads what is below them, and says of a link out of them that it leads out", async () => {
  const { folder, workspace, directory } = await workspaceWithLinks();
  let borders: readonly string[] | undefined = [workspace];
  const store = new TraceStore({
    directories: [directory],
    logger: silentLogger,
    access: confineAccess(() => borders),
  });
  store.start();
  await store.ready;
  const title = (name: string) => store.entry(folder.join("workspace/.tracekeeper/traces", name))?.title;
  expect([title("own.json"), title("in.json"), title("out.json")]).toEqual(["Secret", "Secret", undefined]);
  expect(store.entry(folder.join("workspace/.tracekeeper/traces/out.json"))?.problem?.message).toContain(
    "out of the workspace",
  );
  const loaded = await store.load(folder.join("workspace/.tracekeeper/traces/out.json"));
  expect(JSON.stringify(loaded)).not.toContain("Secret");

  borders = undefined;
  await store.refresh();
  expect(title("out.json")).toBe("Secret");
  store.dispose();
  await folder.remove();
});

it("A store within borders lists nothing of a trace directory that is a link out of them", async () => {
  const { folder, workspace } = await workspaceWithLinks();
  await symlink(folder.join("outside"), folder.join("workspace/linked"));
  const store = new TraceStore({
    directories: [folder.join("workspace/linked")],
    logger: silentLogger,
    access: confineAccess(() => [workspace]),
  });
  store.start();
  await store.ready;
  expect(store.entries()).toEqual([]);
  await expect(store.load(folder.join("workspace/linked/secret.json"))).rejects.toMatchObject({ code: "EOUTSIDE" });
  store.dispose();
  await folder.remove();
});
