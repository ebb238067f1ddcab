// The program of `hangingProgram`, built, and a clock whose ticks the test makes.
//
//   await using hanging = await buildHangingReader();
//   const ticks = new HandTicks();
//   const client = new ReaderClient({ connect: () => watchedPort(workerPort(hanging.program), ticks.watch), ... });
import { join } from "node:path";
import { build } from "esbuild";
import { usualWatch, type WatchOptions } from "../../src/reader/watchedPort";
import type { BuiltReader } from "./builtReader";
import { makeTempDir } from "./tempDir";

export async function buildHangingReader(): Promise<BuiltReader> {
  const folder = await makeTempDir();
  const program = folder.join("hanging.cjs");
  const source = join(import.meta.dirname, "hangingProgram.ts");
  await build({ entryPoints: [source], outfile: program, bundle: true, platform: "node", format: "cjs" });
  return { program, [Symbol.asyncDispose]: folder.remove };
}

export class HandTicks {
  readonly #ticks = new Set<() => void>();
  /** As if somebody debugged the process. */
  mayBeStopped = false;

  readonly watch: WatchOptions = {
    ...usualWatch,
    startTicks: (tick) => {
      this.#ticks.add(tick);
      return () => this.#ticks.delete(tick);
    },
    mayBeStopped: () => this.mayBeStopped,
  };

  /** Somebody counts ticks now. */
  get areCounted(): boolean {
    return this.#ticks.size > 0;
  }

  pass(count: number): void {
    for (let passed = 0; passed < count; passed++) for (const tick of [...this.#ticks]) tick();
  }
}
