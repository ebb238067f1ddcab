// The page of a batch in Chromium: what it shows of a log, and what it asks the host to do.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { abortedBatch, encodeBatchLog, madeBatch, untilMs } from "../support/batchLogs";
import { type Browser, launchChromium } from "../support/chromium";
import { aliveRunner, goneRunner, MemoryLog, openBatch } from "./batchHarness";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
});

const startMs = Date.UTC(2026, 10, 20, 14, 1, 50);
const faulty = {
  runs: 40,
  prefailed: { 11: { code: "PAYLOAD_TOO_LARGE", message: "The item is 4.2 MB" } },
  uncreated: { 30: { code: "DISK", message: "no space left on device" } },
};

describe("the page of a batch", () => {
  it("tells how a batch that is over ended, with the flags that decided", async () => {
    await using drive = await openBatch(browser, madeBatch(faulty));
    const { page } = drive;
    await page.getByRole("heading", { name: "nightly" }).waitFor();
    expect(await page.locator(".header").innerText()).toMatch(/Partly failed.*40 of 40/s);
    expect(await page.getByRole("progressbar").getAttribute("aria-label")).toBe(
      "Progress: 35 succeeded, 3 failed, 1 pre-failed, 1 not created",
    );
    expect(await page.locator(".history").innerText()).toMatch(
      /PENDING.*PROCESSING, sealed.*PARTIAL_FAILED, sealed, completed 15:01:5\d.*COMPLETED, sealed, completed/s,
    );
    expect(drive.panel.errors).toEqual([]);
    expect(drive.logged).toEqual([]);
  });

  it("follows a batch that runs", async () => {
    const records = madeBatch(faulty);
    const early = untilMs(records, 20_000);
    await using drive = await openBatch(browser, early, { runner: aliveRunner, nowMs: startMs + 20_000 });
    const { page } = drive;
    const running = page.getByRole("button", { name: /\d+ running/ });
    expect(await running.innerText()).toMatch(/^4\s+running/);
    await drive.append(records.slice(early.length));
    await expect.poll(() => page.locator(".header").innerText()).toContain("40 of 40");
    await running.waitFor({ state: "detached" });
  });

  it("opens the trace of the attempt whose cell is clicked", async () => {
    await using drive = await openBatch(browser, madeBatch({ runs: 40 }));
    const canvas = drive.page.getByRole("application", { name: "Runs and their attempts" });
    const box = await canvas.boundingBox();
    if (box === null) throw new Error("Not on the page.");
    // Run 8 failed three times; cells are 22 px wide and 24 px apart.
    const x = box.x + 26 + 7 * 24 + 11;
    for (const [row, attempt] of [
      [0, 1],
      [2, 3],
    ] as const) {
      await drive.page.mouse.click(x, box.y + 6 + row * 24 + 11);
      await expect.poll(() => drive.intents.at(-1)).toEqual({ type: "openRun", index: 7, attempt, beside: false });
    }
  });

  it("tells of a run under the pointer what its row tells", async () => {
    await using drive = await openBatch(browser, madeBatch({ runs: 40 }));
    const box = await drive.page.getByRole("application").boundingBox();
    if (box === null) throw new Error("Not on the page.");
    await drive.page.mouse.move(box.x + 26 + 7 * 24 + 11, box.y + 6 + 48 + 11);
    const tip = drive.page.locator(".tip");
    await tip.waitFor();
    expect(await tip.innerText()).toMatch(/Run 8.*failed.*attempt 3 of 3.*Expected 200, got 503/s);
  });

  it("is walked through by keys, and says where one is", async () => {
    await using drive = await openBatch(browser, madeBatch({ runs: 40 }));
    const { page } = drive;
    const grid = page.getByRole("grid", { name: "Runs" });
    await grid.focus();
    for (let step = 0; step < 8; step++) await page.keyboard.press("ArrowDown");
    await drive.drawn();
    const row = page.getByRole("row", { selected: true });
    expect(await row.innerText()).toMatch(/^8\s+failed/);
    expect(await grid.getAttribute("aria-activedescendant")).toBe(await row.getAttribute("id"));
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await expect.poll(() => drive.intents.at(-1)).toEqual({ type: "openRun", index: 7, attempt: 2, beside: false });
    await page.keyboard.press("m");
    await drive.drawn();
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => page.getByRole("status").innerText()).toMatch(/^Run 8: failed, attempt 3 of 3/);
  });

  it("shows failed runs only, by a key and by their chip, and runs of one error", async () => {
    await using drive = await openBatch(browser, madeBatch(faulty));
    const { page } = drive;
    await page.getByRole("grid").focus();
    await page.keyboard.press("f");
    await expect.poll(() => page.locator(".status-counts").innerText()).toBe("5 of 40 runs");
    await page.keyboard.press("f");
    await page.getByRole("button", { name: /3 failed/ }).click();
    await expect.poll(() => page.locator(".status-counts").innerText()).toBe("3 of 40 runs");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /2 × Expected 200/ }).click();
    await expect.poll(() => page.locator(".status-counts").innerText()).toBe("2 of 40 runs");
    await page.getByRole("textbox").fill("nothing like this");
    await page.getByText("No run is like that.").waitFor();
    await page.getByRole("button", { name: "Show All Runs" }).first().click();
    await expect.poll(() => page.locator(".status-counts").innerText()).toBe("40 runs");
  });

  it("sorts by duration, longest first, and back", async () => {
    await using drive = await openBatch(browser, madeBatch({ runs: 40 }));
    const { page } = drive;
    await page.getByRole("button", { name: "Duration" }).click();
    await drive.drawn();
    const seconds = async () => (await page.locator(".run-row .run-duration").allInnerTexts()).map(Number.parseFloat);
    const longest = await seconds();
    expect(longest).toEqual([...longest].sort((a, b) => b - a));
    expect(await page.getByRole("columnheader", { name: "Duration" }).getAttribute("aria-sort")).toBe("descending");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect.poll(() => page.locator(".run-row .run-number").first().innerText()).toBe("1");
  });

  it("says why a batch was aborted, and which items came", async () => {
    await using drive = await openBatch(browser, abortedBatch());
    const { page } = drive;
    await page.getByRole("region", { name: "Aborted" }).getByText("not sealed within 30 minutes").waitFor();
    expect(await page.locator(".history").innerText()).toMatch(/stream 1: answered 400.*23 new items/s);
    expect(await page.getByRole("button", { name: /Retry/ }).count()).toBe(0);
  });

  it("shows a retry that was answered as success as such, with the reason", async () => {
    await using drive = await openBatch(browser, madeBatch({ runs: 6, retriedStream: true }));
    expect(await drive.page.locator(".history").innerText()).toMatch(
      /a retry, answered as success\s+the batch is being processed already/,
    );
  });

  it("says that nobody runs a batch, and lets it be continued", async () => {
    const early = untilMs(madeBatch(faulty), 20_000);
    await using drive = await openBatch(browser, early, { runner: goneRunner });
    const { page } = drive;
    await page.getByRole("region", { name: "Interrupted" }).waitFor();
    const pause = page.getByRole("button", { name: "Pause" });
    expect(await pause.count()).toBe(0);
    await page.getByRole("button", { name: "Continue" }).click();
    await expect.poll(() => drive.intents.at(-1)).toEqual({ type: "control", action: "goOn" });
  });

  it("keeps a button that can't act, and says why", async () => {
    const early = untilMs(madeBatch(faulty), 20_000);
    await using drive = await openBatch(browser, early, {
      runner: { ...aliveRunner, isReachable: false },
      nowMs: startMs + 20_000,
    });
    const cancel = drive.page.getByRole("button", { name: "Cancel" });
    expect(await cancel.getAttribute("aria-disabled")).toBe("true");
    // Chromium's check for a click would wait for a button that is not disabled.
    await cancel.dispatchEvent("click");
    await expect
      .poll(() => drive.page.getByRole("status").innerText())
      .toBe("The process that runs this batch can't be reached");
    expect(drive.intents).toEqual([]);
  });

  it("keeps what was chosen over hiding", async () => {
    await using drive = await openBatch(browser, madeBatch(faulty));
    const { page } = drive;
    await page.getByRole("button", { name: /3 failed/ }).click();
    await page.locator(".run-row").nth(1).click();
    await expect.poll(async () => (await drive.viewState())?.selected).toBe(22);
    await drive.panel.reload();
    await expect.poll(() => page.locator(".status-counts").innerText()).toBe("3 of 40 runs");
    await page.getByRole("heading", { name: "Run 23" }).waitFor();
    await page.getByText("run_NightlyEvalsOfNov20AB_22").waitFor();
  });

  it("is opened with a run selected, also where a filter was kept that hides it", async () => {
    await using drive = await openBatch(browser, madeBatch({ runs: 400 }), { reveal: { index: 333 } });
    await drive.page.getByRole("heading", { name: "Run 334" }).waitFor();
    await expect.poll(() => drive.page.getByRole("row", { selected: true }).isVisible()).toBe(true);
  });

  it("shows what is sound of a damaged log, and where the damage is", async () => {
    const bytes = Buffer.from(encodeBatchLog(madeBatch({ runs: 12 })));
    const at = bytes.indexOf(0x0a) + 30;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await using drive = await openBatch(browser, new MemoryLog(bytes));
    await drive.page.getByRole("button", { name: /problems? in the log/ }).click();
    await drive.page
      .getByRole("button", { name: /^byte / })
      .first()
      .click();
    await expect.poll(() => drive.intents.at(-1)).toEqual({ type: "openLog", offsetBytes: bytes.indexOf(0x0a) + 1 });
  });

  it("begins anew when the log is replaced", async () => {
    await using drive = await openBatch(browser, madeBatch({ runs: 12 }));
    drive.log.replace(madeBatch({ runs: 7, name: "another" }));
    await drive.updated();
    await drive.page.getByRole("heading", { name: "another" }).waitFor();
    await expect.poll(() => drive.page.locator(".status-counts").innerText()).toBe("7 runs");
  });

  it("says that a batch is gone, and shows it when it is there again", async () => {
    const log = new MemoryLog(madeBatch({ runs: 3 }));
    log.isMissing = true;
    await using drive = await openBatch(browser, log);
    await drive.page.getByText("This batch is gone").waitFor();
    log.isMissing = false;
    await drive.updated();
    await drive.page.getByRole("heading", { name: "nightly" }).waitFor();
  });
});
