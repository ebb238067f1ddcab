// A crash against the exports of its session: in this process and on the disk.

import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { clear, isCrashed } from "../../src/recorder/crashGuard";
import { FileExporter } from "../../src/recorder/fileExporter";
import type { FileCallName } from "../../src/recorder/recorderFs";
import { encodeCrashNote, encodeLiveMarker } from "../../src/trace/marker";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { makeTrace, watchedFs } from "./exportedTrace";

async function writeMarker(folder: TempDir, incarnation: number): Promise<void> {
  const lines = [encodeLiveMarker({ instance: "i", incarnation }), encodeCrashNote({ timeMs: 1, reason: "r" })];
  await folder.write("ses_1.crash", Buffer.concat(lines));
}

describe("a crash", () => {
  test("keeps every exporter of that directory from writing that session, and no other", async () => {
    await using folder = await makeTempDir();
    const one = new FileExporter(folder.path, 0);
    const other = new FileExporter(`${folder.path}/.`, 0);
    one.markCrashed("ses/1");
    expect(await other.export(makeTrace("ses_1"))).toBeUndefined();
    expect(await one.export(makeTrace("ses/1"))).toBeUndefined();
    expect(await one.export(makeTrace("ses_2"))).toBe(folder.join("ses_2.json"));
    expect(await new FileExporter(folder.join("elsewhere"), 0).export(makeTrace("ses_1"))).toBeDefined();
    clear(folder.path, "ses_1");
    expect(await one.export(makeTrace("ses_1"))).toBe(folder.join("ses_1.json"));
  });

  test("wins at whichever call an export is, and then not one more byte is written", async () => {
    await using folder = await makeTempDir();
    // The marker of an older crash makes the export look at the journals, too.
    await writeMarker(folder, 1);
    await folder.write("ses_1.2.journal.ndjson", "");
    const calls: FileCallName[] = [];
    await new FileExporter(folder.path, 0, { fs: watchedFs((name) => void calls.push(name)) }).export(makeTrace());
    await rm(folder.join("ses_1.json"));
    const lastChance = calls.indexOf("rename");
    expect(lastChance).toBeGreaterThan(6);
    for (let crash = 0; crash < lastChance; crash++) {
      const after: FileCallName[] = [];
      let call = 0;
      const fs = watchedFs((name) => {
        if (call++ === crash) exporter.markCrashed("ses_1");
        else if (call > crash) after.push(name);
      });
      const exporter = new FileExporter(folder.path, 0, { fs });
      expect(await exporter.export(makeTrace()), `crash at call ${crash}, ${calls[crash]}`).toBeUndefined();
      expect(isCrashed(folder.path, "ses_1")).toBe(true);
      clear(folder.path, "ses_1");
      expect(readdirSync(folder.path).sort()).toEqual(["ses_1.2.journal.ndjson", "ses_1.crash"]);
      expect(after).not.toContain("rename");
      // At the call itself the program has been told nothing yet.
      if (!["open", "write"].includes(calls[crash] ?? "")) expect(after).not.toContain("write");
    }
  });

  test("on the disk keeps a session from being written, whoever wrote the marker", async () => {
    await using folder = await makeTempDir();
    await writeMarker(folder, 2);
    await folder.write("ses_1.2.journal.ndjson", "");
    const calls: FileCallName[] = [];
    const exporter = new FileExporter(folder.path, 0, { fs: watchedFs((name) => void calls.push(name)) });
    expect(await exporter.export(makeTrace())).toBeUndefined();
    expect(calls).not.toContain("write");
    await folder.write("ses_1.3.journal.ndjson", "");
    expect(await exporter.export(makeTrace())).toBe(folder.join("ses_1.json"));
  });

  test("on the disk counts however torn its marker is", async () => {
    await using folder = await makeTempDir();
    await folder.write("ses_1.crash", "{");
    await folder.write("ses_1.9.journal.ndjson", "");
    expect(await new FileExporter(folder.path, 0).export(makeTrace())).toBeUndefined();
  });
});
