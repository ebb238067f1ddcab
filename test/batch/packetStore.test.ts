// Payloads that are uploaded apart: where they lie, how long, and what becomes of those that do not come whole.
import { readdirSync, statSync } from "node:fs";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ItemLine } from "../../src/batch/itemLine";
import { withPackets } from "../../src/batch/itemPayloads";
import { PacketRefused, PacketStore, type PacketStoreOptions, packetLifeMs } from "../../src/batch/packetStore";
import { makeTempDir, type TempDir } from "../support/tempDir";

let folder: TempDir;
let nowMs = 0;

beforeEach(async () => {
  folder = await makeTempDir();
  nowMs = Date.UTC(2026, 0, 1);
});
afterEach(() => folder.remove());

const storeOf = (options: Partial<PacketStoreOptions> = {}) =>
  new PacketStore({ folder: folder.join("packets"), nowMs: () => nowMs, ...options });
const files = () => readdirSync(folder.path, { recursive: true }).map(String).sort();

async function* body(...pieces: readonly (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece;
    yield Buffer.from(piece);
  }
}

async function read(store: PacketStore, name: string): Promise<string | undefined> {
  const packet = await store.get(store.keyOf(name));
  return packet && `${packet.type} ${Buffer.from(packet.bytes).toString()}`;
}

it("no name leads out of the folder, nor to another's packet", async () => {
  const store = storeOf();
  const names = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("../x", "..", "/etc/passwd", "a/../../b", "packets", "", "C:\\x", "\0"),
  );
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(names, { maxLength: 5 }), async (all) => {
      for (const name of all) await store.put(store.keyOf(name), "text/plain", body(name));
      for (const name of all) expect(await read(store, name)).toBe(`text/plain ${Buffer.from(name).toString()}`);
    }),
    { numRuns: 20 },
  );
  for (const file of files()) expect(file).toMatch(/^packets(?:\/[0-9a-f]{64})?$/);
});

it("a packet has its type and its bytes, is replaced whole, and is its person's alone", async () => {
  const store = storeOf();
  const key = store.keyOf("one");
  await store.put(key, "application/super+json", body('{"json":', "1}"));
  expect(await read(store, "one")).toBe('application/super+json {"json":1}');
  await store.put(key, "text/plain; charset=utf-8", body("line\nline"));
  expect(await read(store, "one")).toBe("text/plain; charset=utf-8 line\nline");
  await store.put(key, "evil\nx: y", body(""));
  expect(await read(store, "one")).toBe("application/octet-stream ");
  expect(statSync(folder.join("packets", key)).mode & 0o777).toBe(0o600);
  expect(statSync(folder.join("packets")).mode & 0o777).toBe(0o700);
  expect(await read(store, "other")).toBeUndefined();
  expect([await store.has(key), await store.has(store.keyOf("other"))]).toEqual([true, false]);
});

it("one that is too large, for which there is no room, or that does not come whole leaves nothing", async () => {
  const store = storeOf({ packetBytes: 10, allBytes: 60 });
  const put = (name: string, ...pieces: readonly (string | Error)[]) =>
    store.put(store.keyOf(name), "text/plain", body(...pieces));
  await expect(put("one", "12345", "678901")).rejects.toMatchObject({ status: 413 });
  await expect(put("one", "12345", new Error("cut"))).rejects.toThrow("cut");
  expect(files()).toEqual(["packets"]);
  for (let index = 0; index < 6; index++) await put(`${index}`, "1234567890");
  await expect(put("last", "1")).rejects.toBeInstanceOf(PacketRefused);
  await expect(put("last", "1")).rejects.toMatchObject({ status: 507 });
  expect(files()).toHaveLength(7);
  // What lies there is counted by the next process too.
  const next = storeOf({ packetBytes: 10, allBytes: 60 });
  await expect(next.put(next.keyOf("last"), "text/plain", body("1"))).rejects.toMatchObject({ status: 507 });
});

it("one that was neither sent nor read for an hour is removed, and so is what was left of an upload", async () => {
  const store = storeOf();
  for (const name of ["read", "unread"]) await store.put(store.keyOf(name), "text/plain", body(name));
  await writeFile(folder.join("packets", "mine.txt"), "of a person");
  const left = folder.join("packets", `${store.keyOf("left")}.00000000-0000-4000-8000-000000000000.tmp`);
  await writeFile(left, "half");
  await utimes(left, nowMs / 1_000, nowMs / 1_000);
  nowMs += packetLifeMs - 1_000;
  await store.sweep();
  expect(await store.has(store.keyOf("unread"))).toBe(true);
  expect(await read(store, "read")).toBe("text/plain read");
  nowMs += 2_000;
  await store.sweep();
  expect(files()).toEqual(["packets", `packets/${store.keyOf("read")}`, "packets/mine.txt"].sort());
});

it("sweeping where nothing was ever uploaded makes no folder", async () => {
  await storeOf().sweep();
  expect(files()).toEqual([]);
});

it("an item that names a packet gets its bytes and type, and one whose packet is missing says so", async () => {
  const store = storeOf();
  await mkdir(folder.join("packets"));
  await store.put(store.keyOf("there"), "text/plain", body("payload"));
  const named = (index: number, name: string): ItemLine => ({
    line: index + 1,
    index,
    task: "t",
    payload: Buffer.from(name),
    payloadType: "application/store",
  });
  async function* lines() {
    yield named(0, "there");
    yield named(1, "gone");
    yield { line: 3, index: 2, task: "t", payload: Buffer.from("{}"), payloadType: "application/json" };
  }
  const items: object[] = [];
  for await (const { payload, ...rest } of withPackets(lines(), store)) {
    items.push({ ...rest, payload: payload && Buffer.from(payload).toString() });
  }
  expect(items).toEqual([
    { line: 1, index: 0, task: "t", payload: "payload", payloadType: "text/plain" },
    {
      line: 2,
      index: 1,
      task: "t",
      payload: undefined,
      problem: { code: "PAYLOAD_MISSING", message: 'Its payload was to be uploaded as "gone", and is not there' },
    },
    { line: 3, index: 2, task: "t", payload: "{}", payloadType: "application/json" },
  ]);
});
