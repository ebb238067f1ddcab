// Tells the process that drives the extension host how many tests passed and failed: one line on the console, which is
// the one channel that exists in the VS Code server and in desktop VS Code alike.
import type { Runner } from "mocha";

/** Begins the line; scripts/lib/extensionSuite.mjs looks for it. */
const resultMark = "##tracekeeper-results";

export function reportTo(runner: Runner): void {
  runner.once("end", () => {
    const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
    // A skipped test is no passed one: it counts as failed, so that none is forgotten.
    console.log(`${resultMark} ${JSON.stringify({ passed: passes, failed: failures + pending })}`);
  });
}
