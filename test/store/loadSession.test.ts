import { rename, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FileAccess, nodeFileAccess } from "../../src/store/fileAccess";
import { loadSession, readSessionFiles } from "../../src/store/loadSession";
import { sessionKeyOf } from "../../src/store/sessionKey";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { CountingAccess, makeTrace } from "./support";

let folder: TempDir;
let access: CountingAccess;

beforeEach(async () => {
  folder = await makeTempDir();
  access = new CountingAccess();
});

afterEach(async () => {
  await folder.remove();
  for (const { opens, closes } of access.counts.values()) expect(closes).toBe(opens);
});

const unknown = () => "unknown" as const;

async function readNames(key: string, through: FileAccess = access) {
  const files = await readSessionFiles(key, undefined, through);
  const text = (file: { readonly name: string; readonly bytes: Uint8Array } | undefined) =>
    file && `${file.name}=${new TextDecoder().decode(file.bytes)}`;
  return {
    snapshot: text(files.snapshot),
    journals: files.journals.map(text),
    live: text(files.liveMarker),
    crash: text(files.crashMarker),
    unreadable: files.unreadable?.map(({ name, reason }) => `${name}: ${reason}`),
  };
}

describe("loading a session", () => {
  it("reads all files of the session and no others", async () => {
    const names = [
      "s.json",
      "s.1.journal.ndjson",
      "s.2.journal.ndjson",
      "s.live",
      "s.crash",
      "s.seen",
      "s.json.tmp.1.2.3",
      "s2.json",
    ];
    for (const name of names) await folder.write(name, name);
    const files = await readNames(folder.join("s.json"));
    expect(files).toEqual({
      snapshot: "s.json=s.json",
      journals: ["s.1.journal.ndjson=s.1.journal.ndjson", "s.2.journal.ndjson=s.2.journal.ndjson"],
      live: "s.live=s.live",
      crash: "s.crash=s.crash",
      unreadable: [],
    });
    expect([...access.counts.keys()].map((path) => path.slice(folder.path.length + 1)).at(-1)).toBe("s.json");
  });

  it("loads a session without S.json, and one whose directory does not exist is an error", async () => {
    await folder.write("s.live", "{}");
    const session = await loadSession(folder.join("s.json"), unknown, undefined, access);
    expect(session).toMatchObject({ safeId: "s", sessionId: "s", evidence: { hasSnapshot: false } });
    expect(session.trace.spans).toEqual([]);
    await expect(loadSession(folder.join("none/s.json"), unknown)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("reads a trace under any other name alone", async () => {
    const path = await folder.write("export.ndjson", JSON.stringify(makeTrace("s")));
    await folder.write("export.json", "{}");
    const session = await loadSession(path, unknown, undefined, access);
    expect(session.trace.sessionId).toBe("s");
    expect([...access.counts.keys()]).toEqual([path]);
  });

  it("names what can't be read and reads the rest", async () => {
    await folder.write("s.live", "{}");
    await folder.write("s.1.journal.ndjson/inner", "");
    await symlink("nowhere", folder.join("s.json"));
    const files = await readNames(folder.join("s.json"));
    expect(files.live).toBe("s.live={}");
    expect(files.unreadable).toEqual([
      "s.1.journal.ndjson: It is a folder, not a file",
      "s.json: Its symbolic link points to nothing",
    ]);
  });

  it("loses nothing when the session ends, or crashes, between the listing and the reading", async () => {
    await folder.write("s.json", "old");
    await folder.write("s.1.journal.ndjson", "records");
    await folder.write("s.live", "who");
    let lists = 0;
    const ending: FileAccess = {
      ...nodeFileAccess,
      async list(directory) {
        const names = await nodeFileAccess.list(directory);
        if (lists++ === 0) {
          await folder.write("s.json.tmp.1", "all");
          await rename(folder.join("s.json.tmp.1"), folder.join("s.json"));
          await unlink(folder.join("s.live"));
          await unlink(folder.join("s.1.journal.ndjson"));
        }
        return names;
      },
    };
    expect(await readNames(folder.join("s.json"), ending)).toMatchObject({
      snapshot: "s.json=all",
      journals: [],
      live: undefined,
    });
    expect(lists).toBe(2);
    await folder.write("s.live", "who");
    const crashing: FileAccess = {
      ...nodeFileAccess,
      async stat(path) {
        if (path === folder.join("s.live")) await rename(path, folder.join("s.crash")).catch(() => undefined);
        return nodeFileAccess.stat(path);
      },
    };
    expect(await readNames(folder.join("s.json"), crashing)).toMatchObject({
      live: undefined,
      crash: "s.crash=who",
      unreadable: [],
    });
  });

  it("reads what is there of a file that shrinks or grows while it is read, and loops over short reads", async () => {
    await folder.write("s.json", "0123456789");
    const short: FileAccess = {
      ...nodeFileAccess,
      async open(path) {
        const file = await nodeFileAccess.open(path);
        await writeFile(path, "01234");
        return { ...file, read: (into, offsetBytes) => file.read(into.subarray(0, 2), offsetBytes) };
      },
    };
    expect((await readNames(folder.join("s.json"), short)).snapshot).toBe("s.json=01234");
    expect((await readNames(folder.join("s.json"), short)).snapshot).toBe("s.json=01234");
  });

  it("stops when it is told to, with the reason", async () => {
    await folder.write("s.json", "{}");
    const reason = new Error("superseded");
    await expect(loadSession(folder.join("s.json"), unknown, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const slow: FileAccess = {
      ...nodeFileAccess,
      async open(path) {
        controller.abort(reason);
        return access.open(path);
      },
    };
    await expect(loadSession(folder.join("s.json"), unknown, controller.signal, slow)).rejects.toBe(reason);
  });
});

describe("the key of a session", () => {
  it.each([
    ["s.json", "s.json"],
    ["s.1.journal.ndjson", "s.json"],
    ["s.live", "s.json"],
    ["s.crash", "s.json"],
    ["s.seen", "s.json"],
    ["a.b.json", "a.b.json"],
    ["trace.jsonl", "trace.jsonl"],
    ["s.json.tmp.1.2.3", "s.json.tmp.1.2.3"],
    ["../here/./s.live", "s.json"],
  ])("of %s is %s", (path, key) => {
    expect(sessionKeyOf(join("/here", path))).toBe(join("/here", key));
  });
});
