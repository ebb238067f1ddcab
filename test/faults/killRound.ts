// Some children after one another in one directory, each killed while it records or recovers. After each kill every
// session is read as it was left, and after each recovery once more.

import { readFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { makeProbeLiveness } from "../../src/recorder/liveness";
import { recoverDirectory } from "../../src/recorder/recoverDirectory";
import { lockName } from "../../src/recorder/recoveryLock";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { loadSession } from "../../src/store/loadSession";
import { parseTraceFileName, safeId, traceFileNames } from "../../src/trace/safeId";
import type { TraceFile } from "../../src/trace/schema";
import { deriveState } from "../../src/trace/state";
import { aimAt, type Killed, runAndKill } from "./killedProcess";
import { type Fault, SessionLedger } from "./killLedger";
import { type Job, type Phase, planRuns, recordingPhases } from "./killPlan";
import type { KillTally } from "./killTally";
import { pick, type Random } from "./random";

export interface RoundSetup {
  readonly program: string;
  readonly directory: string;
  readonly random: Random;
  readonly tally: KillTally;
}

export class KillRound {
  readonly #setup: RoundSetup;
  /** By safe id. */
  readonly #ledgers = new Map<string, SessionLedger>();
  /** What is counted already. */
  readonly #seen = new Set<string>();
  #nextRun = 1;

  constructor(setup: RoundSetup) {
    this.#setup = setup;
  }

  async play(): Promise<void> {
    const { random } = this.#setup;
    const children = 1 + Math.floor(random() * 3);
    for (let child = 1; child <= children; child++) {
      const phase = await this.#record();
      await this.#check(phase, false);
      for (let kills = 0; kills < 2 && random() < 0.25; kills++) await this.#killRecovery();
      if (child < children && random() < 0.4) continue;
      await this.#recover(phase);
      await this.#check(phase, true);
    }
  }

  /** @returns the phase to which the kill counts */
  async #record(): Promise<Phase> {
    const { directory, random, tally, program } = this.#setup;
    const emphasis = pick(random, recordingPhases);
    const known = [...this.#ledgers.values()].filter((ledger) => ledger.isExpected);
    const last = random() < 0.7 ? known[Math.floor(random() * known.length)] : undefined;
    const job: Job = {
      directory,
      seed: Math.floor(random() * 2 ** 31),
      firstRun: this.#nextRun,
      runs: 8,
      emphasis,
      ...(last ? { goOn: { id: last.id, root: last.root } } : {}),
    };
    const killed = await runAndKill(program, { record: job }, aimAt(emphasis, random));
    this.#nextRun += job.runs;
    tally.killed(killed.phase);
    this.#note(job, killed, killed.phase ?? emphasis);
    return killed.phase ?? emphasis;
  }

  #note(job: Job, { reports }: Killed, phase: Phase): void {
    let calls = 0;
    const ids = new Set<string>();
    for (const run of planRuns(job)) {
      const progress = reports.runs.get(run.index);
      if (!progress) continue;
      const id = safeId(run.id);
      const ledger = this.#ledgers.get(id) ?? new SessionLedger(run.id);
      this.#ledgers.set(id, ledger);
      ledger.add(run, progress);
      calls += progress.acknowledged;
      ids.add(run.id);
    }
    this.#setup.tally.recorded(phase, ids.size, calls);
  }

  async #killRecovery(): Promise<void> {
    const { directory, random, tally, program } = this.#setup;
    const killed = await runAndKill(program, { recover: directory }, aimAt("recovery", random));
    tally.killed(killed.phase);
    await this.#check("recovery", false);
  }

  async #recover(phase: Phase): Promise<void> {
    const { directory } = this.#setup;
    const { blank, torn } = await this.#lookAtJournals();
    await this.#passTime(lockName);
    const { sessions, isLockedByOther } = await recoverDirectory(directory);
    if (isLockedByOther) this.#fault(phase, lockName, { type: "unopenable", what: "recovery: locked" });
    for (const { safeId: id, action, error, lostRecords, keptFiles } of sessions) {
      // A record that was torn by the kill is kept in a file of its own; that it was not acknowledged is checked apart.
      const isWhole = keptFiles.length === 0 || torn.has(id);
      const isDone = isWhole && ["folded", "cleaned", "marked", "nothing"].includes(action);
      const mayGo = this.#ledgers.get(id)?.isExpected !== true && action === "removed-empty";
      if (error === undefined && (isDone || mayGo || (blank.has(id) && action === "unknown"))) continue;
      const what = `recovery: ${action} ${error?.message ?? ""} ${lostRecords} lost, kept ${keptFiles.join()}`;
      this.#fault(phase, id, { type: "unopenable", what });
    }
  }

  async #check(phase: Phase, isRecovered: boolean): Promise<void> {
    const { directory, tally } = this.#setup;
    const { blank, torn } = await this.#lookAtJournals();
    tally.left(phase, this.#unseen("blank", blank), this.#unseen("torn", torn));
    const there = new Set<string>();
    for (const name of await nodeFileAccess.list(directory)) {
      const parsed = parseTraceFileName(name);
      if (parsed.type === "other" || parsed.type === "temp") continue;
      there.add(parsed.safeId);
      const isLeft = (parsed.type === "journal" || parsed.type === "live") && !blank.has(parsed.safeId);
      if (isRecovered && isLeft) this.#fault(phase, name, { type: "unopenable", what: "it is left after recovery" });
    }
    for (const [id, ledger] of this.#ledgers) {
      const isBlank = blank.has(id);
      const isWhole = isRecovered && !isBlank && ledger.isExpected;
      const faults = there.has(id) ? await this.#read(ledger, id, isBlank, isWhole) : ledger.check(undefined);
      const when = isRecovered ? "after recovery" : "as it was left";
      for (const { type, what } of faults) this.#fault(phase, id, { type, what: `${when}: ${what}` });
    }
  }

  async #read(ledger: SessionLedger, id: string, isBlank: boolean, isRecovered: boolean): Promise<Fault[]> {
    const path = join(this.#setup.directory, traceFileNames.snapshot(id));
    try {
      const loaded = await loadSession(path, makeProbeLiveness());
      const faults = ledger.check({ ...loaded, state: deriveState(loaded.evidence, Date.now()) }, isBlank);
      if (faults.length > 0) return faults;
      const text = await readFile(path, "utf8").catch(() => undefined);
      if (text === undefined) return isRecovered ? [{ type: "unopenable", what: "there is no S.json" }] : [];
      return ledger.checkSnapshot({ trace: JSON.parse(text) as TraceFile }, isRecovered);
    } catch (error) {
      return [{ type: "unopenable", what: error instanceof Error ? error.message : String(error) }];
    }
  }

  /** A file without content tells nobody who made it; only its age tells that it was given up. */
  async #passTime(name: string): Promise<void> {
    const path = join(this.#setup.directory, name);
    const { size, mtimeMs } = await stat(path).catch(() => ({ size: 1, mtimeMs: 0 }));
    const longAgo = mtimeMs / 1000 - 24 * 60 * 60;
    if (size === 0) await utimes(path, longAgo, longAgo);
  }

  /** Safe ids of sessions with a journal that has no byte, and of those with one that ends within a record. */
  async #lookAtJournals(): Promise<{ readonly blank: ReadonlySet<string>; readonly torn: ReadonlySet<string> }> {
    const blank = new Set<string>();
    const torn = new Set<string>();
    for (const name of await nodeFileAccess.list(this.#setup.directory)) {
      const parsed = parseTraceFileName(name);
      if (parsed.type !== "journal") continue;
      const bytes = await readFile(join(this.#setup.directory, name));
      if (bytes.length === 0) blank.add(parsed.safeId);
      else if (bytes.at(-1) !== 0x0a) torn.add(parsed.safeId);
    }
    return { blank, torn };
  }

  #unseen(what: string, ids: ReadonlySet<string>): number {
    const before = this.#seen.size;
    for (const id of ids) this.#seen.add(`${what} ${id}`);
    return this.#seen.size - before;
  }

  #fault(phase: Phase, session: string, fault: Fault): void {
    this.#setup.tally.fault(phase, `${this.#setup.directory} ${session}`, fault);
  }
}
