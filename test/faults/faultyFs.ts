// A file system around another one that counts every call, and fails, cuts short, holds or stops the ones that a test
// chooses. Calls are counted when they are made, sync and async by one counter; async ones take effect later, at one
// exact moment each, through the sync calls of the file system beneath.
//
//   const fs = faultyFs(base, [{ at: 7, error: "ENOSPC" }]);                        // the 8th call of all, once
//   const fs = faultyFs(base, [{ on: { name: "rename" }, at: 1, error: "EIO", persist: true }]);  // from the 2nd rename on
//   const fs = faultyFs(base, [{ at: n, stop: "before" }]);                         // the process dies; await fs.stopped
//   const full = fs.arm({ on: { name: "write" }, error: "ENOSPC", persist: true }); ... full.disarm();
//   const held = fs.hold({ name: "rename", path: /S\.json$/ }); ... await held.reached; ... held.release();
//   expect(fs.fired).toBe(1); expect(fs.openFds).toEqual([]);

import {
  type AsyncFileCalls,
  type FileCallName,
  type FileCalls,
  nodeFs,
  type RecorderFs,
} from "../../src/recorder/recorderFs";
import type { CallMatch, LoggedCall } from "./callLog";
import { type ArmedFault, type Fault, FaultPlan, type InFlight, ProcessStopped } from "./fault";
import { FdPaths } from "./fdPaths";
import { Hold, type HoldOptions } from "./holds";
import { inLaterTurn, laterTurn } from "./laterTurn";
import { systemError } from "./systemError";

export type { CallMatch, LoggedCall } from "./callLog";
export { type ArmedFault, type Fault, type InFlight, ProcessStopped } from "./fault";
export type { Hold, HoldOptions } from "./holds";

/** Any file system; one that can lose data keeps what a failed sync leaves in doubt (see `CrashableFs.syncFailed`). */
export type FaultyBase = Pick<RecorderFs, "sync"> & { syncFailed?(fd: number): void };

interface Pending {
  readonly call: LoggedCall;
  readonly args: readonly unknown[];
  readonly fault: Fault | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const callNames = Object.keys(nodeFs.sync) as FileCallName[];
type AnyCall = (...args: readonly unknown[]) => unknown;

export function faultyFs(base: FaultyBase, plan: readonly Fault[] = []): FaultyFs {
  return new FaultyFs(base, plan);
}

export class FaultyFs implements RecorderFs {
  readonly sync: FileCalls;
  readonly async: AsyncFileCalls;
  /** All calls so far, in the order in which they were made; those after the stop are not among them. */
  readonly calls: LoggedCall[] = [];
  /** Resolves when the process has died. */
  readonly stopped: Promise<void>;
  readonly #base: FaultyBase;
  readonly #fds = new FdPaths();
  readonly #plan = new FaultPlan();
  readonly #holds: Hold[] = [];
  /** Async calls that have not taken effect, in the order in which they were made. */
  readonly #underWay = new Set<Pending>();
  #isStopped = false;
  #tellStopped: () => void = () => undefined;

