// The session process: `node session.js --launch <file>`. Its exit code is that of the program that it runs; 2 where it was
// called wrongly.

import { parseArgs } from "node:util";
import { describeError } from "../base/logger";
import { visibleControls } from "../trace/plainText";
import { readClaim, readLaunch } from "./launch";
import { runLaunch } from "./runLaunch";

async function main(words: readonly string[]): Promise<number> {
  const launchPath = launchPathOf(words);
  const launch = await readLaunch(launchPath).catch(async (error: unknown) => {
    // A terminal that is brought back long afterwards may find the launch gone, and the claim still there.
    if ((await readClaim(launchPath)) === undefined) throw error;
    return undefined;
  });
  if (launch !== undefined) return await runLaunch(launch, launchPath);
  process.stdout.write("This was run before, and nobody knows any more what it was. Start it anew.\n");
  return 0;
}

function launchPathOf(words: readonly string[]): string {
  const { launch } = parseArgs({ args: [...words], options: { launch: { type: "string" } } }).values;
  if (launch === undefined) throw new Error("--launch <file> is missing");
  return launch;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`tracekeeper: ${visibleControls(describeError(error)).replaceAll("\n", "␊")}\n`);
    process.exit(2);
  },
);
