// The batches that the steps of a playbook trigger, run by the session's own process. Which batch belongs to a step follows
// from the session that ran the step first and from what the step asks for, so that a further attempt of it, and a session
// that resumes this one, find it again.

import { createHash } from "node:crypto";
import { relative } from "node:path";
import { describeError } from "../../base/logger";
import { BatchOwnedElsewhere } from "../../batch/batchEngine";
import type { BatchHost } from "../../batch/batchHost";
import { ItemRefused } from "../../batch/runner";
import type { BatchSettings } from "../../trace/batch/batchRecord";
import type { BatchState } from "../../trace/batch/batchState";
import { batchFailure, progressWords } from "../../trace/batch/progressWords";
import type { BatchServices, StepBatch, TriggeredBatch } from "../actions/batchServices";
import type { Launch } from "../launch";
import type { SessionPort } from "../sessionPort";
import { controlOwner } from "./controlOwner";
import { TaskRegistry } from "./taskRegistry";
import { ownTask, type Tasks } from "./tasks";

export interface SessionBatchesSetup {
  readonly launch: Pick<
    Launch,
    "directory" | "cwd" | "tasks" | "batchEngine" | "stop" | "guardrails" | "fsync" | "sessionId" | "batchDepth"
  >;
  /** Of the step: the session that ran it first, in which its batches are looked for. */
  originOf(stepPath: string): string;
  /** Of this session, where it is recorded. */
  readonly traceId: string | undefined;
  readonly safeId: string | undefined;
  spanOf(scopeId: string): string;
  /** On which others can ask for the batches that this process runs. */
  readonly port: Pick<SessionPort, "control" | "handle">;
  /** One line for whoever looks on. */
  say(line: string): void;
  onProblem(message: string): void;
}

/** A playbook may trigger a batch of itself. */
const mostDepth = 4;
/** In the log of a batch. */
const by = "the session";

export class SessionBatches implements BatchServices {
  readonly #setup: SessionBatchesSetup;
  readonly #spans = new Map<string, Launch["startedBy"]>();
  /** Of batches that nobody waits for. */
  readonly #unawaited = new Set<string>();
  /** Playbooks by the names that steps gave them. */
  readonly #tasks: Record<string, Tasks[string]>;
  readonly #left = new AbortController();
  /** Of the batches that are triggered here: 1 where this session is no run of one. */
  readonly #depth: number;
  #opened: Promise<BatchHost> | undefined;
  #stopServing: () => void = () => undefined;

  constructor(setup: SessionBatchesSetup) {
    this.#setup = setup;
    this.#tasks = { ...setup.launch.tasks };
    this.#depth = (setup.launch.batchDepth ?? 0) + 1;
  }

