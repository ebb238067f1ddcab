// A session process from its words, `--launch <file> [-- <words>]`, to its end. Its exit code is that of the program that it
// runs; 2 where it was called wrongly.

import { parseArgs } from "node:util";
import { describeError } from "../base/logger";
import { visibleControls } from "../trace/plainText";
import { holdTerminal } from "./holdTerminal";
import { readClaim, readLaunch } from "./launch";
import { resolvedLaunch } from "./resolvedLaunch";
import { runLaunch } from "./runLaunch";

async function main(words: readonly string[]): Promise<number> {
  const [own, resolved] = split(words);
  const launchPath = launchPathOf(own);
  const launch = await readLaunch(launchPath).catch(async (error: unknown) => {
    // A terminal that is brought back long afterwards may find the launch gone, and the claim still there.
    if ((await readClaim(launchPath)) === undefined) throw error;
    return undefined;
  });
  if (launch !== undefined) {
    const exitCode = await runLaunch(resolvedLaunch(launch, resolved, process.cwd()), launchPath).catch(told);
    if (launch.hold !== true) return exitCode;
    await holdTerminal();
    return 0;
  }
  process.stdout.write("This was run before, and nobody knows any more what it was. Start it anew.\n");
  return 0;
}

/** Our own words, and those after the first `--`. */
function split(words: readonly string[]): readonly [readonly string[], readonly string[]] {
  const at = words.indexOf("--");
  return at < 0 ? [words, []] : [words.slice(0, at), words.slice(at + 1)];
}

function launchPathOf(words: readonly string[]): string {
  const { launch } = parseArgs({ args: [...words], options: { launch: { type: "string" } } }).values;
  if (launch === undefined) throw new Error("--launch <file> is missing");
  return launch;
}

function told(error: unknown): number {
  process.stderr.write(`tracekeeper: ${visibleControls(describeError(error)).replaceAll("\n", "␊")}\n`);
  return 2;
}

/** Ends the process. */
export async function runSessionProcess(words: readonly string[]): Promise<never> {
  process.exit(await main(words).catch(told));
}
