// Threads that scan parts of long files. They are started when they are needed and end when nobody has needed them for a
// while; what goes wrong with one means that its part is scanned by who asked.

import { Worker } from "node:worker_threads";
import type { Disposable } from "../base/disposable";
import type { ScannedPart } from "../trace/scanTrace";
import type { PartToScan, ScanCrew } from "./scanFile";

export type ToPartScanner =
  | { readonly type: "scan"; readonly id: number; readonly part: PartToScan }
  | { readonly type: "cancel"; readonly id: number };

export interface FromPartScanner {
  readonly id: number;
  readonly scanned: ScannedPart | undefined;
}

export interface WorkerCrewOptions {
  /** Path of the built `partScanner.js`. */
  readonly program: string;
  readonly size: number;
  /** How long a thread is kept that has nothing to do. */
  readonly idleMs?: number | undefined;
}

const usualIdleMs = 60_000;

interface Member {
  readonly worker: Worker;
  readonly jobs: Map<number, (scanned: ScannedPart | undefined) => void>;
}

export class WorkerCrew implements ScanCrew, Disposable {
  readonly size: number;
  readonly #program: string;
  readonly #idleMs: number;
  readonly #members = new Set<Member>();
  #lastId = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor({ program, size, idleMs = usualIdleMs }: WorkerCrewOptions) {
    this.size = size;
    this.#program = program;
    this.#idleMs = idleMs;
  }

  /** How many threads there are. */
  get threads(): number {
    return this.#members.size;
  }

  scan(part: PartToScan, signal: AbortSignal): Promise<ScannedPart | undefined> {
    if (signal.aborted || this.size < 1) return Promise.resolve(undefined);
    clearTimeout(this.#idle);
    const member = this.#nextMember();
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const cancel = () => {
        member.worker.postMessage({ type: "cancel", id } satisfies ToPartScanner);
        settle(undefined);
      };
      const settle = (scanned: ScannedPart | undefined) => {
        signal.removeEventListener("abort", cancel);
        member.jobs.delete(id);
        this.#rest();
        resolve(scanned);
      };
      member.jobs.set(id, settle);
      signal.addEventListener("abort", cancel);
      member.worker.postMessage({ type: "scan", id, part } satisfies ToPartScanner);
    });
  }

  dispose(): void {
    clearTimeout(this.#idle);
    for (const member of [...this.#members]) this.#dismiss(member);
  }

  #nextMember(): Member {
    const [first, ...others] = [...this.#members].sort((one, other) => one.jobs.size - other.jobs.size);
    if (first !== undefined && (first.jobs.size === 0 || others.length + 1 >= this.size)) return first;
    const worker = new Worker(this.#program, { name: "Tracekeeper scanner", execArgv: [] });
    worker.unref();
    const member: Member = { worker, jobs: new Map() };
    worker.on("message", ({ id, scanned }: FromPartScanner) => member.jobs.get(id)?.(scanned));
    for (const event of ["error", "messageerror", "exit"]) worker.on(event, () => this.#dismiss(member));
    this.#members.add(member);
    return member;
  }

  #dismiss(member: Member): void {
    if (!this.#members.delete(member)) return;
    for (const settle of [...member.jobs.values()]) settle(undefined);
    void member.worker.terminate();
  }

  #rest(): void {
    clearTimeout(this.#idle);
    if ([...this.#members].some(({ jobs }) => jobs.size > 0)) return;
    this.#idle = setTimeout(() => this.dispose(), this.#idleMs);
    this.#idle.unref();
  }
}
