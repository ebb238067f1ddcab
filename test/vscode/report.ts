// Tells the process that drives the extension host how many tests passed and failed, and which ones failed: one line on
// the console, which is the one channel that exists in the VS Code server and in desktop VS Code alike.
import type { Runner } from "mocha";

/** Begins the line; scripts/lib/extensionSuite.mjs looks for it. */
const resultMark = "##tracekeeper-results";

export function reportTo(runner: Runner): void {
  const failures: string[] = [];
  runner.on("fail", (test, error: unknown) => {
    failures.push(`${test.fullTitle()}\n${error instanceof Error ? error.message : String(error)}`);
  });
  // A skipped test is no passed one: it counts as failed, so that none is forgotten.
  runner.on("pending", (test) => failures.push(`${test.fullTitle()}\nwas skipped`));
  runner.once("end", () => {
    const passed = runner.stats?.passes ?? 0;
    console.log(`${resultMark} ${JSON.stringify({ passed, failed: failures.length, failures })}`);
  });
}
