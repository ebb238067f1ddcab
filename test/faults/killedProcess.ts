// Runs a child and kills it with SIGKILL at a random instant of what it does; what it reported until then is its testament.

import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import * as esbuild from "esbuild";
import { pinnedNode, repositoryRoot } from "../../scripts/lib/paths.mjs";
import type { Job, Phase } from "./killPlan";
import { type Report, Reports } from "./killReport";
import type { Random } from "./random";

export type Work = { readonly record: Job } | { readonly recover: string };

/** When the child is killed: so long after its nth report of this kind. */
export interface Aim {
  /** The beginning of a phase; undefined: any report. */
  readonly phase: Phase | undefined;
  readonly nth: number;
  readonly delayUs: number;
}

export interface Killed {
  readonly reports: Reports;
  /** What the child was doing; undefined where it had not begun or was done already. */
  readonly phase: Phase | undefined;
}

/** About as long as the phase lasts. */
const longestUs: Readonly<Record<Phase, number>> = {
  start: 1500,
  burst: 2500,
  snapshot: 12_000,
  end: 12_000,
  crash: 6000,
  recovery: 12_000,
};

export function aimAt(phase: Phase, random: Random): Aim {
  // Reports come in bursts, so some kills go by their number alone.
  if (phase !== "recovery" && random() < 0.15)
    return { phase: undefined, nth: 1 + Math.floor(random() * 60), delayUs: 0 };
  const nth = phase === "recovery" ? 1 : 1 + Math.floor(random() * 3);
  return { phase, nth, delayUs: Math.floor(random() * longestUs[phase]) };
}

/** Bundles the child into `outfile`: a small program starts fast. */
export async function buildChild(outfile: string): Promise<void> {
  await esbuild.build({
    absWorkingDir: repositoryRoot,
    entryPoints: ["test/faults/killChild.ts"],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
  });
}

/** Resolves when the child is dead and all its reports are read. */
export function runAndKill(program: string, work: Work, aim: Aim): Promise<Killed> {
  return new Promise((resolve, reject) => {
    const child = spawn(pinnedNode, [program, JSON.stringify(work)], { stdio: ["ignore", "ignore", "pipe", "pipe"] });
    let matching = 0;
    let isAimed = false;
    const onReport = (report: Report) => {
      const isAt = report.type === "done" || aim.phase === undefined || report.type === "phase";
      if (isAimed || !isAt) return;
      if (report.type === "phase" && aim.phase !== undefined && report.phase !== aim.phase) return;
      if (report.type !== "done" && ++matching < aim.nth) return;
      isAimed = true;
      killIn(report.type === "done" ? 0 : aim.delayUs, () => child.kill("SIGKILL"));
    };
    const reports = new Reports(onReport);
    const errors: string[] = [];
    const [, , stderr, pipe] = child.stdio as readonly unknown[] as readonly [null, null, Readable, Readable];
    pipe.setEncoding("utf8").on("data", (text: string) => reports.add(text));
    stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (signal === "SIGKILL") resolve({ reports, phase: reports.phase });
      else reject(new Error(`The child ended by itself with ${code ?? signal}: ${errors.join("")}`));
    });
  });
}

/** To the microsecond, which no timer is: the last two milliseconds are waited for in this thread. */
function killIn(delayUs: number, kill: () => void): void {
  const atMs = performance.now() + delayUs / 1000;
  const kills = () => {
    while (performance.now() < atMs);
    kill();
  };
  if (delayUs < 3000) kills();
  else setTimeout(kills, delayUs / 1000 - 2);
}
