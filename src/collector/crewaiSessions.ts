// The sessions of the batches that are under way. What is asked for one batch happens in the order of the requests; what
// nobody finalises ends by itself or for others, and says so. None is refused for their number: crewAI sends events once.

import type { CrewBatch, CrewOutcome } from "./crewaiBatch";
import { CrewRefusal } from "./crewaiRefusal";
import { CrewSession, type CrewSessionOptions, type OpenCrewSession } from "./crewaiSession";

export interface CrewSessionsOptions extends CrewSessionOptions {
  /** So long a batch may be silent: all of its events come in one request, when the run is over. */
  readonly silentMs: number;
  /** The same once its events have come: then nothing but its end is missing. */
  readonly finaliseMs: number;
  /** Batches that may be under way at one time, each an open session: for one more the one silent longest is ended. */
  readonly mostOpen: number;
}

export class CrewSessions {
  readonly #options: CrewSessionsOptions;
  readonly #open = new Map<string, CrewSession>();
  /** Of the open ones, the one that has been silent longest first. */
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #queues = new Map<string, Promise<unknown>>();
  #isClosed = false;

  constructor(options: CrewSessionsOptions) {
    this.#options = options;
  }

  get open(): readonly OpenCrewSession[] {
    return [...this.#open.values()].flatMap(({ open }) => open ?? []);
  }

  /** @returns false where the batch was there already, which changes nothing */
  begin(batch: CrewBatch): Promise<boolean> {
    return this.#inTurn(batch.id, async () => {
      const found = await this.#find(batch.id);
      const session = found ?? (await this.#begin(batch));
      await session.written();
      return found === undefined;
    });
  }

  /**
   * Events of a batch that nobody initialised here are recorded too: crewAI sends them once, wherever that was.
   * @returns how many were new
   */
  record(id: string, isEphemeral: boolean, events: readonly unknown[]): Promise<number> {
    return this.#inTurn(id, async () => {
      const found = await this.#find(id);
      if (found !== undefined && !found.isOpen) await this.#makeRoom();
      const session = found ?? (await this.#begin({ id, sent: {}, isEphemeral, startMs: Date.now() }));
      this.#refuseStopped();
      return await session.record(events);
    });
  }

  /** @returns false where there is no such batch */
  end(id: string, outcome: CrewOutcome): Promise<boolean> {
    return this.#inTurn(id, async () => {
      const session = await this.#find(id);
      await session?.end(outcome);
      return session !== undefined;
    });
  }

  /** Ends what is under way; what comes for it later, here or elsewhere, goes on with it. Resolves when all is written. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const reason = "The collector stopped before crewAI finalised the batch";
    const ends = [...this.#open.keys()].map((id) => this.#inTurn(id, async () => this.#endOpen(id, "stopped", reason)));
    await Promise.allSettled(ends);
    await Promise.allSettled(this.#queues.values());
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** All that is open is safe as crashed when this returns; what comes later goes on with it. */
  crash(reason: string, signal?: string): void {
    this.#isClosed = true;
    for (const session of this.#open.values()) session.crash(reason, signal);
  }

  async #find(id: string): Promise<CrewSession | undefined> {
    const session = this.#open.get(id) ?? (await CrewSession.find(this.#options, id));
    if (session) this.#open.set(id, session);
    return session;
  }

  async #begin(batch: CrewBatch): Promise<CrewSession> {
    await this.#makeRoom();
    const session = CrewSession.begin(this.#options, batch);
    this.#open.set(batch.id, session);
    return session;
  }

  /** For one that is not open yet; waits only for those that were open when it began to, so that no two wait for each other. */
  async #makeRoom(): Promise<void> {
    for (;;) {
      this.#refuseStopped();
      const open = [...this.#open].filter(([, { isOpen }]) => isOpen).map(([id]) => id);
      if (open.length < this.#options.mostOpen) return;
      const isIdle = (id: string) => !this.#queues.has(id) && this.#open.get(id)?.isOpen;
      // Where all are busy any has to do: what is asked of it afterwards goes on with it.
      const id = [...this.#timers.keys()].find(isIdle) ?? open[0];
      if (id === undefined) return;
      const reason = `${open.length} batches were under way, and this one had been silent longest`;
      const isOver = await this.#inTurn(id, async () => {
        await this.#endOpen(id, "stopped", reason);
        return this.#open.get(id)?.isOpen !== true;
      });
      if (!isOver) throw new CrewRefusal(503, `${open.length} batches are under way already`);
    }
  }

  #refuseStopped(): void {
    if (this.#isClosed) throw new CrewRefusal(503, "The collector stops");
  }

  #inTurn<T>(id: string, task: () => Promise<T>): Promise<T> {
    const turn = (this.#queues.get(id) ?? Promise.resolve()).then(task, task).finally(() => this.#rest(id));
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#queues.set(id, settled);
    void settled.then(() => {
      if (this.#queues.get(id) === settled) this.#queues.delete(id);
    });
    return turn;
  }

  /** After each turn: a session that is not open is forgotten, and an open one is waited for. */
  #rest(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    const session = this.#open.get(id);
    if (session === undefined) return;
    if (!session.isOpen) {
      this.#open.delete(id);
      return;
    }
    const { silentMs, finaliseMs } = this.#options;
    const limitMs = session.hasEvents ? finaliseMs : silentMs;
    const reason = `crewAI did not finalise the batch: nothing came for ${durationText(limitMs)}`;
    const timer = setTimeout(() => {
      void this.#inTurn(id, () => this.#endOpen(id, "timed-out", reason)).catch((error: unknown) => {
        const message = `A batch of crewAI could not be ended: ${error instanceof Error ? error.message : String(error)}`;
        this.#options.onProblem({ message });
      });
    }, limitMs);
    timer.unref();
    this.#timers.set(id, timer);
  }

  async #endOpen(id: string, type: CrewOutcome["type"], reason: string): Promise<void> {
    await this.#open.get(id)?.end({ type, reason });
  }
}

function durationText(ms: number): string {
  const [amount, unit] =
    ms >= 5_400_000 ? [ms / 3_600_000, "hours"] : ms >= 90_000 ? [ms / 60_000, "minutes"] : [ms / 1000, "seconds"];
  return `${Math.round(amount * 10) / 10} ${unit}`;
}