  constructor(base: FaultyBase, plan: readonly Fault[]) {
    this.#base = base;
    this.stopped = new Promise((resolve) => {
      this.#tellStopped = resolve;
    });
    for (const fault of plan) this.arm(fault);
    const calls = (make: (name: FileCallName, args: readonly unknown[]) => unknown) =>
      Object.fromEntries(callNames.map((name) => [name, (...args: readonly unknown[]) => make(name, args)]));
    this.sync = calls((name, args) => this.#callSync(name, args)) as unknown as FileCalls;
    this.async = calls((name, args) => this.#callAsync(name, args)) as unknown as AsyncFileCalls;
  }

  /** How often faults have struck. */
  get fired(): number {
    return this.#plan.fired;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Paths of the descriptors that are open, by their present names. */
  get openFds(): readonly string[] {
    return this.#fds.paths();
  }

  arm(fault: Fault): ArmedFault {
    return this.#plan.arm(fault);
  }

  /** Holds async calls that match. Faults strike a held call as any other, when it takes effect. */
  hold(match: CallMatch, options?: HoldOptions): Hold {
    const hold = new Hold(match, options);
    this.#holds.push(hold);
    return hold;
  }

  releaseAll(): void {
    for (const hold of this.#holds) hold.release();
  }

  /** Resolves in a turn in which no async call is on its way, held ones aside. */
  async quiet(): Promise<void> {
    do await laterTurn();
    while (this.#hasMovingCall());
  }

  /** The process dies here and now. */
  stop(inFlight: InFlight = "lost"): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    if (inFlight === "finished") {
      for (const { call, args, fault } of this.#underWay) {
        try {
          if (fault === undefined || !("stop" in fault)) this.#act(call, args, fault);
        } catch {
          // Nobody is left to be told.
        }
      }
    }
    this.#underWay.clear();
    this.#tellStopped();
  }

  /** Closes what is open, as the kernel does for a process that has died. Only a real file system needs it. */
  closeAll(): void {
    for (const fd of this.#fds.fds()) {
      this.#base.sync.close(fd);
      this.#fds.closed(fd);
    }
  }

  #callSync(name: FileCallName, args: readonly unknown[]): unknown {
    if (this.#isStopped) throw new ProcessStopped(`${name} after the process died`);
    const call = this.#log(name, args, "sync");
    return this.#act(call, args, this.#plan.strike(call));
  }

  #callAsync(name: FileCallName, args: readonly unknown[]): Promise<unknown> {
    if (this.#isStopped) return new Promise(() => undefined);
    const call = this.#log(name, args, "async");
    const fault = this.#plan.strike(call);
    return new Promise((resolve, reject) => {
      if (fault !== undefined && "stop" in fault && fault.stop === "before") {
        this.#die(call, fault.inFlight);
        return;
      }
      const pending: Pending = { call, args, fault, resolve, reject };
      this.#underWay.add(pending);
      const hold = this.#holds.find((one) => one.claims(call));
      const land = () => this.#land(pending, hold?.when === "after" ? hold : undefined);
      if (hold?.when === "before") hold.keep(call, land);
      else inLaterTurn(land);
    });
  }

  /** The call takes effect, and is answered unless its answer is held. */
  #land(pending: Pending, hold: Hold | undefined): void {
    if (this.#isStopped) return;
    const { call, args, fault, resolve, reject } = pending;
    this.#underWay.delete(pending);
    let answer: () => void;
    try {
      const value = this.#act(call, args, fault);
      answer = () => resolve(value);
    } catch (error) {
      answer = () => reject(error);
    }
    const goOn = () => {
      if (!this.#isStopped) answer();
    };
    if (hold && !hold.isReleased) hold.keep(call, goOn);
    else goOn();
  }

  #hasMovingCall(): boolean {
    const held = new Set(this.#holds.flatMap(({ waiting }) => waiting));
    return [...this.#underWay].some(({ call }) => !held.has(call));
  }

  #log(name: FileCallName, args: readonly unknown[], mode: "sync" | "async"): LoggedCall {
    const [first, second] = args;
    const call: LoggedCall = {
      index: this.calls.length,
      name,
      path: typeof first === "number" ? this.#fds.pathOf(first) : String(first),
      ...(name === "rename" ? { to: String(second) } : {}),
      ...(name === "write" ? { bytes: (second as Uint8Array).length } : {}),
      mode,
      outcome: "under way",
    };
    this.calls.push(call);
    return call;
  }

  /** Makes the call as the fault wants it. */
  #act(call: LoggedCall, args: readonly unknown[], fault: Fault | undefined): unknown {
    if (fault === undefined) return this.#perform(call, args);
    if ("shortWrite" in fault) return this.#perform(call, cutWrite(args, fault.shortWrite));
    if ("stop" in fault) {
      try {
        if (fault.stop === "after") this.#perform(call, args);
        else if (fault.stop !== "before") this.#perform(call, cutWrite(args, fault.stop.afterBytes));
      } catch {
        // The process does not live to see it.
      }
      this.#die(call, fault.inFlight);
      throw new ProcessStopped(`The process died at call ${call.index}, ${call.name}`);
    }
    if ("failAfterPartial" in fault) this.#perform(call, cutWrite(args, fault.failAfterPartial));
    // Linux and macOS let go of the descriptor whatever close says.
    else if (fault.tookEffect === true || call.name === "close") this.#performUnanswered(call, args);
    else if (call.name === "syncData" || call.name === "syncAll") this.#base.syncFailed?.(args[0] as number);
    call.outcome = fault.error;
    const isByPath = typeof args[0] === "string";
    throw isByPath ? systemError(fault.error, call.name, call.path, call.to) : systemError(fault.error, call.name);
  }

  #die(call: LoggedCall, inFlight: InFlight | undefined): void {
    call.outcome = "process died";
    this.stop(inFlight);
  }

  /** Nobody gets the result: a descriptor would stay open. */
  #performUnanswered(call: LoggedCall, args: readonly unknown[]): void {
    const result = this.#perform(call, args);
    if (call.name !== "open") return;
    this.#base.sync.close(result as number);
    this.#fds.closed(result as number);
  }

  #perform(call: LoggedCall, args: readonly unknown[]): unknown {
    try {
      const result = (this.#base.sync[call.name] as AnyCall)(...args);
      call.outcome = "done";
      if (call.name === "open") this.#fds.opened(result as number, call.path);
      else if (call.name === "rename") this.#fds.renamed(call.path, call.to ?? "");
      return result;
    } catch (error) {
      call.outcome = (error as NodeJS.ErrnoException).code ?? "failed";
      throw error;
    } finally {
      if (call.name === "close") this.#fds.closed(args[0] as number);
    }
  }
}

function cutWrite([fd, bytes]: readonly unknown[], length: number): readonly unknown[] {
  return [fd, (bytes as Uint8Array).subarray(0, length)];
}
