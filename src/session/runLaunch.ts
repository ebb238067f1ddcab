// Runs a launch from its claim to its end: once, however often its command is started.

import { describeError } from "../base/logger";
import { visibleControls } from "../trace/plainText";
import { type ClaimResult, claimLaunch } from "./claim";
import type { Launch, LaunchClaim } from "./launch";
import { type RunEnd, SessionRun } from "./sessionRun";

export type { RunEnd } from "./sessionRun";

/**
 * Runs the program of a launch in the terminal of this process, and records it.
 * @param launchPath of the launch's file, beside which its claim is put
 * @param onEnd says what came of the run; without it a person at a terminal is told
 * @param isQuiet nothing is said of the steps of a playbook
 * @returns the exit code: that of the program, 128 and more for a signal, 0 where the launch was run before
 */
export async function runLaunch(
  launch: Launch,
  launchPath: string,
  onEnd?: (end: RunEnd) => void,
  isQuiet = false,
): Promise<number> {
  let result: ClaimResult;
  try {
    result = await claimLaunch(launch, launchPath);
  } catch (error) {
    // Without a claim it might be run twice.
    process.stderr.write(
      `tracekeeper: nothing was run, because the launch can't be claimed: ${describeError(error)}\n`,
    );
    return 1;
  }
  if (result.type === "taken") {
    process.stdout.write(`${alreadyRun(launch, result.claim)}\n`);
    return 0;
  }
  const { program } = launch;
  if (program.type !== "playbook") {
    return await new SessionRun({ ...launch, program }, launchPath, result.claim, onEnd).run();
  }
  // What playbooks need is loaded for them alone.
  const { PlaybookSession } = await import("./playbookSession");
  return await new PlaybookSession({ launch, program, launchPath, claim: result.claim, onEnd, isQuiet }).run();
}

function alreadyRun({ title }: Launch, claim: LaunchClaim | undefined): string {
  const when = claim === undefined ? "before" : `at ${new Date(claim.claimedAt).toLocaleString()}`;
  const trace = claim?.path === undefined ? "" : ` Its trace: ${claim.path}.`;
  const text = `"${title}" was started ${when}, and is not run a second time by itself.${trace}`;
  return `${visibleControls(text)}\nTo run it again, use "Run Again" in the Tracekeeper view or on its trace.`;
}
