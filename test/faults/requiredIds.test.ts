// Sessions whose ids look alike to a file system: each has files of its own, finds them again, and neither ends, crashes
// nor silences another one, also when they are recorded at the same time.

import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FileExporter } from "../../src/recorder/fileExporter";
import type { RecorderFs } from "../../src/recorder/recorderFs";
import { recoverSession } from "../../src/recorder/recoverSession";
import { parseTraceFileName } from "../../src/trace/safeId";
import type { CrashableFs } from "./crashableFs";
import { type FaultyFs, faultyFs } from "./faultyFs";
import { laterTurn } from "./laterTurn";
import { loadFrom } from "./sessionOnDisk";
import {
  directory,
  emptyDisk,
  expectLoaded,
  fakedTimers,
  laterMachine,
  namesOn,
  runningMachine,
  TracedProgram,
} from "./tracedWork";

const long = "long-".repeat(40);
const hashOf = (rawId: string) => createHash("sha256").update(rawId).digest("hex").slice(0, 8);

const groups: readonly [string, readonly string[]][] = [
  ["separators", ["a/b", "a.b", "a\\b", "a:b", "a_b"]],
  ["case", ["Session", "session", "SESSION"]],
  ["normalisation", ["caf\u00e9", "cafe\u0301"]],
  ["names that Windows reserves", ["CON", "con", "nul.txt", "nul_txt", "COM1", "LPT\u00b9"]],
  ["characters that Windows refuses", ["a<b", "a>b", "a|b", "a_b", "a ", "a_", "a\n", "a?"]],
  ["lone surrogates", ["x\ud800", "x\udc00", "x\ufffd", "x_"]],
  ["more than 120 bytes", [`${long}1`, `${long}2`, `${long}3`, long, "\u{1f600}".repeat(60), "\u{1f600}".repeat(61)]],
  ["the hash of another one", ["a/b", "a.b", `a_b~${hashOf("a.b")}`, `a_b~${hashOf(`a_b~${hashOf("a.b")}`)}`]],
  ["nothing", ["unknown", ".", "_", "..", "__"]],
  ["names of our own files", ["s", "s.live", "s.crash", "s.1.journal", "s.json", "s.json.tmp.1.2.3", "s_live"]],
];

let disk: CrashableFs;
let fs: FaultyFs;

beforeEach(() => {
  vi.useFakeTimers({ toFake: [...fakedTimers] });
  disk = emptyDisk();
  fs = faultyFs(disk);
});

afterEach(async () => {
  fs.releaseAll();
  await fs.quiet();
  vi.useRealTimers();
});

/** On one exporter, so that a guard which is too wide would be seen. */
function programsOf(ids: readonly string[], of: RecorderFs = fs): TracedProgram[] {
  const exporter = new FileExporter(directory, 0, { fs: of, machine: runningMachine });
  return ids.map((sessionId) => new TracedProgram({ fs: of, sessionId, exporter }));
}

function safeIdOf({ trace }: TracedProgram): string {
  const parsed = parseTraceFileName(trace.getTracePath()?.slice(directory.length + 1) ?? "");
  if (parsed.type !== "snapshot") throw new Error("The session has no file");
  return parsed.safeId;
}

/** Each session by its own files alone. */
function expectAllOf(programs: readonly TracedProgram[], state: string, liveness: "alive" | "gone" = "alive"): void {
  for (const program of programs) {
    const loaded = loadFrom(disk, directory, safeIdOf(program), liveness);
    expectLoaded(loaded, program.steps, state);
    expect(loaded.sessionId).toBe(program.sessionId);
  }
}

function expectNames(programs: readonly TracedProgram[], ...suffixes: string[]): void {
  const names = programs.flatMap((program) => suffixes.map((suffix) => `${safeIdOf(program)}${suffix}`));
  expect(namesOn(disk)).toEqual(names.sort());
  // Also where case and normal form make no difference.
  expect(new Set(names.map((name) => name.normalize("NFC").toLowerCase())).size).toBe(names.length);
  for (const name of names) expect(Buffer.byteLength(name)).toBeLessThan(200);
}

