// What may go wrong with a call, as data, and which calls it strikes.

import { type CallMatch, type LoggedCall, matches } from "./callLog";
import type { ErrnoName } from "./systemError";

interface FaultPlace {
  /** Calls that are counted; all of them where it is left out. */
  readonly on?: CallMatch | undefined;
  /** How many of them pass before the fault, counted from the time when it is armed; 0 where it is left out. */
  readonly at?: number | undefined;
  /** The fault stays from there on. */
  readonly persist?: boolean | undefined;
  /** How many calls in a row it strikes: 1 where it is left out. */
  readonly times?: number | undefined;
}

export type Fault = FaultPlace &
  (
    | {
        readonly error: ErrnoName;
        /** The call takes effect and fails all the same, as over a network whose answer is lost. */
        readonly tookEffect?: boolean | undefined;
      }
    /** A write of more bytes than this writes this many and says so; shorter writes are not counted. */
    | { readonly shortWrite: number }
    /** A write of more bytes than this writes this many and then fails; shorter writes are not counted. */
    | { readonly failAfterPartial: number; readonly error: ErrnoName }
    /**
     * The process dies at the call, before or after it takes effect, or within a write after so many bytes (shorter
     * writes are not counted). This call and every later one throw `ProcessStopped`, async ones never settle, and nothing
     * reaches the disk any more. Async calls under way are `lost` unless it says that the kernel has `finished` them.
     */
    | { readonly stop: "before" | "after" | { readonly afterBytes: number }; readonly inFlight?: InFlight | undefined }
  );

export type InFlight = "lost" | "finished";

/** What is thrown once the process has died. No product code knows it, so it is handled like any error nobody expects. */
export class ProcessStopped extends Error {
  override readonly name = "ProcessStopped";
}

export interface ArmedFault {
  /** How often it has struck. */
  readonly fired: number;
  disarm(): void;
}

interface Armed {
  readonly fault: Fault;
  passed: number;
  fired: number;
}

/** The faults that are armed. All of them count every call; where several are due, the one that was armed first strikes. */
export class FaultPlan {
  #armed: Armed[] = [];
  #firedBefore = 0;

  /** How often faults have struck. */
  get fired(): number {
    return this.#armed.reduce((sum, { fired }) => sum + fired, this.#firedBefore);
  }

  arm(fault: Fault): ArmedFault {
    const armed: Armed = { fault, passed: 0, fired: 0 };
    this.#armed.push(armed);
    return {
      get fired() {
        return armed.fired;
      },
      disarm: () => {
        if (!this.#armed.includes(armed)) return;
        this.#armed = this.#armed.filter((other) => other !== armed);
        this.#firedBefore += armed.fired;
      },
    };
  }

  /** The fault that strikes this call. */
  strike(call: LoggedCall): Fault | undefined {
    let struck: Armed | undefined;
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (!matches(call, fault.on) || !isLongEnough(call, fault)) continue;
      const turn = armed.passed++ - (fault.at ?? 0);
      if (turn >= 0 && (fault.persist === true || turn < (fault.times ?? 1))) struck ??= armed;
    }
    if (struck) struck.fired++;
    return struck?.fault;
  }
}

/** A write can be cut short only where it is longer than what is left of it. */
function isLongEnough(call: LoggedCall, fault: Fault): boolean {
  const part = partOfWrite(fault);
  return part === undefined || (call.bytes !== undefined && call.bytes > part);
}

function partOfWrite(fault: Fault): number | undefined {
  if ("shortWrite" in fault) return fault.shortWrite;
  if ("failAfterPartial" in fault) return fault.failAfterPartial;
  return "stop" in fault && typeof fault.stop === "object" ? fault.stop.afterBytes : undefined;
}
