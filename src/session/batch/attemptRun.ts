// One attempt from its start, or from where an earlier process left it, to its end. What is there decides and not what we
// remember: the claim says whether it was started, the trace how it ended, the process whether it is still under way.

import type { AttemptOutcome } from "../../batch/runner";
import { recoverSession } from "../../recorder/recoverSession";
import type { ProbeLiveness } from "../../trace/sessionFiles";
import type { LaunchClaim } from "../launch";
import type { StopPauses } from "../stopLadder";
import { readAttempt } from "./attemptTrace";
import type { LaunchPlace } from "./launchPlace";
import {
  endOrphans,
  isClaimantThere,
  killSession,
  type ProcessEnd,
  requestStop,
  type StartedProcess,
} from "./sessionProcess";

export interface AttemptRunSetup {
  readonly directory: string;
  readonly sessionId: string;
  readonly place: LaunchPlace;
  readonly probe: ProbeLiveness;
  readonly pauses: StopPauses;
  /** Rejects with why it could not be started. */
  start(): Promise<StartedProcess>;
  /** Ends the program. */
  readonly stop: AbortSignal;
  /** Ends the waiting alone. */
  readonly letGo: AbortSignal;
}

/** Of a session that somebody else has started nobody tells us: it is looked at. */
const lookAgainMs = 250;
const lookSoonMs = 50;
const readAgainMs = 5_000;
/** A claim without content is that of a process that was killed in the middle of making it. */
const mostEmptyClaimMs = 10_000;
/** A session that was told to stop opens its port within that, or gets a signal. */
const controlLimitMs = 2_000;
/** After the last step of a stop a session has so long to end. */
const lastStopMs = 15_000;

type Seen =
  | { readonly type: "unclaimed" }
  | { readonly type: "underway"; readonly claim: LaunchClaim | undefined }
  | { readonly type: "ended"; readonly outcome: AttemptOutcome };

export class AttemptRun {
  readonly #setup: AttemptRunSetup;
  #child: StartedProcess | undefined;
  #claim: LaunchClaim | undefined;
  #emptySinceMs: number | undefined;
  #stopSinceMs: number | undefined;
  #isStopAsked = false;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(setup: AttemptRunSetup) {
    this.#setup = setup;
  }

  /** Rejects where nobody can tell what became of it, and with the reason of `letGo`. */
  async outcome(): Promise<AttemptOutcome> {
    const { stop, letGo } = this.#setup;
    for (;;) {
      letGo.throwIfAborted();
      const seen = await this.#look();
      if (seen.type === "ended") return await this.#ended(seen.outcome);
      if (seen.type === "unclaimed" && this.#child === undefined) {
        if (stop.aborted) return { outcome: "cancelled", error: "cancelled before it began" };
        this.#child = await this.#setup.start();
        continue;
      }
      if (stop.aborted) await this.#stop(seen);
      await this.#wait();
    }
  }

  async #look(): Promise<Seen> {
    const { directory, sessionId, place, probe } = this.#setup;
    // In this order: whatever ends meanwhile is told by what is looked at later.
    const end = this.#child?.end;
    const claimed = await place.claim();
    if (claimed.type === "claimed") this.#claim = claimed.claim;
    const isThere = claimed.type === "claimed" && isClaimantThere(claimed.claim);
    // Its trace is read once, when its process is gone: a long one would be read over and over.
    if (claimed.type === "claimed" && isThere && !this.#mayBeAnother(claimed.claim)) {
      return { type: "underway", claim: claimed.claim };
    }
    const trace = await readAttempt(directory, sessionId, probe);
    switch (trace.type) {
      case "ended":
        return trace;
      case "running":
        return { type: "underway", claim: this.#claim };
      case "unknown":
        throw new Error(`Nobody knows here whether ${sessionId} still runs`);
    }
    switch (claimed.type) {
      case "none":
        if (end === undefined) return { type: "unclaimed" };
        return crashed(`its session process ended before it began (${endWords(end)})`);
      case "empty":
        this.#emptySinceMs ??= performance.now();
        if (end === undefined && performance.now() - this.#emptySinceMs < mostEmptyClaimMs) {
          return { type: "underway", claim: undefined };
        }
        return crashed("its session process ended before it began");
      case "claimed": {
        const { claim } = claimed;
        if (isThere) return { type: "underway", claim };
        // Where nothing could be recorded the exit code is all there is.
        if (end === undefined || claim.pid !== this.#child?.pid || end.code === null) {
          return crashed("its session process ended before anything was recorded");
        }
        if (end.code === 0) return { type: "ended", outcome: { outcome: "succeeded", exitCode: 0 } };
        const outcome = { outcome: "failed", error: `exit ${end.code}`, exitCode: end.code } as const;
        return { type: "ended", outcome };
      }
    }
  }

  /** Where the system does not tell when a process has started, another one may have its number: now and then it is asked. */
  #mayBeAnother({ processStart }: LaunchClaim): boolean {
    const nowMs = performance.now();
    if (processStart !== undefined || nowMs - this.#readAtMs < readAgainMs) return false;
    this.#readAtMs = nowMs;
    return true;
  }

  async #ended(outcome: AttemptOutcome): Promise<AttemptOutcome> {
    const { directory, sessionId, pauses, stop } = this.#setup;
    if (outcome.outcome !== "crashed") return outcome;
    if (this.#claim !== undefined) await endOrphans(sessionId, this.#claim, pauses.killAfterMs);
    await recoverSession(directory, sessionId);
    // Whoever did not listen was killed because it was to be stopped.
    return stop.aborted ? { ...outcome, outcome: "cancelled" } : outcome;
  }

  async #stop(seen: Seen): Promise<void> {
    const { place, pauses } = this.#setup;
    const nowMs = performance.now();
    this.#stopSinceMs ??= nowMs;
    const sinceMs = nowMs - this.#stopSinceMs;
    // A session process that has not come so far finds that it is not to run.
    if (seen.type === "unclaimed") await place.claimForNobody();
    const claim = this.#claim;
    if (sinceMs > pauses.terminateAfterMs + pauses.killAfterMs + lastStopMs) {
      if (claim !== undefined) killSession(claim);
      this.#child?.kill();
    } else if (!this.#isStopAsked && claim !== undefined && (claim.control !== undefined || sinceMs > controlLimitMs)) {
      this.#isStopAsked = true;
      await requestStop(claim);
    }
  }

  /** For its end, a stop, or the next look. */
  async #wait(): Promise<void> {
    const { stop, letGo } = this.#setup;
    const child = this.#child?.end === undefined ? this.#child : undefined;
    const isStopping = stop.aborted;
    // Its own end is told, but not that of a session that another process started.
    const timeoutMs = isStopping ? lookSoonMs : child === undefined ? lookAgainMs : undefined;
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const timer = timeoutMs === undefined ? undefined : setTimeout(wake, timeoutMs);
    const signals = isStopping ? [letGo] : [letGo, stop];
    for (const signal of signals) signal.addEventListener("abort", wake, { once: true });
    await Promise.race([woken, ...(child === undefined ? [] : [child.ended])]);
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener("abort", wake);
  }
}

function crashed(error: string): Seen {
  return { type: "ended", outcome: { outcome: "crashed", error } };
}

function endWords({ code, signal }: ProcessEnd): string {
  return signal === null ? `exit ${code ?? 0}` : `killed by ${signal}`;
}
