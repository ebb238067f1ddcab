// Runs of a playbook that are cut off and resumed, each in a session process of its own. What the steps did stands in a file
// to which each of them appends its id.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LaunchedPlaybook } from "../../../src/session/launch";
import { safeId, traceFileNames } from "../../../src/trace/safeId";
import { makePlaybookRuns, type PlaybookEnd, type PlaybookRuns } from "../playbooks/playbookRuns";
import { type Run, until } from "../runs";

export interface ResumableRuns extends AsyncDisposable {
  readonly runs: PlaybookRuns;
  write(yaml: string, name?: string): Promise<string>;
  start(path: string, program?: Partial<LaunchedPlaybook>): Promise<Run>;
  end(run: Run): Promise<PlaybookEnd>;
  /** Runs on from the trace of an earlier one, to its end. */
  resume(run: Run, program?: Partial<LaunchedPlaybook>): Promise<PlaybookEnd>;
  /** Kills the session once the step has done its work, or what it does in place of that. */
  killAfter(run: Run, word: string): Promise<void>;
  /** Words that steps have appended. */
  done(): Promise<readonly string[]>;
  /** Of the files of a trace. */
  traceOf(run: Run): string;
}

export async function makeResumableRuns(): Promise<ResumableRuns> {
  const runs = await makePlaybookRuns();
  const { folder } = runs;
  const done = async () =>
    (await readFile(folder.dir.join("work/done"), "utf8").catch(() => "")).split("\n").slice(0, -1);
  const traceOf = ({ launch }: Run) => join(folder.traces(), traceFileNames.snapshot(safeId(launch.sessionId)));
  const start: ResumableRuns["start"] = async (path, program = {}) =>
    await folder.start({
      title: "sample",
      program: { type: "playbook", path, params: {}, ...program },
      origin: { type: "playbook", label: "sample", path },
    });
  return {
    runs,
    done,
    traceOf,
    start,
    write: (yaml, name = "sample") => folder.dir.write(`work/${name}.playbook.yaml`, yaml),
    end: (run) => runs.end(run),
    async resume(earlier, program = {}) {
      const { program: old } = earlier.launch;
      if (old.type !== "playbook") throw new Error("It is no run of a playbook");
      const run = await start(old.path, { resume: { path: traceOf(earlier) }, ...program });
      return { ...(await runs.end(run)) };
    },
    async killAfter(run, word) {
      await until(async () => (await done()).includes(word) || undefined, `${word} is done`);
      run.child.kill("SIGKILL");
      await run.ended;
    },
    [Symbol.asyncDispose]: () => runs[Symbol.asyncDispose](),
  };
}
