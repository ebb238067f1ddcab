// The page of a batch for those who do not see it, or use no pointer, and in a workspace that is not trusted.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { abortedBatch, encodeBatchLog, madeBatch, untilMs } from "../support/batchLogs";
import { type Browser, launchChromium } from "../support/chromium";
import { findings, themes } from "./axeFindings";
import { aliveRunner, type BatchDrive, goneRunner, MemoryLog, type OpenBatchOptions, openBatch } from "./batchHarness";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
});

const startMs = Date.UTC(2026, 10, 20, 14, 1, 50);
const faulty = madeBatch({
  runs: 40,
  prefailed: { 11: { code: "PAYLOAD_TOO_LARGE", message: "The item is 4.2 MB" } },
  uncreated: { 30: { code: "DISK", message: "no space left on device" } },
  retriedStream: true,
});
const early = untilMs(faulty, 20_000);
const running: OpenBatchOptions = { runner: aliveRunner, nowMs: startMs + 20_000 };

async function pressed(drive: BatchDrive, key: string): Promise<BatchDrive> {
  await drive.page.getByRole("grid", { name: "Runs" }).focus();
  await drive.page.keyboard.press(key);
  await drive.drawn();
  return drive;
}

function damaged(): MemoryLog {
  const bytes = Buffer.from(encodeBatchLog(faulty));
  const at = bytes.indexOf(0x0a) + 30;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return new MemoryLog(bytes);
}

const states: Readonly<Record<string, (options: OpenBatchOptions) => Promise<BatchDrive>>> = {
  "one that runs": (options) => openBatch(browser, early, { ...options, ...running }),
  "one that failed in part, with a run selected": async (options) =>
    pressed(await openBatch(browser, faulty, { ...options, reveal: { index: 7 } }), "ArrowDown"),
  "failed runs alone": async (options) => pressed(await openBatch(browser, faulty, options), "f"),
  "an aborted one in a narrow page": (options) =>
    openBatch(browser, abortedBatch(), { ...options, widthPx: 320, heightPx: 700 }),
  "one that nobody runs": (options) => openBatch(browser, early, { ...options, runner: goneRunner }),
  "a damaged one with its problems": async (options) => {
    const drive = await openBatch(browser, damaged(), options);
    await drive.page.getByRole("button", { name: /problems? in the log/ }).click();
    return drive;
  },
  "the shortcuts": async (options) => pressed(await openBatch(browser, faulty, options), "?"),
  "its menu": async (options) => {
    const drive = await openBatch(browser, faulty, options);
    await drive.page.getByRole("button", { name: "More Actions" }).click();
    return drive;
  },
};

describe("a checker of accessibility finds nothing serious", () => {
  it.each(Object.entries(states))("in %s, in any theme", async (_, open) => {
    await using drive = await open({ reducedMotion: true });
    for (const theme of themes) {
      await drive.panel.setTheme(theme);
      await drive.drawn();
      expect({ theme, found: await findings(drive.page) }).toEqual({ theme, found: [] });
    }
  });
});

describe("by keys alone", () => {
  it("everything that can be used has a name and is reached by Tab, in the order in which it stands", async () => {
    await using drive = await openBatch(browser, faulty, { reveal: { index: 7 } });
    await drive.page.getByText("run_NightlyEvalsOfNov20AB_7").waitFor();
    await drive.page.locator("h1").evaluate((title: HTMLElement) => {
      title.tabIndex = -1;
      title.focus();
    });
    const names: string[] = [];
    for (let step = 0; step < 60; step++) {
      await drive.page.keyboard.press("Tab");
      const name = await drive.page.evaluate(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return undefined;
        const label = element.getAttribute("aria-label") ?? element.textContent?.trim() ?? "";
        return `${element.getAttribute("role") ?? element.tagName.toLowerCase()} ${label.slice(0, 40)}`;
      });
      if (name === undefined) break;
      names.push(name);
    }
    const order = [
      /^button Retry Failed \(4\)/,
      /^button More Actions/,
      /^button 3 failed/,
      /^input /,
      /^application Runs and their attempts/,
      /^separator /,
      /^grid Runs/,
      /^aside Details/,
      /^button Open Trace/,
      /^button Copy Error/,
      /^button Attempt 1/,
      /^button 2 ×/,
    ];
    const places = order.map((name) => names.findIndex((each) => name.test(each)));
    expect(places, names.join("\n")).toEqual([...places].sort((one, other) => one - other));
    expect(Math.min(...places), names.join("\n")).toBeGreaterThanOrEqual(0);
    expect(names.filter((name) => /^\S+\s*$/.test(name))).toEqual([]);
  });

  it("the progress, the time and the cursor of the matrix are told in words", async () => {
    await using drive = await openBatch(browser, early, running);
    const { page } = drive;
    const bar = page.getByRole("progressbar");
    expect(await bar.getAttribute("aria-valuetext")).toMatch(/^\d+ of 40 runs have ended$/);
    expect(await page.getByRole("img").first().getAttribute("aria-label")).toMatch(/PARTIAL_FAILED, sealed, completed/);
    const matrix = page.getByRole("application");
    await matrix.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => matrix.getAttribute("aria-label")).toMatch(/^Runs and their attempts. Run 2: succeeded/);
  });

  it("a narrow list still says the state of each run", async () => {
    await using drive = await openBatch(browser, faulty, { widthPx: 320, heightPx: 900 });
    const row = drive.page.getByRole("row").filter({ hasText: "Expected 200" }).first();
    await row.waitFor();
    expect(await drive.page.getByRole("gridcell", { name: "succeeded" }).count()).toBeGreaterThan(0);
  });
});

describe("in a workspace that is not trusted", () => {
  it("nothing is stopped, paused or tried again, and the page says why", async () => {
    await using drive = await openBatch(browser, early, { ...running, isTrusted: false });
    const { page } = drive;
    for (const name of [/^Cancel/, /^Pause/, /^Retry Failed/]) {
      const button = page.getByRole("button", { name });
      if ((await button.count()) === 0) continue;
      expect(await button.getAttribute("aria-disabled")).toBe("true");
      await button.dispatchEvent("click");
      await expect.poll(() => page.getByRole("status").innerText()).toBe("Not in Restricted Mode");
    }
    expect(drive.intents).toEqual([]);
  });

  it("a failed run can be looked at, and is not tried again", async () => {
    await using drive = await openBatch(browser, faulty, { isTrusted: false, reveal: { index: 7 } });
    await drive.page.getByText("run_NightlyEvalsOfNov20AB_7").waitFor();
    expect(await drive.page.getByRole("button", { name: "Retry", exact: true }).count()).toBe(0);
    await drive.page.getByRole("button", { name: "Open Trace" }).click();
    await expect.poll(() => drive.intents).toEqual([{ type: "openRun", index: 7, beside: false }]);
  });
});
