// What following a session costs each of those who take part: the reader's thread, the host's thread and the page's.
import type { Worker } from "node:worker_threads";
import type { OpenedPanel } from "./openedPanel";

export interface Work {
  /** Microseconds of CPU for each event. */
  readonly workerUs: number;
  readonly hostUs: number;
  readonly pageUs: number;
  /** CPU of the reader, of the time that has passed. */
  readonly workerShare: number;
}

interface Cpu {
  readonly atUs: number;
  readonly workerUs: number;
  readonly hostUs: number;
  readonly pageUs: number;
}

export class WorkMeter {
  readonly #worker: Worker;
  readonly #panel: OpenedPanel;

  constructor(worker: Worker, panel: OpenedPanel) {
    this.#worker = worker;
    this.#panel = panel;
  }

  async during(action: () => Promise<{ readonly events: number }>): Promise<Work> {
    const before = await this.#cpu();
    const { events } = await action();
    const after = await this.#cpu();
    const of = (part: keyof Cpu) => after[part] - before[part];
    return {
      workerUs: of("workerUs") / events,
      hostUs: of("hostUs") / events,
      pageUs: of("pageUs") / events,
      workerShare: of("workerUs") / of("atUs"),
    };
  }

  async #cpu(): Promise<Cpu> {
    const cdp = await this.#panel.cdp;
    // The time that the page's thread has run, not that has passed meanwhile.
    await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
    const { metrics } = await cdp.send("Performance.getMetrics");
    const taskSeconds = metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
    return {
      atUs: performance.now() * 1e3,
      workerUs: sum(await this.#worker.cpuUsage()),
      hostUs: sum(process.threadCpuUsage()),
      pageUs: taskSeconds * 1e6,
    };
  }
}

function sum({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}
