// One collector for all windows of a person: the first one that wants it starts it, the others follow it, and when it goes
// without having been stopped one of them takes over. A port that belongs to another program is left alone for a free one.

import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod/mini";
import type { Disposable } from "../base/disposable";
import { errorCode } from "../base/errorCode";
import { Emitter } from "../base/event";
import { describeError } from "../base/logger";
import { makeFolders } from "../recorder/makeFolders";
import { type CollectorEnd, findCollector, type Presence, stopCollector, whenCollectorEnds } from "./presence";

export type CollectorState =
  | { readonly type: "off" | "starting" }
  | {
      readonly type: "running";
      readonly port: number;
      /** Trace directory of its sessions. */
      readonly directory: string;
      /** It ends with this window. */
      readonly isOwn: boolean;
    }
  | { readonly type: "failed"; readonly message: string };

/** A collector that was started here. */
export interface OwnCollector {
  readonly port: number;
  /** Never rejects. */
  readonly ended: Promise<CollectorEnd>;
  /** Ends it, and those who follow it do not take over. */
  stop(): void;
  /** Ends it because nobody here wants it any more. */
  leave(): void;
}

/** What the running collector leaves for the windows of the same person, in a file that they alone can read. */
export const collectorFileSchema = z.object({
  port: z.int(),
  pid: z.int(),
  token: z.string(),
  /** With which programs trigger batches there. */
  batchKey: z.optional(z.string()),
});
export type CollectorFile = z.infer<typeof collectorFileSchema>;

export interface SharedCollectorOptions {
  /** The port to begin with. */
  readonly port: number;
  readonly directory: string;
  /** Path of the `CollectorFile`. */
  readonly file: string;
  /** Starts one; undefined where the port is taken. @param port 0: any that is free */
  launch(port: number): Promise<OwnCollector | undefined>;
}

/** A collector that is lost so often within a minute is not started again by itself. */
const mostLosses = 4;
const lossMs = 60_000;
/** Windows that all want to take over do not all try at once. */
const mostPauseMs = 300;

export class SharedCollector implements Disposable {
  readonly #options: SharedCollectorOptions;
  readonly #changes = new Emitter<CollectorState>();
  #state: CollectorState = { type: "off" };
  #running: AbortController | undefined;
  #own: OwnCollector | undefined;

  constructor(options: SharedCollectorOptions) {
    this.#options = options;
  }

  readonly onDidChange = this.#changes.event;

  get state(): CollectorState {
    return this.#state;
  }

  /** Does nothing where it runs, or starts, already. Resolves when it does, or has failed. */
  async start(): Promise<CollectorState> {
    if (this.#running === undefined) {
      const running = new AbortController();
      this.#running = running;
      this.#set({ type: "starting" });
      void this.#keep(running.signal).catch((error: unknown) => this.#fail(running, describeError(error)));
    }
    if (this.#state.type !== "starting") return this.#state;
    return await new Promise((resolve) => {
      const listening = this.onDidChange((state) => {
        if (state.type === "starting") return;
        listening.dispose();
        resolve(state);
      });
    });
  }

  /** Ends it for all windows. Throws where another window's does not answer. */
  async stop(): Promise<void> {
    const state = this.#state;
    if (this.#own !== undefined) {
      this.#own.stop();
      await this.#own.ended;
    } else if (state.type === "running") {
      const file = await readCollectorFile(this.#options.file);
      if (file?.port !== state.port) throw new Error("The collector was started by another program, which can end it");
      await stopCollector(file.port, file.token);
    }
    this.#leave();
  }

  dispose(): void {
    this.#leave();
    this.#changes.dispose();
  }

  #leave(): void {
    this.#own?.leave();
    this.#running?.abort();
    this.#running = undefined;
    this.#own = undefined;
    this.#set({ type: "off" });
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const losses: number[] = [];
    for (;;) {
      const end = await this.#join(signal);
      if (signal.aborted) return;
      this.#own = undefined;
      if (end === "stopped") return this.#leave();
      const nowMs = performance.now();
      losses.push(nowMs);
      if (losses.filter((lostMs) => nowMs - lostMs < lossMs).length > mostLosses) {
        throw new Error("The collector ended again and again");
      }
      this.#set({ type: "starting" });
      await delay(Math.random() * mostPauseMs, undefined, { signal });
    }
  }

  /** Finds one or starts one. @returns how it ended */
  async #join(signal: AbortSignal): Promise<CollectorEnd> {
    const found = await withLock(`${this.#options.file}.lock`, signal, () => this.#findOrLaunch());
    if (found === undefined) throw new Error("No port can be had");
    return found.type === "own" ? await this.#lead(found.own, signal) : await this.#follow(found, signal);
  }

  /** Of windows that come at once one starts it; the others wait for that one. */
  async #findOrLaunch(): Promise<Found | undefined> {
    const { port, file, launch } = this.#options;
    const left = await readCollectorFile(file);
    // Anybody may listen at a port; only a collector that this person started knows the token.
    const presence = left && (await findCollector(left.port, left.token));
    if (left && presence) return { type: "other", port: left.port, presence };
    // The address that programs were given stays good, where that can be had.
    const ports = [port, ...(left === undefined || left.port === port ? [] : [left.port]), 0];
    for (const wanted of ports) {
      const own = await launch(wanted);
      if (own !== undefined) return { type: "own", own };
    }
    return undefined;
  }

  async #lead(own: OwnCollector, signal: AbortSignal): Promise<CollectorEnd> {
    if (signal.aborted) {
      own.leave();
      return await own.ended;
    }
    this.#own = own;
    this.#set({ type: "running", port: own.port, directory: this.#options.directory, isOwn: true });
    return await own.ended;
  }

  async #follow(found: Extract<Found, { type: "other" }>, signal: AbortSignal): Promise<CollectorEnd> {
    signal.throwIfAborted();
    const { port, presence } = found;
    this.#set({ type: "running", port, directory: presence.directory, isOwn: false });
    return await whenCollectorEnds(port, signal);
  }

  #fail(running: AbortController, message: string): void {
    if (running.signal.aborted) return;
    this.#running = undefined;
    this.#own = undefined;
    this.#set({ type: "failed", message });
  }

  #set(state: CollectorState): void {
    this.#state = state;
    this.#changes.fire(state);
  }
}

type Found =
  | { readonly type: "own"; readonly own: OwnCollector }
  | { readonly type: "other"; readonly port: number; readonly presence: Presence };

/** A lock that is older was left by a window that was killed: nothing that is done under it takes so long. */
const staleLockMs = 30_000;
const lockPauseMs = 50;

/** Runs it while no other window of this person does. */
async function withLock<T>(path: string, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  await makeFolders(dirname(path));
  while (!(await isTaken(path))) {
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > staleLockMs) await rm(path, { force: true });
    else await delay(lockPauseMs, undefined, { signal });
  }
  try {
    return await run();
  } finally {
    await rm(path, { force: true });
  }
}

/** Whether the lock is ours now. */
async function isTaken(path: string): Promise<boolean> {
  try {
    await writeFile(path, "", { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Undefined where there is none that can be read. */
async function readCollectorFile(path: string): Promise<CollectorFile | undefined> {
  try {
    return collectorFileSchema.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}
