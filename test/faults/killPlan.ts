// What a recording child does, made from a seed alone: the child and the process that kills it make the same plan, so
// that the child has to report nothing but how far it has come. Every call bears a number that no other call bears.

import { pick, type Random, seeded } from "./random";

/** What a process does at the moment in which it is killed. */
export type Phase = "start" | "burst" | "snapshot" | "end" | "crash" | "recovery";
export const recordingPhases = ["start", "burst", "snapshot", "end", "crash"] as const satisfies readonly Phase[];
export const phases = [...recordingPhases, "recovery"] as const satisfies readonly Phase[];

/** One call of the public `Trace`. Spans are named by keys, which can be told from the trace; see `keyOf`. */
export type Call =
  | { readonly type: "begin"; readonly how: "start" | "rehydrate"; readonly n: number }
  | { readonly type: "tool"; readonly n: number; readonly parent: string; readonly isFailed: boolean }
  | { readonly type: "toolBegin"; readonly n: number; readonly parent: string }
  | { readonly type: "toolEnd"; readonly n: number; readonly key: string }
  | { readonly type: "step"; readonly n: number }
  | { readonly type: "text"; readonly n: number; readonly key: string }
  | { readonly type: "stepEnd"; readonly n: number; readonly key: string }
  | { readonly type: "event"; readonly n: number; readonly key: string }
  | { readonly type: "attributes"; readonly n: number; readonly key: string; readonly target: Target }
  | { readonly type: "message" | "span" | "title"; readonly n: number }
  | { readonly type: "end"; readonly n: number; readonly error: string | undefined }
  | { readonly type: "crash"; readonly n: number; readonly reason: string };

export type Target = "session" | "tool" | "generation";

/** Calls without a pause between them. */
export interface Burst {
  readonly phase: Phase;
  readonly calls: readonly Call[];
  /** Whether a flush follows, and whether it is waited for. */
  readonly flush: "none" | "awaited" | "beside";
}

/** One session of the child, from its start to its end or crash. */
export interface Run {
  readonly index: number;
  readonly id: string;
  /** Key of the root. */
  readonly root: string;
  readonly fsync: "never" | "interval" | "always";
  readonly bursts: readonly Burst[];
  /** The next run begins while this one still ends. */
  readonly endsBeside: boolean;
}

/** A session that is there already. */
export interface KnownSession {
  readonly id: string;
  /** Key of its first root; undefined where none was recorded. */
  readonly root: string | undefined;
}

export interface Job {
  readonly directory: string;
  readonly seed: number;
  /** Number of the first run: no other run of the directory has it. */
  readonly firstRun: number;
  readonly runs: number;
  /** What is done more than the rest. */
  readonly emphasis: Phase;
  /** The session with which the first run goes on. */
  readonly goOn?: KnownSession | undefined;
}

export const rootKey = (index: number): string => `run-${index}`;
export const callKey = (n: number): string => `call-${n}`;
export const generationKey = (n: number): string => `generation-${n}`;
export const messageKey = (n: number): string => `message-${n}`;
export const spanKey = (n: number): string => `span-${n}`;

/** What a tool puts out: of any length up to more than one page cache write, and with what looks like parts of a journal. */
export function payload(n: number): string {
  const lengths = [20, 60, 200, 800, 40, 3000, 100, 20_000] as const;
  const length = n % 193 === 0 ? 1_500_000 : n % 61 === 0 ? 200_000 : (lengths[n % lengths.length] ?? 0);
  const line = `out ${n} "quoted" \\ { "s":${n},"w":1,"c": "00000000"}\n ü 🙂 \u2028 `;
  return `${line.repeat(Math.ceil(length / line.length))}.`;
}

/** All runs of a child in their order. */
export function planRuns(job: Job): Run[] {
  const random = seeded(job.seed);
  const runs: Run[] = [];
  let before: KnownSession | undefined = job.goOn;
  for (let index = job.firstRun; index < job.firstRun + job.runs; index++) {
    const canGoOn = before !== undefined && (index === job.firstRun || random() < 0.25);
    const run: Run = planRun(random, job.emphasis, index, canGoOn ? before : undefined);
    runs.push(run);
    // A session goes on once its end has returned: before that nobody could say which run a record belongs to.
    const root: string = canGoOn ? (before?.root ?? run.root) : run.root;
    before = run.endsBeside ? undefined : { id: run.id, root };
  }
  return runs;
}

