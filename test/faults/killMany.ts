// Kills children, two at a time, until there are enough kills. The seed decides what each child does and when it is to be
// killed; which instruction a kill then hits is up to the machine.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { buildChild } from "./killedProcess";
import { KillRound } from "./killRound";
import { KillTally } from "./killTally";
import { seeded } from "./random";

export interface ManyKills {
  readonly folder: string;
  readonly seed: number;
  readonly kills: number;
  /** Goes on when something is wrong. */
  readonly goesOn?: boolean;
  onRound?(tally: KillTally): void;
}

const atOnce = 2;

export async function killMany({ folder, seed, kills, goesOn = false, onRound }: ManyKills): Promise<KillTally> {
  const program = join(folder, "child.mjs");
  await buildChild(program);
  const tally = new KillTally();
  let rounds = 0;
  const work = async () => {
    while (tally.total.kills < kills && (goesOn || tally.faults.length === 0)) {
      const round = ++rounds;
      const directory = join(folder, `round-${round}`);
      await mkdir(directory);
      const before = tally.faults.length;
      await new KillRound({ program, directory, random: seeded(seed + round), tally }).play();
      // What is wrong stays to be looked at, as long as the folder does.
      if (tally.faults.length === before) await rm(directory, { recursive: true });
      onRound?.(tally);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return tally;
}