describe.each(groups)("ids that differ in %s", (_, ids) => {
  it("are sessions of their own when they are recorded at once", async () => {
    const programs = programsOf(ids);
    for (const program of programs) program.start();
    for (let round = 0; round < 3; round++) {
      for (const program of programs) program.work();
      await laterTurn();
    }
    await Promise.all(programs.map(({ trace }) => trace.flush()));
    expectAllOf(programs, "running");
    await Promise.all(programs.map(({ trace }) => trace.endTrace()));
    expectAllOf(programs, "completed");
    expectNames(programs, ".json");
  });

  it("find their own files again", async () => {
    const first = programsOf(ids);
    for (const program of first) {
      program.start();
      program.work(2);
      await program.trace.endTrace();
    }
    // The other way round, so that who comes first does not matter.
    const again = programsOf(ids).reverse();
    for (const program of again) {
      expect(await program.trace.rehydrateFromFile(program.sessionId)).toBe(true);
      program.steps.push(...(first.find(({ sessionId }) => sessionId === program.sessionId)?.steps ?? []));
      program.work(2);
      await program.trace.endTrace();
    }
    expectAllOf(again, "completed");
    expectNames(again, ".json");
  });

  it.each(ids)("do not crash with %j", async (id) => {
    const programs = programsOf(ids);
    for (const program of programs) {
      program.start();
      program.work(2);
    }
    await laterTurn();
    const crashed = programs.filter(({ sessionId }) => sessionId === id);
    const others = programs.filter(({ sessionId }) => sessionId !== id);
    crashed[0]?.trace.flushSync("SIGTERM");
    for (const program of others) program.work(2);
    await Promise.all(others.map(({ trace }) => trace.flush()));
    expectAllOf(crashed, "crashed: SIGTERM");
    expectAllOf(others, "running");
    await Promise.all(others.map(({ trace }) => trace.endTrace()));
    await fs.quiet();
    expectAllOf(others, "completed");
    for (const program of programs) {
      await recoverSession(directory, safeIdOf(program), { fs: disk, machine: laterMachine });
    }
    expectAllOf(crashed, "crashed: SIGTERM", "gone");
    expectAllOf(others, "completed", "gone");
  });
});

describe("two programs that begin sessions of ids that look alike at the same moment", () => {
  it.each(groups)("record two sessions where they differ in %s", async (_, [one = "", other = ""]) => {
    const [program] = programsOf([one], disk);
    let isBegun = false;
    // The other program makes its first file when this one has looked at the directory and is about to make its own.
    const racing: RecorderFs = {
      async: fs.async,
      sync: {
        ...fs.sync,
        open: (path, mode) => {
          if (mode === "create" && !isBegun) {
            isBegun = true;
            program?.start();
          }
          return fs.sync.open(path, mode);
        },
      },
    };
    const [late] = programsOf([other], racing);
    late?.start();
    const programs = [program, late].filter((one) => one !== undefined);
    for (const each of programs) each.work(2);
    await Promise.all(programs.map(({ trace }) => trace.endTrace()));
    await fs.quiet();
    expectAllOf(programs, "completed");
    expect(new Set(programs.map(safeIdOf)).size).toBe(2);
  });

  it("record two incarnations where the ids are the same", async () => {
    const [first] = programsOf(["s"], disk);
    let isBegun = false;
    const racing: RecorderFs = {
      async: fs.async,
      sync: {
        ...fs.sync,
        open: (path, mode) => {
          if (mode === "create" && !isBegun) {
            isBegun = true;
            first?.start();
            first?.work(2);
            first?.trace.flushSync("SIGTERM");
          }
          return fs.sync.open(path, mode);
        },
      },
    };
    const [second] = programsOf(["s"], racing);
    second?.start();
    second?.work(2);
    await second?.trace.flush();
    const steps = [...(first?.steps ?? []), ...(second?.steps ?? [])];
    expectLoaded(loadFrom(disk, directory, "s", "alive"), steps, "running");
    await second?.trace.endTrace();
    await fs.quiet();
    expectLoaded(loadFrom(disk, directory, "s", "alive"), steps, "completed");
  });
});
