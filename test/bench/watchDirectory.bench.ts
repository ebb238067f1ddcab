// Watches 2,000 files while some are replaced atomically: fs.watch on the directory against chokidar, CPU and watches.
// The store does not use chokidar; this is the measure of why.
import { readdirSync, readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type FSWatcher, watch } from "chokidar";
import { silentLogger } from "../../src/base/logger";
import { DirectoryWatch } from "../../src/store/directoryWatch";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { TraceStore } from "../../src/store/traceStore";
import { type Figure, median, reportBench } from "../support/bench";
import { makeTempDir, type TempDir } from "../support/tempDir";

const files = 2_000;
const replacements = 30;
/** Slower than any of them needs, so that no one gains by taking several changes together. */
const paceMs = 100;
const rounds = 5;

interface Watching {
  /** Names that it told of. */
  readonly told: Set<string>;
  close(): Promise<void> | void;
}

interface Measured {
  readonly cpuMsPerReplace: number;
  readonly watches: number;
  readonly told: number;
}

const ways = {
  watch: watchOurs,
  /** All that follows from a change: the file is looked at, its ends are read, its row is made. */
  store: watchStore,
  chokidar: (path: string) => watchChokidar(path, undefined),
  chokidarFlat: (path: string) => watchChokidar(path, 0),
  /** The writer alone, which is taken off the others. */
  nobody: async (): Promise<Watching> => ({ told: new Set(), close() {} }),
} satisfies Record<string, (path: string) => Promise<Watching>>;
type Way = keyof typeof ways;

await using folder = await makeTempDir();
for (let index = 0; index < files; index++) await folder.write(nameOf(index), content(index, 0));

const runs: Record<Way, Measured[]> = { watch: [], store: [], chokidar: [], chokidarFlat: [], nobody: [] };
// The first round warms caches and compilers.
for (let round = 0; round <= rounds; round++)
  for (const way of Object.keys(ways) as Way[]) {
    const measured = await measure(ways[way], folder, round);
    if (way !== "nobody" && measured.told < replacements)
      throw new Error(`${way} told of ${measured.told} of ${replacements} replaced files`);
    if (round > 0) runs[way].push(measured);
  }
const of = (way: Way, part: keyof Measured) => median(runs[way].map((run) => run[part]));
const cpu = (way: Way) => of(way, "cpuMsPerReplace") - of("nobody", "cpuMsPerReplace");
const references = { chokidar: "chokidar", chokidarFlat: "chokidar with depth 0" } as const;
const figures: Figure[] = [];
for (const [way, name] of Object.entries(references) as [keyof typeof references, string][]) {
  figures.push(
    { what: `CPU of a change, watching alone, to ${name}`, unit: "ms", value: cpu("watch"), reference: cpu(way) },
    { what: `CPU of a change, the whole store, to ${name}`, unit: "ms", value: cpu("store"), reference: cpu(way) },
    {
      what: `watches of the system, to ${name}`,
      unit: "",
      value: of("store", "watches"),
      reference: of(way, "watches"),
    },
  );
}
figures.push({ what: "CPU of writing itself, taken off above", unit: "ms", value: of("nobody", "cpuMsPerReplace") });
await reportBench("watchDirectory", figures);

async function measure(start: (path: string) => Promise<Watching>, directory: TempDir, round: number) {
  globalThis.gc?.();
  const before = watches();
  const watching = await start(directory.path);
  const held = watches() - before;
  const cpuBefore = process.cpuUsage();
  for (let index = 0; index < replacements; index++) {
    // Spread over the directory, and other ones in every round.
    const name = nameOf((index * 37 + round) % files);
    await writeFile(directory.join(`${name}.tmp.1.bench`), content(index, round + 1));
    await rename(directory.join(`${name}.tmp.1.bench`), directory.join(name));
    await delay(paceMs);
  }
  // What is told of the last change comes a moment after it.
  const count = () => [...watching.told].filter((name) => name.endsWith(".json")).length;
  for (let looks = 0; looks < 50 && count() < replacements && start !== ways.nobody; looks++) await delay(paceMs);
  const { user, system } = process.cpuUsage(cpuBefore);
  const told = count();
  await watching.close();
  return { cpuMsPerReplace: (user + system) / 1000 / replacements, watches: held, told } satisfies Measured;
}

async function watchOurs(path: string): Promise<Watching> {
  const told = new Set<string>();
  let isReady = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const events = {
    onTouched: (name: string | undefined) => void (name !== undefined && told.add(name)),
    onPresence: (exists: boolean) => exists && isReady(),
    onUnwatchable(reason: string) {
      throw new Error(reason);
    },
  };
  const watcher = new DirectoryWatch(path, nodeFileAccess, events, silentLogger);
  watcher.start();
  await ready;
  // The folders above it are watched in the look after the first.
  await delay(50);
  return { told, close: () => watcher.dispose() };
}

async function watchStore(path: string): Promise<Watching> {
  const told = new Set<string>();
  const store = new TraceStore({ directories: [path], logger: silentLogger });
  store.start();
  await store.ready;
  store.onDidChange(({ changed }) => {
    for (const { key } of changed) told.add(key.slice(path.length + 1));
  });
  return { told, close: () => store.dispose() };
}

async function watchChokidar(path: string, depth: number | undefined): Promise<Watching> {
  const told = new Set<string>();
  const watcher: FSWatcher = watch(path, { ignoreInitial: true, ...(depth === undefined ? {} : { depth }) });
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  watcher.on("all", (_event, file) => void told.add(file.slice(path.length + 1)));
  return { told, close: () => watcher.close() };
}

/** Watches that the system keeps for this process (inotify); 0 where it does not tell. */
function watches(): number {
  if (process.platform !== "linux") return 0;
  let count = 0;
  for (const name of readdirSync("/proc/self/fdinfo"))
    try {
      count += (readFileSync(`/proc/self/fdinfo/${name}`, "utf8").match(/^inotify /gm) ?? []).length;
    } catch {
      // The descriptor of the listing itself is closed by now.
    }
  return count;
}

function nameOf(index: number): string {
  return `session-${index}.json`;
}

function content(index: number, version: number): string {
  return JSON.stringify({ version: 2, sessionId: nameOf(index), write: version, filler: "x".repeat(1_000) });
}