function planRun(random: Random, emphasis: Phase, index: number, goOn: KnownSession | undefined): Run {
  const chance = (share: number) => random() < share;
  const how = goOn?.root !== undefined && chance(0.6) ? "rehydrate" : "start";
  const root = how === "rehydrate" && goOn?.root !== undefined ? goOn.root : rootKey(index);
  const calls = new CallPlan(random, index, root);
  const begin: Call = { type: "begin", how, n: calls.number() };
  const bursts: Burst[] = [{ phase: "start", calls: [begin], flush: "none" }];
  const count = emphasis === "start" ? 1 : emphasis === "burst" ? 6 : 1 + Math.floor(random() * 3);
  for (let each = 0; each < count; each++) {
    const most = emphasis === "start" ? 4 : chance(0.1) ? 120 : 30;
    const isFlushed = chance(emphasis === "snapshot" ? 0.9 : 0.2);
    const flush = isFlushed ? (chance(0.6) ? "awaited" : "beside") : "none";
    bursts.push({ phase: isFlushed ? "snapshot" : "burst", calls: calls.burst(most), flush });
  }
  const crashes = emphasis === "crash" ? chance(0.8) : emphasis !== "end" && chance(0.25);
  if (crashes) {
    bursts.push({ phase: "crash", calls: [calls.crash()], flush: "none" });
    if (chance(0.3)) bursts.push({ phase: "crash", calls: calls.burst(5), flush: "none" });
  } else {
    bursts.push({ phase: "end", calls: [calls.end()], flush: "none" });
  }
  return {
    index,
    id: goOn?.id ?? `ses/${index}`,
    root,
    fsync: pick(random, ["interval", "interval", "never", "always"]),
    bursts,
    endsBeside: !crashes && chance(emphasis === "start" ? 0.7 : 0.25),
  };
}

/** Remembers what is open, so that calls fit to one another. */
class CallPlan {
  readonly #random: Random;
  readonly #root: string;
  readonly #open: string[] = [];
  #n: number;
  #lastTool: string | undefined;
  #generation: string | undefined;

  constructor(random: Random, index: number, root: string) {
    this.#random = random;
    this.#root = root;
    this.#n = index * 10_000;
  }

  number(): number {
    return this.#n++;
  }

  burst(most: number): Call[] {
    return Array.from({ length: 1 + Math.floor(this.#random() * most) }, () => this.#call());
  }

  end(): Call {
    this.#generation = undefined;
    const n = this.number();
    return { type: "end", n, error: this.#random() < 0.3 ? `error ${n}` : undefined };
  }

  crash(): Call {
    this.#generation = undefined;
    const n = this.number();
    return { type: "crash", n, reason: `reason ${n}` };
  }

  #call(): Call {
    const n = this.number();
    const choice = this.#random();
    if (choice < 0.35) return this.#tool(n);
    if (choice < 0.6) return this.#beginOrEnd(n);
    if (choice < 0.75) return this.#step(n);
    if (choice < 0.83) return { type: "event", n, key: pick(this.#random, [this.#root, ...this.#open]) };
    if (choice < 0.91) return this.#attributes(n);
    return { type: pick(this.#random, ["message", "span", "title"]), n };
  }

  #tool(n: number): Call {
    this.#lastTool = callKey(n);
    return { type: "tool", n, parent: this.#generation ?? this.#root, isFailed: this.#random() < 0.2 };
  }

  #beginOrEnd(n: number): Call {
    const at = Math.floor(this.#random() * (this.#open.length + 1));
    const key = this.#open[at];
    if (key !== undefined) {
      this.#open.splice(at, 1);
      return { type: "toolEnd", n, key };
    }
    this.#open.push(callKey(n));
    this.#lastTool = callKey(n);
    return { type: "toolBegin", n, parent: this.#generation ?? this.#root };
  }

  #step(n: number): Call {
    const key = this.#generation;
    if (key === undefined) {
      this.#generation = generationKey(n);
      return { type: "step", n };
    }
    if (this.#random() < 0.6) return { type: "text", n, key };
    this.#generation = undefined;
    return { type: "stepEnd", n, key };
  }

  #attributes(n: number): Call {
    const targets: [Target, string | undefined][] = [
      ["session", this.#root],
      ["tool", this.#lastTool],
      ["generation", this.#generation],
    ];
    const [target, key] = pick(this.#random, targets as [[Target, string], ...[Target, string | undefined][]]);
    return key === undefined
      ? { type: "attributes", n, key: this.#root, target: "session" }
      : { type: "attributes", n, key, target };
  }
}
