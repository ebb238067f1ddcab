// A running session is followed over its own endpoint, by real connections to a real session process.
import { rename, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { recoverDirectory } from "../../../src/recorder/recoverDirectory";
import { type Followed, followEvents, followTrace } from "../../../src/session/stream/followSession";
import type { StreamEvent } from "../../../src/session/stream/streamEvent";
import { readStreamFile } from "../../../src/session/stream/streamFile";
import type { TraceFile } from "../../../src/trace/schema";
import { type Folder, makeFolder, nodeLine, type Run, stopRun, until } from "../runs";

let folder: Folder;
let runs: Run[] = [];

beforeAll(async () => {
  folder = await makeFolder();
}, 300_000);
afterAll(() => folder[Symbol.asyncDispose]());
beforeEach(() => {
  runs = [];
});
afterEach(async () => {
  for (const { child, ended } of runs) {
    child.kill("SIGKILL");
    await ended;
  }
});

/** Says "ready", then what it reads line by line from its standard input, and ends with that. */
const echo = nodeLine(`console.log("ready"); process.stdin.on("data", (piece) => process.stdout.write(piece));`);

async function start(line: string): Promise<{ run: Run; key: string }> {
  const run = await folder.start({ line }, { stdin: "pipe" });
  runs.push(run);
  const key = join(folder.traces(), `${run.launch.sessionId}.json`);
  await until(() => readStreamFile(key), "the session can be followed");
  return { run, key };
}

/** What was followed so far, and its end. */
class Follower<T> {
  readonly got: Followed<T>[] = [];
  readonly done: Promise<void>;

  constructor(followed: AsyncIterable<Followed<T>>) {
    this.done = this.#take(followed);
    this.done.catch(() => undefined);
  }

  async #take(followed: AsyncIterable<Followed<T>>): Promise<void> {
    for await (const next of followed) this.got.push(next);
  }
}

function outputOf(got: readonly Followed<StreamEvent>[], source: "live" | "persisted"): string {
  let output = "";
  for (const next of got) {
    if (next.type !== source || next.value.type !== "record") continue;
    const { record } = next.value;
    if (record.op === "text") output += record.text;
    if (record.op === "span" && record.span["kind"] === "text") output += String(record.span["output"] ?? "");
  }
  return output;
}

const sources = (got: readonly Followed<unknown>[]) => [...new Set(got.map(({ type }) => type))];