  async trigger(batch: StepBatch): Promise<TriggeredBatch> {
    const { stepPath, items, name, playbook, scopeId, isWaitedFor, isSaved } = batch;
    const { traceId, safeId, spanOf, launch } = this.#setup;
    if (this.#depth > mostDepth) throw new Error(`batches trigger each other more than ${mostDepth} deep`);
    // From one folder: two steps may mean different playbooks by the same words.
    const task = playbook === undefined ? batch.task : relative(launch.cwd, playbook);
    const registered = playbook === undefined ? ownTask(launch.tasks ?? {}, task) : { playbook };
    // What an earlier step said of it is no word of this one.
    if (registered === undefined) delete this.#tasks[task];
    else this.#tasks[task] = registered;
    if (launch.batchEngine !== undefined && playbook !== undefined)
      throw new Error(`trigger.dev runs tasks of its own, and not the playbook ${task}`);
    // Only an installation itself knows its tasks.
    const path = launch.batchEngine === undefined ? await this.#check(task) : undefined;
    if (path !== undefined && !isSaved) this.#tasks[task] = { playbook: path, checkpoints: false, ...registered };
    const host = await this.#host();
    const settings = Object.fromEntries(Object.entries(batch.settings).filter(([, value]) => value !== undefined));
    const request = {
      runCount: items.count,
      name,
      parentSession: safeId,
      settings: settings as Partial<BatchSettings>,
    };
    const key = createHash("sha256")
      .update(JSON.stringify([task, items.hash]))
      .digest("hex")
      .slice(0, 16);
    const idempotencyKey = `step ${this.#setup.originOf(stepPath)} ${stepPath} ${key}`;
    const span = traceId && { sessionId: launch.sessionId, traceId, spanId: spanOf(scopeId) };
    const { id, isCached } = await host.create({ ...request, idempotencyKey });
    if (span) this.#spans.set(id, span);
    if (!isWaitedFor) this.#unawaited.add(id);
    if (isCached) await this.#goOn(host, id);
    else {
      const answer = await host.streamItems(id, items.lines(task), new AbortController().signal);
      if (!answer.sealed) {
        const why = "error" in answer ? answer.error : `${answer.enqueuedCount} of ${answer.expectedCount} items came`;
        throw new Error(`the items could not be handed over: ${why}`);
      }
    }
    return this.#triggered(host, id, isCached);
  }

  /** Batches that no step waited for have ended, or were stopped. */
  async settled(stop: AbortSignal): Promise<void> {
    const host = await this.#opened;
    if (host === undefined) return;
    const cancel = () => {
      for (const id of this.#unawaited) void this.#cancel(host, id, by);
    };
    if (stop.aborted) cancel();
    stop.addEventListener("abort", cancel, { once: true });
    for (const id of this.#unawaited) {
      try {
        const state = await host.state(id);
        if (state?.isFinal === false)
          this.#setup.say(`batch ${id}: ${progressWords(state, Date.now())}; waiting for its end`);
        const ended = await host.whenEnded(id, this.#left.signal);
        this.#setup.say(`batch ${id}: ${batchFailure(ended) ?? "completed"}`);
      } catch (error) {
        if (!this.#left.signal.aborted)
          this.#setup.onProblem(`batch ${id} can't be waited for: ${describeError(error)}`);
      }
    }
    stop.removeEventListener("abort", cancel);
  }

  /** Nobody waits any more; batches that have not ended stay as they are, for whoever goes on with them. */
  async leave(): Promise<void> {
    this.#left.abort(new Error("the session has ended"));
    const host = await this.#opened?.catch(() => undefined);
    this.#stopServing();
    await host?.dispose();
  }

  /** What nobody could run is told before there is a batch. @returns path of the playbook that it is */
  async #check(task: string): Promise<string | undefined> {
    const { cwd } = this.#setup.launch;
    const registry = new TaskRegistry(cwd, this.#tasks);
    const registered = registry.registered(task);
    try {
      const found = registered && registry.resolved(registered);
      if (found?.type === "command") return undefined;
      const path = found?.path ?? (await registry.playbookNamed(task));
      await registry.playbook(path);
      return path;
    } catch (error) {
      throw error instanceof ItemRefused ? new Error(error.message.replace(/\.$/, "")) : error;
    }
  }

  #host(): Promise<BatchHost> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  async #open(): Promise<BatchHost> {
    const { launch, onProblem, port } = this.#setup;
    const { stop, guardrails, fsync, directory, cwd, batchEngine } = launch;
    // Few playbooks have batches, and nothing else needs what runs them.
    const [{ openBatches }, { serveBatches }, { batchEngines }] = await Promise.all([
      import("./openBatches"),
      import("./serveBatches"),
      import("./remoteEngine"),
    ]);
    const host = openBatches({
      ...batchEngines(batchEngine, process.env),
      directory,
      folder: cwd,
      tasks: this.#tasks,
      program: __filename,
      settings: { stop, batchDepth: this.#depth, ...(guardrails && { guardrails }), ...(fsync && { fsync }) },
      startedBy: (id) => this.#spans.get(id),
      onProblem: (message, error) => onProblem(`${message}: ${describeError(error)}`),
    });
    const { control } = port;
    if (control === undefined) return host;
    const served = { ...control, handle: port.handle.bind(port) };
    this.#stopServing = serveBatches(host, directory, served, onProblem);
    return host;
  }

  /** One that an earlier attempt, or an earlier session, has triggered: runs that failed in it are tried again. */
  async #goOn(host: BatchHost, id: string): Promise<void> {
    try {
      const state = await host.state(id);
      if (state?.isFinal === false) await host.goOn(id);
      // What a stop has cancelled is to run, too.
      if (state?.isCancelled === true && !state.isFinal) await host.whenEnded(id, this.#left.signal);
      if (state?.isFinal === true || state?.isCancelled === true) await host.retryFailed(id, undefined, by);
    } catch (error) {
      if (!(error instanceof BatchOwnedElsewhere)) throw error;
      const state = await host.state(id);
      if (state?.isFinal === true) await controlOwner(error, "retry", id, { by });
    }
  }

  async #cancel(host: BatchHost, id: string, who: string): Promise<void> {
    try {
      await host.cancel(id, who);
    } catch (error) {
      if (error instanceof BatchOwnedElsewhere)
        await controlOwner(error, "cancel", id, { by: who }).catch(() => undefined);
      else this.#setup.onProblem(`batch ${id} can't be cancelled: ${describeError(error)}`);
    }
  }

  #triggered(host: BatchHost, id: string, isFound: boolean): TriggeredBatch {
    const left = new AbortController();
    this.#left.signal.addEventListener("abort", () => left.abort(), { once: true });
    return {
      id,
      isFound,
      progress: async () => {
        const state = await host.state(id);
        return state && progressWords(state, Date.now());
      },
      cancel: (who) => void this.#cancel(host, id, who),
      leave: () => left.abort(),
      ended: async (): Promise<BatchState | undefined> => {
        try {
          return await host.whenEnded(id, left.signal);
        } catch (error) {
          if (left.signal.aborted) return undefined;
          throw error;
        }
      },
    };
  }
}
