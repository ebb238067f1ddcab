// Measures and reports for test/bench/<name>.bench.ts, run by `npm run bench -- <name>`:
//
//   // Opens a trace of 100,000 spans, against readFile and JSON.parse of the same file.
//   const [ours, reference] = await interleaved(5, [openTrace, readAndParse]);
//   await reportBench("open", [{ what: "open 100,000 spans", unit: "ms", value: ours, reference, reach: 1 }]);
//
// A figure means something only beside its reference, measured in the same run on the same machine, in turns, so that a
// busy moment hurts both. Node runs with --expose-gc.
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { benchFolder } from "../../scripts/lib/paths.mjs";

export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  /** The same quantity, of what it is compared with. */
  readonly reference?: number | undefined;
  /** The ratio to the reference, or without a reference the value, that is to be reached at most. */
  readonly reach?: number | undefined;
}

/** Wall-clock ms of one call, garbage of earlier calls collected before. */
export async function wallMs(action: () => unknown): Promise<number> {
  globalThis.gc?.();
  const startMs = performance.now();
  await action();
  return performance.now() - startMs;
}

/** CPU ms (user and system, all threads of this process) of one call. */
export async function cpuMs(action: () => unknown): Promise<number> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Runs the measures in turns for some rounds, after one round of warm-up, and gives the median of each. */
export async function interleaved(
  rounds: number,
  measures: readonly (() => Promise<number> | number)[],
): Promise<readonly number[]> {
  const values: number[][] = measures.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, measure] of measures.entries()) {
      const value = await measure();
      if (round > 0) values[index]?.push(value);
    }
  }
  return values.map(median);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Prints the table and writes `.bench/<name>.json`. What is not reached is said and fails nothing. */
export async function reportBench(name: string, figures: readonly Figure[]): Promise<void> {
  const rows = figures.map((figure) => {
    const ratio = figure.reference === undefined ? undefined : figure.value / figure.reference;
    const measured = ratio ?? figure.value;
    const reached = figure.reach === undefined ? undefined : measured <= figure.reach;
    return { ...figure, ratio, reached };
  });
  console.table(
    rows.map(({ what, unit, value, reference, ratio, reach, reached }) => ({
      what,
      value: `${rounded(value)} ${unit}`,
      reference: reference === undefined ? "" : `${rounded(reference)} ${unit}`,
      ratio: ratio === undefined ? "" : rounded(ratio),
      "reach at most": reach ?? "",
      reached: reached === undefined ? "" : reached ? "yes" : "NO",
    })),
  );
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? "", cpus: cpus().length, memoryBytes: totalmem() };
  await mkdir(benchFolder, { recursive: true });
  const report = { name, at: new Date().toISOString(), machine, figures: rows };
  await writeFile(join(benchFolder, `${name}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
