// Engines that are killed at an exact instant, at one of their own calls to the file system or as they start a session, until
// one comes to the end of the batch. What must hold is judged by what the items themselves have appended to files.

import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { pinnedNode, repositoryRoot } from "../../../scripts/lib/paths.mjs";
import { type Folder, makeFolder } from "../runs";
import type { EngineReport } from "./engineChild";

/** At the how-manieth call that changes something below the trace directory or starts a process; `half` of it is written. */
export interface EngineKill {
  readonly number: number;
  readonly when: "before" | "half" | "after";
}

export interface EngineCase {
  /** Line for the shell; it finds `$CASE`, the folder of the case. */
  readonly command: string;
  readonly runCount: number;
  readonly maxAttempts: number;
  readonly unknown: readonly number[];
}

export interface EngineEnding {
  readonly report: EngineReport;
  /** Lines of a file that items have appended to. */
  lines(name: string): Promise<readonly string[]>;
  readonly kills: number;
  /** Calls of the process that came to the end. */
  readonly calls: number;
  /** Names below the folder of batches when all was over. */
  readonly left: readonly string[];
}

/** Loaded into the engine's process before anything else, and into none that it starts. */
const killer = `
const fs = require("node:fs");
const { promisify } = require("node:util");
const children = require("node:child_process");
const [number, when] = (process.env.ENGINE_KILL ?? "0 before").split(" ");
const below = process.env.ENGINE_DIRECTORY;
const counted = process.env.ENGINE_CALLS;
for (const name of ["ENGINE_KILL", "ENGINE_DIRECTORY", "ENGINE_CALLS", "NODE_OPTIONS"]) delete process.env[name];
const { openSync, writeSync, writeFileSync } = fs;
const fds = new Set();
let count = 0;
const die = () => {
  process.kill(process.pid, "SIGKILL");
  for (;;);
};
const isMeant = (path) => typeof path === "string" && path.startsWith(below);
/** @returns whether it is to die when the call is done */
const judge = (half) => {
  if (++count !== Number(number)) return false;
  if (when === "half") half?.();
  if (when !== "after") die();
  return true;
};
const isWriting = (flags) => flags !== undefined && flags !== "r" && flags !== 0;
const changes = ["rename", "unlink", "link", "mkdir", "rm", "rmdir"];
for (const name of changes) {
  const sync = fs[name + "Sync"];
  fs[name + "Sync"] = (path, ...rest) => {
    const dies = isMeant(path) && judge();
    try {
      return sync(path, ...rest);
    } finally {
      if (dies) die();
    }
  };
  const later = promisify(fs[name]);
  const patched = async (path, ...rest) => {
    const dies = isMeant(path) && judge();
    try {
      return await later(path, ...rest);
    } finally {
      if (dies) die();
    }
  };
  const plain = fs[name];
  fs[name] = (...args) => plain(...args);
  fs[name][promisify.custom] = patched;
  fs.promises[name] = patched;
}
const known = (path, fd) => {
  if (isMeant(path)) fds.add(fd);
  else fds.delete(fd);
  return fd;
};
fs.openSync = (path, flags, ...rest) => {
  const dies = isMeant(path) && isWriting(flags) && judge();
  try {
    return known(path, openSync(path, flags, ...rest));
  } finally {
    if (dies) die();
  }
};
const { open, write } = fs;
fs.open = (...args) => open(...args);
fs.open[promisify.custom] = async (path, flags, ...rest) => {
  const dies = isMeant(path) && isWriting(flags) && judge();
  try {
    return known(path, await promisify(open)(path, flags, ...rest));
  } finally {
    if (dies) die();
  }
};
const halfOf = (fd, bytes) => () => writeSync(fd, Buffer.from(bytes).subarray(0, Math.floor(bytes.length / 2)));
fs.writeSync = (fd, bytes, ...rest) => {
  const dies = fds.has(fd) && judge(halfOf(fd, bytes));
  try {
    return writeSync(fd, bytes, ...rest);
  } finally {
    if (dies) die();
  }
};
fs.write = (...args) => write(...args);
fs.write[promisify.custom] = async (fd, bytes, ...rest) => {
  const dies = fds.has(fd) && judge(halfOf(fd, bytes));
  try {
    return await promisify(write)(fd, bytes, ...rest);
  } finally {
    if (dies) die();
  }
};
const { writeFile } = fs.promises;
fs.promises.writeFile = async (path, content, options) => {
  const half = () => writeFileSync(path, Buffer.from(content).subarray(0, Math.floor(content.length / 2)), options);
  const dies = isMeant(path) && judge(half);
  try {
    return await writeFile(path, content, options);
  } finally {
    if (dies) die();
  }
};
const { spawn } = children;
children.spawn = (...args) => {
  const dies = judge();
  const child = spawn(...args);
  if (dies) die();
  return child;
};
process.on("exit", () => writeFileSync(counted, String(count)));
`;

