// Kills recording and recovering processes 10,000 times (or `-- kill <kills> <seed>`) and counts what was lost.
import { randomInt } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { benchFolder } from "../../scripts/lib/paths.mjs";
import { killMany } from "../faults/killMany";
import type { KillTally } from "../faults/killTally";
import { makeTempDir } from "../support/tempDir";

const [kills = "10000", seed = String(randomInt(2 ** 31))] = process.argv.slice(2);
const startMs = performance.now();
let nextReport = 500;

const folder = await makeTempDir();
console.log(`seed ${seed}`);
const tally = await killMany({
  folder: folder.path,
  seed: Number(seed),
  kills: Number(kills),
  goesOn: true,
  onRound: tellProgress,
});
console.log(`${tally}`);
for (const fault of tally.faults) console.log(fault);
const minutes = (performance.now() - startMs) / 60_000;
console.log(
  `${tally.total.kills} kills in ${minutes.toFixed(1)} minutes; ${tally.missed} came too late and do not count`,
);
await mkdir(benchFolder, { recursive: true });
const machine = { node: process.version, cpu: cpus()[0]?.model ?? "", cpus: cpus().length };
const report = { name: "kill", seed: Number(seed), machine, minutes, missed: tally.missed, byPhase: tally.byPhase };
await writeFile(join(benchFolder, "kill.json"), `${JSON.stringify(report, undefined, 2)}\n`);
// What is wrong stays to be looked at.
if (tally.faults.length === 0) await folder.remove();
else process.exitCode = 1;

function tellProgress({ total }: KillTally): void {
  if (total.kills < nextReport) return;
  console.log(
    `${total.kills} kills, ${total.acknowledged} acknowledged, ${((performance.now() - startMs) / 60_000).toFixed(1)} min`,
  );
  nextReport += 500;
}
