// A running session of so many spans that is followed from its journal, as a recorder writes it.

import { appendFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type { SessionReading } from "../../src/reader/sessionSource";
import { TailedSource } from "../../src/reader/tailedSource";
import { nodeFileAccess } from "../../src/store/fileAccess";
import type { TempDir } from "../support/tempDir";
import { SessionWriter } from "./liveTail";

export interface FollowedSession extends Disposable {
  readonly reading: SessionReading;
  readonly bytes: number;
}

const recordsAtOnce = 10_000;

export async function followSession(folder: TempDir, spans: number, seed: number): Promise<FollowedSession> {
  const writer = new SessionWriter(seed);
  const path = folder.join("S.1.journal.ndjson");
  let bytes = 0;
  const append = (lines: Uint8Array) => {
    appendFileSync(path, lines);
    bytes += lines.length;
  };
  append(writer.header());
  while (writer.spans < spans) {
    append(writer.records(Math.min(recordsAtOnce, 2 * (spans - writer.spans))));
    await setImmediate();
  }
  const source = new TailedSource({ key: folder.join("S.json"), access: nodeFileAccess, probe: () => "alive" });
  const { reading } = await source.read(new AbortController().signal);
  return { reading, bytes, [Symbol.dispose]: () => source.dispose() };
}