export class KilledEngines implements AsyncDisposable {
  readonly folder: Folder;
  readonly #program: string;
  #cases = 0;

  private constructor(folder: Folder, program: string) {
    this.folder = folder;
    this.#program = program;
  }

  static async make(): Promise<KilledEngines> {
    const folder = await makeFolder();
    const program = folder.dir.join("engine.js");
    await build({
      absWorkingDir: repositoryRoot,
      entryPoints: ["test/session/batch/engineChild.ts"],
      bundle: true,
      platform: "node",
      format: "cjs",
      target: "node22.15",
      outfile: program,
      logLevel: "error",
    });
    await folder.dir.write("killer.cjs", killer);
    return new KilledEngines(folder, program);
  }

  /** Runs the batch in a folder of its own; the engine is killed as often as there are kills, unless it ends before. */
  async run(asked: EngineCase, kills: readonly EngineKill[]): Promise<EngineEnding> {
    const place = await this.place();
    for (let count = 0; ; count++) {
      const kill = kills[count];
      const engine = this.start(place, asked, kill);
      const ended = await engine.ended;
      if (ended.signal === "SIGKILL") continue;
      if (ended.code !== 0) throw new Error(`The engine ended with ${ended.code}: ${ended.stderr}`);
      const calls = Number(await readFile(place.calls, "utf8"));
      const left = await readdir(join(place.directory, "batches"), { recursive: true });
      const report = JSON.parse(ended.stdout) as EngineReport;
      return { report, kills: count, calls, left, lines: place.lines };
    }
  }

  async place(): Promise<EnginePlace> {
    const name = `case${++this.#cases}`;
    const folder = this.folder.dir.join(name);
    await this.folder.dir.write(`${name}/work/.keep`, "");
    return {
      folder,
      directory: join(folder, "traces"),
      calls: join(folder, "calls"),
      lines: async (file) => {
        const text = await readFile(join(folder, "work", file), "utf8").catch(() => "");
        return text.split("\n").slice(0, -1);
      },
    };
  }

  start(place: EnginePlace, asked: EngineCase, kill?: EngineKill): RunningEngine {
    const work = join(place.folder, "work");
    const order = { ...asked, directory: place.directory, folder: work, program: this.folder.program };
    const child = spawn(pinnedNode, [this.#program, JSON.stringify(order)], {
      cwd: work,
      env: {
        ...process.env,
        NODE_OPTIONS: `--require=${this.folder.dir.join("killer.cjs")}`,
        ENGINE_DIRECTORY: place.directory,
        ENGINE_CALLS: place.calls,
        ENGINE_KILL: kill === undefined ? "0 before" : `${kill.number} ${kill.when}`,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const texts = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        texts[stream] += text;
      });
    }
    const ended = new Promise<EngineEnd>((resolve) => {
      child.once("close", (code, signal) => resolve({ code, signal, ...texts }));
    });
    return { child, ended };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }
}

export interface EnginePlace {
  readonly folder: string;
  /** Of the traces. */
  readonly directory: string;
  readonly calls: string;
  lines(name: string): Promise<readonly string[]>;
}

interface EngineEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningEngine {
  readonly child: ChildProcess;
  readonly ended: Promise<EngineEnd>;
}
