import { readdir, utimes } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { startBatches } from "./batchSetup";

const old = new Date(Date.now() - 3_600_000);
const gone = JSON.stringify({ instance: "gone", host: "home", pid: 1 });
const alive = JSON.stringify({ instance: "alive", host: "home", pid: 2 });

describe("what killed processes have left beside the batches", () => {
  it("is removed when the next one begins, unless it is young or somebody's", async () => {
    await using test = await startBatches({
      identity: { instance: "own", host: "home", pid: 3 },
      probe: ({ instance }) => (instance === "gone" ? "gone" : "alive"),
    });
    const { id } = await test.host.create({ runCount: 2 });
    const place = (name: string) => `batches/batch_${name.padEnd(21, "0")}`;
    const left: Readonly<Record<string, string>> = {
      [`${place("Empty")}.batch.ndjson`]: "",
      [`${place("Torn")}.batch.ndjson`]: '{ "s":0,"w":17',
      [`${place("Dead")}.batch.ndjson`]: "",
      [`${place("Dead")}.owner`]: gone,
      [`${place("Any")}.owner.gone`]: gone,
      [`${place("Half")}.owner.half`]: '{"inst',
    };
    const kept: Readonly<Record<string, string>> = {
      [`${place("Held")}.batch.ndjson`]: "",
      [`${place("Held")}.owner`]: alive,
      [`${place("Other")}.owner.alive`]: alive,
      [`${place("Foreign")}.batch.ndjson`]: "x".repeat(5_000),
      "batches/notes.txt": "",
    };
    for (const [name, text] of Object.entries({ ...left, ...kept })) {
      await test.folder.write(name, text);
      await utimes(test.folder.join(name), old, old);
    }
    const young = `${place("Young")}.batch.ndjson`;
    await test.folder.write(young, "");
    await test.host.takeUp();
    const names = (await readdir(test.folder.join("batches"))).map((name) => `batches/${name}`);
    expect(names.filter((name) => !name.includes(id)).sort()).toEqual([...Object.keys(kept), young].sort());
    expect(names.filter((name) => name.includes(id)).sort()).toEqual([
      `batches/${id}.batch.ndjson`,
      `batches/${id}.owner`,
    ]);
  });
});