describe("a session that runs", () => {
  it("tells all that happens after the spans that are open, and at last how it ended", async () => {
    const { run, key } = await start(echo);
    await until(() => (run.stdout().includes("ready") ? true : undefined), "the program is ready");
    const follower = new Follower(followEvents(key));
    await until(() => (follower.got.length > 1 ? true : undefined), "the open spans are told");
    run.child.stdin?.write("one\n");
    await until(() => (outputOf(follower.got, "live").includes("one\n") ? true : undefined), "one is told");
    run.child.stdin?.end("two\n");
    await follower.done;
    expect(sources(follower.got)).toEqual(["live"]);
    expect(outputOf(follower.got, "live")).toBe("one\ntwo\n");
    const events = follower.got.flatMap((next) => (next.type === "live" ? [next.value] : []));
    expect(events[0]).toMatchObject({ type: "hello", sessionId: run.launch.sessionId, title: "A run" });
    const earlier = events.flatMap((event) =>
      event.type === "record" && "span" in event.record && event.record.op === "begin" ? [event.record] : [],
    );
    expect(earlier.slice(0, 2).map(({ span, isEarlier }) => [span["name"], isEarlier])).toEqual([
      ["A run", true],
      ["command", true],
    ]);
    expect(events.at(-1)).toEqual({ type: "end", status: "completed" });
    expect((await run.ended).code).toBe(0);
    expect(await stat(join(folder.traces(), `${run.launch.sessionId}.stream`)).catch(() => "gone")).toBe("gone");
  });

  it("that fails says so, and one that is stopped too", async () => {
    const failing = await start(nodeLine(`process.stdin.once("data", () => process.exit(3))`));
    const one = new Follower(followEvents(failing.key));
    await until(() => (one.got.length > 1 ? true : undefined), "it is followed");
    failing.run.child.stdin?.end("go\n");
    await one.done;
    expect(one.got.at(-1)).toEqual({ type: "live", value: { type: "end", status: "error", error: "exit 3" } });
    const stopped = await start(nodeLine("setInterval(() => {}, 1000)"));
    const other = new Follower(followEvents(stopped.key));
    await until(() => (other.got.length > 1 ? true : undefined), "it is followed");
    await stopRun(stopped.run.launchPath);
    await other.done;
    expect(other.got.at(-1)).toEqual({ type: "live", value: { type: "end", status: "error", error: "stopped" } });
  });

  it("sends its whole trace as it is now", async () => {
    const { run, key } = await start(echo);
    await until(() => (run.stdout().includes("ready") ? true : undefined), "the program is ready");
    const follower = new Follower(followTrace(key));
    await follower.done;
    expect(sources(follower.got)).toEqual(["live"]);
    const bytes = follower.got.flatMap((next) => (next.type === "live" ? [next.value] : []));
    const trace = JSON.parse(Buffer.concat(bytes).toString()) as TraceFile;
    expect(trace.spans.map(({ output }) => output)).toContain("ready\n");
    run.child.stdin?.end();
    await run.ended;
  });

  it("that is killed leaves what was told as all there is, and says that it is partial", async () => {
    const { run, key } = await start(echo);
    const follower = new Follower(followEvents(key));
    await until(() => (follower.got.length > 1 ? true : undefined), "it is followed");
    run.child.kill("SIGKILL");
    await follower.done;
    expect(sources(follower.got)).toEqual(["live", "inactive"]);
    expect(follower.got.at(-1)).toMatchObject({ type: "inactive", isPartial: true });
  });

  it("that was killed before anybody followed is told from the disk, and recovery forgets its address", async () => {
    const { run, key } = await start(echo);
    await until(() => (run.stdout().includes("ready") ? true : undefined), "the program is ready");
    run.child.kill("SIGKILL");
    await run.ended;
    const follower = new Follower(followEvents(key));
    await follower.done;
    expect(sources(follower.got)).toEqual(["inactive", "persisted"]);
    expect(follower.got[0]).toMatchObject({ isPartial: false });
    expect(outputOf(follower.got, "persisted")).toBe("ready\n");
    expect(follower.got.at(-1)).toMatchObject({ type: "persisted", value: { type: "end", status: "crashed" } });
    expect(await readStreamFile(key)).toBeDefined();
    await recoverDirectory(folder.traces());
    expect(await readStreamFile(key)).toBeUndefined();
  });

  it("goes on as fast for one who does not read, who is told how much was missed", async () => {
    const lines = 8_000;
    const { run, key } = await start(
      nodeLine(`process.stdin.once("data", () => { const line = "x".repeat(2000) + "\\n"; let n = 0;
        const more = () => { while (n < ${lines}) { n++; if (!process.stdout.write(line)) { process.stdout.once("drain", more); return; } } process.stdin.destroy(); console.error("all written"); };
        more(); })`),
    );
    const address = await readStreamFile(key);
    const { port } = new URL(address?.url ?? "");
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(`GET /events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${address?.token}\r\n\r\n`);
    let text = "";
    let isPaused = false;
    await new Promise<void>((resolve) => {
      socket.on("data", (piece) => {
        text += piece.toString("latin1");
        if (isPaused || !text.includes("event: record")) return;
        isPaused = true;
        socket.pause();
        resolve();
      });
    });
    run.child.stdin?.write("go\n");
    // All of its output has gone through the session while nobody reads.
    await until(() => (run.stderr().includes("all written") ? true : undefined), "all is shown");
    socket.resume();
    run.child.stdin?.end();
    await new Promise((resolve) => socket.once("close", resolve));
    const gaps = [...text.matchAll(/"type":"gap","records":(\d+)/g)].map(([, count]) => Number(count));
    const sent = [...text.matchAll(/^event: record$/gm)].length;
    expect(gaps.length).toBeGreaterThan(0);
    expect(gaps.every((count) => count > 0)).toBe(true);
    expect(text).toContain("event: end");
    // Nothing is missing that is not counted: numbers of records go on by one, from that of the greeting.
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    const [first = 0] = ids;
    const missed = gaps.reduce((sum, count) => sum + count, 0);
    const live = ids.filter((id, index) => index > 0 && id > (ids[index - 1] ?? 0)).length;
    // The first one has the number of the greeting, and the end that after the last one.
    expect((ids.at(-1) ?? 0) - first).toBe(live + missed);
    expect(sent).toBeGreaterThan(live);
    expect((await run.ended).code).toBe(0);
  });
});

describe("its endpoint", () => {
  it("wants the stream's token, GET and its own name", async () => {
    const { run, key } = await start(echo);
    const { url = "", token } = (await readStreamFile(key)) ?? {};
    const status = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(`${url}${path}`, init);
      await answer.body?.cancel();
      return answer.status;
    };
    const authorization = `Bearer ${token}`;
    expect(await status("/events")).toBe(401);
    expect(await status("/trace", { headers: { authorization: `${authorization}0` } })).toBe(401);
    expect(await status("/events", { method: "POST", headers: { authorization } })).toBe(405);
    // The token of who follows stops nothing.
    expect(await status("/stop", { method: "POST", headers: { authorization } })).toBe(401);
    expect(await status("/trace", { headers: { authorization } })).toBe(200);
    const address = join(folder.traces(), `${run.launch.sessionId}.stream`);
    expect((await stat(address)).mode & 0o777).toBe(0o600);
    run.child.stdin?.end();
    await run.ended;
  });

  it("is not asked where the file names another machine", async () => {
    const { run, key } = await start(echo);
    const path = join(folder.traces(), `${run.launch.sessionId}.stream`);
    await folder.dir.write(
      "foreign",
      JSON.stringify({ version: 1, url: "http://10.0.0.1:80", token: "0".repeat(48), pid: 1 }),
    );
    await rename(folder.dir.join("foreign"), path);
    expect(await readStreamFile(key)).toBeUndefined();
    run.child.stdin?.end();
    await run.ended;
  });
});
