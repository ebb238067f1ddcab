// When rows are on the screen: looks after each frame which numbers stand in the labels of the rows that are in view.
import type { Page } from "playwright-core";
import type { Told } from "./liveSession";

/** A row that is not shown so long after it came will not be. */
const mostWaitedMs = 20_000;

interface Watching {
  readonly seen: Map<number, number>;
  stop(): void;
}

export class TailWatch {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** Selects the last row, after which the end stays in view. */
  static async goToTail(page: Page): Promise<void> {
    await page.locator(".grid").focus();
    await page.keyboard.press("End");
    await page.waitForFunction(() => {
      const grid = document.querySelector(".grid");
      const last = [...document.querySelectorAll(".grid .row")].find(
        (row) => row.getAttribute("aria-rowindex") === grid?.getAttribute("aria-rowcount"),
      );
      return last !== undefined && last.getBoundingClientRect().bottom <= innerHeight;
    });
  }

  static async start(page: Page): Promise<TailWatch> {
    await page.evaluate(() => {
      const seen = new Map<number, number>();
      let isOver = false;
      const afterFrame = new MessageChannel();
      afterFrame.port1.onmessage = () => {
        const atMs = Date.now();
        for (const label of document.querySelectorAll(".grid .row .row-label")) {
          const number = Number(/part-(\d+)$/.exec(label.textContent ?? "")?.[1] ?? Number.NaN);
          if (Number.isNaN(number) || seen.has(number)) continue;
          const { top, bottom } = label.getBoundingClientRect();
          if (top >= 0 && bottom <= innerHeight) seen.set(number, atMs);
        }
      };
      const everyFrame = () => {
        if (isOver) return;
        afterFrame.port2.postMessage(undefined);
        requestAnimationFrame(everyFrame);
      };
      requestAnimationFrame(everyFrame);
      const stop = () => {
        isOver = true;
        afterFrame.port1.close();
      };
      (globalThis as unknown as { tailWatch: Watching }).tailWatch = { seen, stop };
    });
    return new TailWatch(page);
  }

  /**
   * How long after they were told rows were on the screen, in ms; waits for the last one, and stops watching. What passed
   * by between two frames was never on the screen, and is not counted.
   */
  async latencies(told: readonly Told[]): Promise<readonly number[]> {
    const last = told.at(-1)?.number ?? Number.NaN;
    await this.#page.waitForFunction(
      (number) => (globalThis as unknown as { tailWatch: Watching }).tailWatch.seen.has(number),
      last,
      { timeout: mostWaitedMs, polling: 100 },
    );
    const seen = new Map(
      await this.#page.evaluate(() => {
        const { tailWatch } = globalThis as unknown as { tailWatch: Watching };
        tailWatch.stop();
        return [...tailWatch.seen];
      }),
    );
    const latencies = told.flatMap(({ number, atMs }) => {
      const seenMs = seen.get(number);
      return seenMs === undefined ? [] : [seenMs - atMs];
    });
    if (latencies.length * 2 < told.length)
      throw new Error(`Of ${told.length} rows only ${latencies.length} were shown`);
    return latencies;
  }
}
