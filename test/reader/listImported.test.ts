import { appendFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { importedFiles } from "../../src/reader/listImported";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { TraceStore } from "../../src/store/traceStore";
import { fixture, linesOf } from "../importers/importing";
import { makeTempDir, type TempDir } from "../support/tempDir";

let folder: TempDir;
let store: TraceStore | undefined;
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(async () => {
  store?.dispose();
  store = undefined;
  await folder.remove();
});

async function listed(): Promise<TraceStore> {
  store = new TraceStore({ directories: [folder.path], logger: silentLogger, foreign: importedFiles });
  store.start();
  await store.ready;
  return store;
}

const user = (uuid: string, seconds: number, text = uuid) => ({
  type: "user",
  uuid,
  sessionId: "s1",
  cwd: "/repo",
  timestamp: new Date(Date.UTC(2026, 0, 5, 10, 0, seconds)).toISOString(),
  message: { role: "user", content: text },
});

describe("files of other programs in a trace directory", () => {
  it("are listed with title, start, model and state", async () => {
    await folder.write("one.jsonl", fixture("transcripts/claude-code-representative.jsonl"));
    await folder.write("events.jsonl", fixture("transcripts/copilot-cli.jsonl"));
    await folder.write("spans.json", fixture("otlp/jaeger-ui-otlp-in.json"));
    const entries = (await listed()).entries();
    const shown = entries.map(({ key, title, agent, model, state, startedMs, totalTokens }) => ({
      name: key.slice(folder.path.length + 1),
      title: title?.slice(0, 28),
      agent,
      model,
      status: state.status,
      startedMs,
      totalTokens,
    }));
    expect(shown.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      {
        name: "events.jsonl",
        title: "Can you add a hello world fu",
        agent: "Copilot CLI",
        model: "claude-opus-4.6",
        status: "completed",
        startedMs: Date.parse("2026-01-15T10:00:00.000Z"),
        totalTokens: 8620,
      },
      {
        name: "one.jsonl",
        title: "User learned about Python de",
        agent: "Claude Code",
        model: "claude-3-sonnet-20240229",
        status: "unknown",
        startedMs: Date.parse("2025-06-14T10:00:00Z"),
        totalTokens: 663,
      },
      {
        name: "spans.json",
        title: "okey-dokey-0",
        agent: "telemetrygen",
        model: undefined,
        status: "unknown",
        startedMs: 1_706_678_909_209,
        totalTokens: 0,
      },
    ]);
    expect(store?.entry(folder.join("one.jsonl"))?.sessionId).toBe("test_session");
  });

  it("are told by their ends where they are large, and read no further", async () => {
    const filler = Array.from({ length: 400 }, (_, index) => user(`m${index}`, 1, "x".repeat(1000)));
    const path = await folder.write("big.jsonl", linesOf(user("first words", 0), ...filler, user("last", 30)));
    let readBytes = 0;
    const listing = await importedFiles.list(
      {
        ...nodeFileAccess,
        async open(file) {
          const opened = await nodeFileAccess.open(file);
          return {
            ...opened,
            async read(into, offset) {
              const count = await opened.read(into, offset);
              readBytes += count;
              return count;
            },
          };
        },
      },
      path,
    );
    expect(readBytes).toBe(128 * 1024);
    expect(listing.listing).toMatchObject({
      title: "first words",
      startedMs: Date.UTC(2026, 0, 5, 10),
      lastActivityMs: Date.UTC(2026, 0, 5, 10, 0, 30),
      rootOpen: true,
      isTrace: true,
    });
    // What only all spans add up to is not guessed.
    expect(listing.listing.totalTokens).toBeUndefined();
    expect(listing.listing.failures).toBeUndefined();
  });

  it("are not listed where they are lines of something else, or belong to a session that is", async () => {
    await folder.write("data.jsonl", '{"a":1}\n');
    await folder.write("agent-a1.jsonl", linesOf(user("side", 0)));
    await folder.write("s1.jsonl", linesOf(user("main", 0)));
    expect((await listed()).entries().map(({ key }) => key)).toEqual([folder.join("s1.jsonl")]);
  });

  it("follow the disk as traces do", async () => {
    const path = await folder.write("s1.jsonl", linesOf(user("main", 0)));
    const changes: number[] = [];
    const watched = await listed();
    watched.onDidChange(({ changed }) => changes.push(...changed.map(({ sizeBytes }) => sizeBytes)));
    const more = linesOf(user("more", 1));
    await appendFile(path, more);
    await expect.poll(() => changes.at(-1)).toBe(linesOf(user("main", 0)).length + more.length);
    await writeFile(folder.join("data.jsonl"), "");
    await watched.refresh();
    expect(watched.entries()).toHaveLength(2);
    expect(await watched.deleteFiles(path)).toEqual([path]);
  });
});
