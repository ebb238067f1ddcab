import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { build } from "../../esbuild.mjs";
import { launchCollector } from "../../src/collector/collectorProcess";
import { findCollector, stopCollector, whenCollectorEnds } from "../../src/collector/presence";
import { type CollectorState, SharedCollector } from "../../src/collector/sharedCollector";
import { makeTempDir, type TempDir } from "../support/tempDir";

const tasks = { touch: { command: ["node", "-e", "require('fs').writeFileSync('touched', '')"] } };
const stop = { terminateAfterMs: 5_000, killAfterMs: 5_000 };

/** A window, as far as the collector goes. */
class Window {
  readonly shared: SharedCollector;
  readonly states: CollectorState["type"][] = [];
  readonly problems: string[] = [];

  constructor(program: string, folder: TempDir, port: number) {
    const directory = folder.join("traces");
    const file = folder.join("collector.json");
    this.shared = new SharedCollector({
      port,
      directory,
      file,
      launch: (wanted) =>
        launchCollector(
          program,
          { port: wanted, directory, file, batches: { folder: folder.path, tasks, stop } },
          (message) => this.problems.push(message),
        ),
    });
    this.shared.onDidChange(({ type }) => this.states.push(type));
  }

  get running(): Extract<CollectorState, { type: "running" }> | undefined {
    const { state } = this.shared;
    return state.type === "running" ? state : undefined;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("a collector that windows share", () => {
  let built: TempDir;
  let program: string;
  beforeAll(async () => {
    built = await makeTempDir();
    await build({ names: ["collector", "session"], outputFolder: built.path, quiet: true });
    program = built.join("collector.js");
  });
  afterAll(() => built.remove());

  let folder: TempDir;
  let port: number;
  const windows: Window[] = [];
  const servers: Server[] = [];
  const open = (at = port) => {
    const window = new Window(program, folder, at);
    windows.push(window);
    return window;
  };
  beforeEach(async () => {
    folder = await makeTempDir();
    port = await freePort();
  });
  afterEach(async () => {
    for (const { shared } of windows) if (shared.state.type === "running") await shared.stop().catch(() => undefined);
    for (const { shared } of windows.splice(0)) shared.dispose();
    for (const server of servers.splice(0)) server.close();
    await folder.remove();
  });

  it("is started by the first window and followed by the others, until one of them ends it for all", async () => {
    const [first, second, third] = [open(), open(), open()];
    await first.shared.start();
    await Promise.all([second.shared.start(), third.shared.start()]);
    expect(windows.map(({ running }) => [running?.port, running?.isOwn])).toEqual([
      [port, true],
      [port, false],
      [port, false],
    ]);
    expect(await findCollector(port)).toMatchObject({ directory: folder.join("traces") });
    await second.shared.stop();
    await expect.poll(() => windows.map(({ shared }) => shared.state.type)).toEqual(["off", "off", "off"]);
    expect(await findCollector(port)).toBeUndefined();
    await expect.poll(() => existsSync(folder.join("collector.json"))).toBe(false);
  });

  it("is taken over by one of the others when the first window goes, or its process is killed", async () => {
    const [first, second, third] = [open(), open(), open()];
    await first.shared.start();
    await Promise.all([second.shared.start(), third.shared.start()]);
    const killed = (await findCollector(port))?.pid ?? 0;
    process.kill(killed, "SIGKILL");
    const owners = () => windows.filter(({ running }) => running?.isOwn === true).length;
    const running = () => windows.filter((window) => window.running?.port === port).length;
    await expect.poll(async () => (await findCollector(port))?.pid ?? killed).not.toBe(killed);
    await expect.poll(() => [owners(), running()]).toEqual([1, 3]);
    expect(windows.flatMap(({ states }) => states.filter((state) => state === "failed"))).toEqual([]);
  });

  it("takes a free port where another program has the wanted one, and windows that come later find it", async () => {
    const other = createServer((_request, response) => response.end("{}")).listen(port, "127.0.0.1");
    servers.push(other);
    await once(other, "listening");
    const first = open();
    await first.shared.start();
    expect(first.running?.port).not.toBe(port);
    const second = open();
    await second.shared.start();
    expect(second.running).toMatchObject({ port: first.running?.port, isOwn: false });
  });

  it("is one, however many windows want it at once beside another program", async () => {
    const other = createServer((_request, response) => response.end("{}")).listen(port, "127.0.0.1");
    servers.push(other);
    await once(other, "listening");
    const wanting = [open(), open(), open()];
    await Promise.all(wanting.map(({ shared }) => shared.start()));
    expect(new Set(wanting.map(({ running }) => running?.port)).size).toBe(1);
    expect(wanting.filter(({ running }) => running?.isOwn === true)).toHaveLength(1);
  });

  it("is not taken for one because it says so", async () => {
    const fake = { name: "tracekeeper-collector", pid: 1, directory: "/somewhere/else", proof: "0".repeat(64) };
    const other = createServer((_request, response) => response.end(JSON.stringify(fake))).listen(port, "127.0.0.1");
    servers.push(other);
    await once(other, "listening");
    await folder.write("collector.json", JSON.stringify({ port, pid: 1, token: "left" }));
    const window = open();
    await window.shared.start();
    expect(window.running).toMatchObject({ directory: folder.join("traces"), isOwn: true });
    expect(window.running?.port).not.toBe(port);
  });

  it("keeps its token from everybody else, and ends by it alone", async () => {
    const window = open();
    await window.shared.start();
    const path = folder.join("collector.json");
    if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(stopCollector(port, "wrong")).rejects.toThrow("401");
    const get = (target: string, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${port}${target}`, { headers });
    expect((await get("/tracekeeper/stop")).status).toBe(405);
    expect((await get("/tracekeeper", { origin: "https://evil.example" })).status).toBe(403);
    expect((await get("/tracekeeper/none")).status).toBe(404);
    expect(window.running).toBeDefined();
    const ended = whenCollectorEnds(port, new AbortController().signal);
    const { token } = JSON.parse(await readFile(path, "utf8")) as { token: string };
    await expect.poll(async () => (await findCollector(port)) !== undefined).toBe(true);
    await stopCollector(port, token);
    expect(await ended).toBe("stopped");
    await expect.poll(() => window.shared.state.type).toBe("off");
  });

  it("fails with the reason where it can't be started", async () => {
    const window = new Window(built.join("none.js"), folder, port);
    windows.push(window);
    expect(await window.shared.start()).toMatchObject({ type: "failed" });
    expect(window.states.at(-1)).toBe("failed");
  });

  it("can be started again once it was stopped, and ends with the window", async () => {
    const window = open();
    await window.shared.start();
    await window.shared.stop();
    expect((await window.shared.start()).type).toBe("running");
    const ended = whenCollectorEnds(port, new AbortController().signal);
    await expect.poll(async () => (await findCollector(port)) !== undefined).toBe(true);
    await window.shared.stop();
    expect(await ended).toBe("stopped");
  });
});
