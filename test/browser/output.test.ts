// A program's output in the panel: lines with times, colours and links, by mouse and by keyboard, finished and live.
import { execFileSync } from "node:child_process";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outputLinesResultSchema } from "../../src/protocol/outputMessages";
import type { TraceSpan } from "../../src/trace/schema";
import { type Browser, launchChromium } from "../support/chromium";
import { commandId, type Piece, type ProgramTrace, programTrace } from "../trace/outputTrace";
import { buildRun, failedTestRun, failingTests, manyLines } from "./outputTraces";
import { type Drive, liveFiles, madeUpTrace, type OpenOptions, openTrace, traceFiles } from "./panelHarness";

const e = "\u001b";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
});

const lineWith = (page: Page, words: string) => page.locator(".line").filter({ hasText: words });
const output = (page: Page) => page.getByRole("grid", { name: "Output of the program" });
const texts = (page: Page) => page.locator(".line-text").allInnerTexts();
const scrolledTo = (drive: Drive) => drive.page.locator(".output-scroller").evaluate((element) => element.scrollTop);
const chosen = (page: Page) => page.locator(".line[aria-selected=true] .line-text").allInnerTexts();

/** Opens the panel and waits until its first lines are there. */
async function open(trace: ReturnType<typeof programTrace>, options: OpenOptions = {}): Promise<Drive> {
  const drive = await openTrace(browser, traceFiles(trace), options);
  await drive.page.locator(".line-text:not(:empty)").first().waitFor();
  await drive.drawn();
  return drive;
}

const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => `line ${from + index}\n`).join("");

function live(pieces: readonly Piece[], startMs = Date.now() - 60_000) {
  const trace = programTrace({ command: "npm run dev", pieces, startMs });
  return liveFiles(trace);
}

const step: TraceSpan = {
  spanId: "step",
  parentSpanId: commandId,
  name: "fetch rates",
  kind: "span",
  startTime: Date.UTC(2026, 10, 20, 9, 0, 2),
  endTime: Date.UTC(2026, 10, 20, 9, 0, 4),
  status: "ok",
};

describe("a run that only printed", () => {
  it("opens at the line that tells of its failure, its command selected", async () => {
    await using drive = await open(failedTestRun(), { heightPx: 400 });
    const { page } = drive;
    expect(await page.getByRole("button", { name: "Output", exact: true }).getAttribute("aria-pressed")).toBe("true");
    const failing = lineWith(page, "❯ test/billing/tax.test.ts:21:31");
    expect(await failing.isVisible()).toBe(true);
    expect(await failing.getByRole("img", { name: "This line tells of the failure" }).count()).toBe(1);
    expect(await chosen(page)).toEqual([" ❯ test/billing/tax.test.ts:21:31"]);
    expect(await page.locator(".details-head").innerText()).toMatch(/command\s+npm test\s+exit 1/);
    expect(await page.locator(".banner").innerText()).toMatch(/Failed at\s+command\s+npm test\s+exit 1/);
    expect(drive.panel.errors).toEqual([]);
  });

  it("that went well opens at its end, with what its command came to", async () => {
    await using drive = await open(buildRun(), { heightPx: 220 });
    const { page } = drive;
    await page.locator(".mark-end").waitFor();
    expect((await page.locator(".mark-end").innerText()).replace(/\s+/g, " ")).toContain("exit 0 after 5.4 s");
    await output(page).press("Home");
    await expect.poll(() => page.locator(".mark-start").innerText()).toMatch(/npm run build\s+\/repo\/shop/);
  });

  it("shows no code, and no part of the page is made of it", async () => {
    const nasty = `<img src=x onerror="document.title='owned'">${e}]0;title\u0007${e}[2J<b>bold</b>&amp;\u0000\n`;
    await using drive = await open(
      programTrace({ command: "x", pieces: [{ atMs: 1, text: nasty }], end: { atMs: 9 } }),
    );
    expect(await texts(drive.page)).toEqual([`<img src=x onerror="document.title='owned'"><b>bold</b>&amp;`]);
    expect(await drive.page.locator(".line img, .line b").count()).toBe(0);
    expect(await drive.page.title()).not.toBe("owned");
  });

  it("shows the colours of the theme's terminal, readable on their ground", async () => {
    const pieces = [
      { atMs: 1, text: `${e}[32mgreen${e}[0m ${e}[30mblack${e}[0m ${e}[1;3;4mloud${e}[0m ${e}[41mred${e}[0m` },
    ];
    await using drive = await open(programTrace({ command: "x", pieces, end: { atMs: 9 } }), { theme: "dark" });
    const style = (words: string) =>
      drive.page
        .locator(".line-text span")
        .filter({ hasText: words })
        .evaluate((element) => {
          const { color, backgroundColor, fontWeight, fontStyle, textDecorationLine } = getComputedStyle(element);
          return { color, backgroundColor, fontWeight, fontStyle, textDecorationLine };
        });
    expect((await style("green")).color).toBe("rgb(13, 188, 121)");
    // Black on the dark ground could not be read.
    expect((await style("black")).color).not.toBe("rgb(0, 0, 0)");
    expect(await style("loud")).toMatchObject({
      fontWeight: "700",
      fontStyle: "italic",
      textDecorationLine: "underline",
    });
    expect((await style("red")).backgroundColor).toBe("rgb(205, 49, 49)");
    await drive.panel.setTheme("light");
    await expect.poll(async () => (await style("green")).color).toBe("rgb(16, 124, 16)");
  });

  it("tells stderr by a mark and its words, not by colour alone", async () => {
    await using drive = await open(buildRun());
    const row = lineWith(drive.page, "Some chunks are larger");
    expect(await row.locator(".line-stream").getAttribute("aria-label")).toBe("stderr");
    expect(await row.locator(".line-stream").innerText()).toBe("err");
    expect(await lineWith(drive.page, "dist/index.html").locator(".line-stream").innerText()).toBe("");
    expect(await drive.page.locator(".output-head").innerText()).toContain("stdout and stderr");
  });

  it("says when lines came, once for those that came together, and where nothing came", async () => {
    await using drive = await open(buildRun());
    const { page } = drive;
    const time = (words: string) => lineWith(page, words).locator(".line-time");
    expect(await time("dist/index.html").innerText()).toBe("+0:05.300");
    expect(await time("index-DiwrgTda.css").getAttribute("class")).toContain("is-same");
    expect(await page.locator(".mark-quiet").allInnerTexts()).toEqual(["4.4 s quiet"]);
    await drive.navigate("toggleAbsoluteTimes");
    await expect.poll(() => time("dist/index.html").innerText()).toBe("10:00:05.300");
  });

  it("says so where nothing was printed", async () => {
    const trace = programTrace({ command: "true", pieces: [], end: { atMs: 9, exitCode: 0 } });
    await using drive = await openTrace(browser, traceFiles(trace));
    await drive.page.getByText("The program printed nothing.").waitFor();
  });

  it("fits 320 px", async () => {
    await using drive = await open(buildRun(), { widthPx: 320 });
    expect(await drive.page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    expect(await lineWith(drive.page, "dist/index.html").locator(".line-time").innerText()).toBe("0:05");
    const text = await lineWith(drive.page, "dist/index.html").locator(".line-text").boundingBox();
    expect(text?.x).toBeLessThan(120);
  });
});

describe("links in lines", () => {
  it("ask the host for the place, beside where that is wanted", async () => {
    await using drive = await open(failedTestRun());
    const link = drive.page.getByRole("link", { name: "src/billing/tax.ts:41:10" }).first();
    await expect.poll(() => link.count()).toBe(1);
    expect(await link.getAttribute("title")).toBe("Go to src/billing/tax.ts:41:10");
    await link.click();
    await link.click({ modifiers: ["Control"] });
    await expect.poll(() => drive.intents.length).toBe(2);
    const { lines } = await drive.ask("outputLines", { from: 0, count: 99 }, outputLinesResultSchema);
    const line = lines.findIndex(({ text }) => text.includes("total src/billing"));
    const row = lines[line]?.row;
    const intent = { type: "openSource", epoch: drive.model.facts?.epoch, row, outputLine: line, place: 0 };
    expect(drive.intents).toEqual([
      { ...intent, beside: false },
      { ...intent, beside: true },
    ]);
    const { epoch = 0 } = drive.model.facts ?? {};
    const source = await drive.model.call("source", { epoch, row: row ?? -1, outputLine: line, link: 0 });
    expect(source?.places).toMatchObject([{ path: "src/billing/tax.ts", line: 41, column: 10 }]);
  });

  it("of the web are named by where they stand", async () => {
    await using drive = await open(buildRun());
    await drive.page.getByRole("link", { name: "https://vite.dev/guide/build" }).click();
    await expect.poll(() => drive.intents).toMatchObject([{ type: "openLink", outputLine: 7, link: 0 }]);
  });

  it("are opened by Enter from their line, and a line without one says so", async () => {
    await using drive = await open(buildRun());
    const { page } = drive;
    await output(page).press("Enter");
    await expect.poll(() => drive.intents).toMatchObject([{ type: "openLink", outputLine: 7, link: 0 }]);
    await output(page).press("Home");
    await output(page).press("Enter");
    await expect.poll(() => page.locator(".status-announcement").innerText()).toBe("Nothing to open in this line");
  });
});

describe("the keyboard in the output", () => {
  it("moves, chooses and copies lines", async () => {
    await using drive = await open(buildRun());
    const { page } = drive;
    const list = output(page);
    await list.press("Home");
    expect(await chosen(page)).toEqual(["vite v7.1.0 building for production..."]);
    await list.press("ArrowDown");
    await list.press("Shift+ArrowDown");
    await list.press("Shift+ArrowDown");
    expect(await chosen(page)).toHaveLength(3);
    expect(await page.locator(".status-counts").innerText()).toBe("3 lines chosen");
    await list.press("Control+c");
    await expect.poll(() => drive.intents.at(-1)).toMatchObject({ type: "copyOutput", from: 1, to: 3 });
    await list.press("ArrowUp");
    expect(await page.locator(".status-counts").innerText()).toBe("line 3 of 8");
    await list.press("Control+a");
    await list.press("Control+c");
    await expect.poll(() => drive.intents.at(-1)).toMatchObject({ type: "copyOutput", from: 0, to: 7 });
    await list.press("End");
    expect(await page.locator(".status-counts").innerText()).toBe("line 8 of 8");
  });

  it("tells the host the line, for the keys of the workbench", async () => {
    await using drive = await open(buildRun());
    await output(drive.page).press("Home");
    await expect.poll(() => drive.connection.selected?.outputLine).toBe(0);
    await drive.page.getByRole("button", { name: "Tree" }).click();
    await expect.poll(() => drive.connection.selected?.outputLine).toBeUndefined();
    expect(drive.connection.selected?.row).toBe(1);
  });

  it("goes to the failing line by F8, and says when that is all", async () => {
    await using drive = await open(failedTestRun(), { heightPx: 360 });
    const { page } = drive;
    await output(page).press("Home");
    await drive.navigate("nextFailure");
    await expect.poll(() => chosen(page)).toEqual([" ❯ test/billing/tax.test.ts:21:31"]);
    expect(await page.locator(".status-announcement").innerText()).toBe("Failure at line 25");
    await drive.navigate("nextFailure");
    await expect.poll(() => page.locator(".status-announcement").innerText()).toBe("This is the only failure");
    expect(await output(page).count()).toBe(1);
  });

  it("keeps the line of the cursor in view over pages", async () => {
    await using drive = await open(manyLines(2_000), { heightPx: 400 });
    const { page } = drive;
    const list = output(page);
    await list.press("Home");
    for (let count = 0; count < 5; count++) await list.press("PageDown");
    const cursor = page.locator(".line.is-cursor");
    await cursor.waitFor();
    const [row, box] = [await cursor.boundingBox(), await page.locator(".output-scroller").boundingBox()];
    expect(row?.y).toBeGreaterThanOrEqual(box?.y ?? 0);
    expect((row?.y ?? 0) + (row?.height ?? 0)).toBeLessThanOrEqual((box?.y ?? 0) + (box?.height ?? 0));
    expect(await list.getAttribute("aria-activedescendant")).toBe(await cursor.getAttribute("id"));
  });
});

describe("the mouse in the output", () => {
  it("chooses a line, and with Shift all up to another", async () => {
    await using drive = await open(buildRun());
    const { page } = drive;
    await lineWith(page, "1204 modules").click();
    await lineWith(page, "dist/index.html")
      .locator(".line-time")
      .click({ modifiers: ["Shift"] });
    expect(await chosen(page)).toHaveLength(4);
  });

  it("marks text that is copied from where it begins to where it ends, also what has left the page", async () => {
    await using drive = await open(manyLines(3_000), { heightPx: 500 });
    const { page } = drive;
    await output(page).press("Home");
    await lineWith(page, "row 3 of").waitFor();
    const from = await lineWith(page, "row 3 of").locator(".line-text").boundingBox();
    const to = await lineWith(page, "row 6 of").locator(".line-text").boundingBox();
    await page.mouse.move((from?.x ?? 0) + 1, (from?.y ?? 0) + 8);
    await page.mouse.down();
    await page.mouse.move((to?.x ?? 0) + 60, (to?.y ?? 0) + 8, { steps: 5 });
    await page.mouse.up();
    await page.locator(".output-scroller").evaluate((element) => {
      element.scrollTop = 20_000;
    });
    await lineWith(page, "row 1010 of").waitFor();
    await output(page).press("Control+c");
    await expect.poll(() => drive.intents).toMatchObject([{ type: "copyOutput", from: 3, fromOffset: 0, to: 6 }]);
    expect((drive.intents[0] as { toOffset?: number }).toOffset).toBeGreaterThan(3);
  });
});

describe("find in the output", () => {
  it("counts lines, goes from one to the next and marks what was found", async () => {
    await using drive = await open(manyLines(5_000), { heightPx: 400 });
    const { page } = drive;
    await drive.navigate("search");
    const field = page.getByRole("textbox", { name: "Find in Output" });
    await field.fill("error");
    await expect.poll(() => page.locator(".search-count").innerText()).toBe("52 matches");
    await field.press("Enter");
    await expect.poll(() => page.locator(".search-count").innerText()).toBe("1 of 52");
    await field.press("Enter");
    await expect.poll(() => page.locator(".line.is-cursor mark").innerText()).toBe("ERROR");
    expect(await chosen(page)).toEqual(["[0000097] ERROR row 97 of src/import/batch.ts:98 done"]);
    await field.press("Shift+Enter");
    await field.press("Shift+Enter");
    await expect.poll(() => page.locator(".search-count").innerText()).toBe("52 of 52");
    expect(await page.locator(".status-announcement").innerText()).toContain("Went on from the end");
    await field.fill("nothing like it");
    await expect.poll(() => page.locator(".search-count").innerText()).toBe("No matches");
    expect(drive.panel.errors).toEqual([]);
  });

  it("goes on in the tree with the same words", async () => {
    await using drive = await open(failedTestRun());
    const { page } = drive;
    await page.getByRole("textbox", { name: "Find in Output" }).fill("rounds half");
    await expect.poll(() => page.locator(".search-count").innerText()).toBe("3 matches");
    await page.getByRole("button", { name: "Tree" }).click();
    expect(await page.getByRole("textbox", { name: "Find in Trace" }).inputValue()).toBe("rounds half");
    await expect.poll(() => page.locator(".search-count").innerText()).toMatch(/^(?:1 of 3|3 matches)$/);
  });
});

describe("a live program", () => {
  it("is followed at its end, and its progress overwrites itself", async () => {
    const startMs = Date.now() - 60_000;
    const pieces: Piece[] = [
      { atMs: 1, text: numbered(60) },
      { atMs: 2, text: "10%" },
    ];
    await using drive = await openTrace(browser, live(pieces, startMs), { liveness: "alive", heightPx: 400 });
    const { page } = drive;
    await lineWith(page, "10%").waitFor();
    pieces.push({ atMs: 3, text: "\r55%" });
    await drive.update(live(pieces, startMs));
    await expect.poll(() => lineWith(page, "55%").count()).toBe(1);
    expect(await lineWith(page, "10%").count()).toBe(0);
    pieces.push({ atMs: 4, text: `\ndone\n${numbered(40, 60)}` });
    await drive.update(live(pieces, startMs));
    await expect.poll(() => lineWith(page, "line 99").isVisible()).toBe(true);
    expect(await page.getByRole("button", { name: /new$/ }).count()).toBe(0);
    expect(await page.locator(".line.is-cursor .line-text").innerText()).toBe("line 99");
  });

  it("moves nothing that the person looks at, and tells how many lines came", async () => {
    const startMs = Date.now() - 60_000;
    const pieces: Piece[] = [{ atMs: 1, text: numbered(100) }];
    await using drive = await openTrace(browser, live(pieces, startMs), { liveness: "alive", heightPx: 400 });
    const { page } = drive;
    await lineWith(page, "line 99").waitFor();
    await page.locator(".output-scroller").evaluate((element) => {
      element.scrollTop = 500;
    });
    await lineWith(page, "line 30").waitFor();
    const place = await lineWith(page, "line 30").boundingBox();
    pieces.push({ atMs: 9_000, text: numbered(12, 100) });
    await drive.update(live(pieces, startMs));
    await expect.poll(() => page.getByRole("button", { name: "12 new" }).count()).toBe(1);
    expect(await lineWith(page, "line 30").boundingBox()).toEqual(place);
    expect(await scrolledTo(drive)).toBe(500);
    await page.getByRole("button", { name: "12 new" }).click();
    await expect.poll(() => lineWith(page, "line 111").isVisible()).toBe(true);
    await expect.poll(() => page.getByRole("button", { name: /new$/ }).count()).toBe(0);
  });

  it("says for how long nothing came", async () => {
    const startMs = Date.now() - 60_000;
    await using drive = await openTrace(browser, live([{ atMs: 1, text: "listening\n" }], startMs), {
      liveness: "alive",
    });
    await drive.page.getByText("listening").waitFor();
    await expect.poll(() => drive.page.locator(".mark-quiet").innerText()).toMatch(/^(?:1 m|59\.?\d?) ?.*quiet$/);
  });

  it("that was stopped says by whom, and what of its output is missing", async () => {
    const trace = failedTestRun({
      end: { atMs: 7_000, error: "stopped by the person: killed by SIGINT", interrupted: true },
    });
    const [, command, lines] = trace.spans;
    const at = (afterMs: number) => (command?.startTime ?? 0) + afterMs;
    if (command !== undefined && lines !== undefined) {
      const event = { name: "tracekeeper.stop", attributes: { step: "interrupt", by: "person" } };
      command.events = [{ ...event, timeMs: at(6_900) }];
      const lost = { name: "tracekeeper.output-lost", attributes: { bytes: 2_048, reason: "no space left on device" } };
      lines.events = [{ ...lost, timeMs: at(3_000) }];
    }
    await using drive = await open(trace);
    const { page } = drive;
    const notes = async () =>
      (await page.locator(".note").allInnerTexts()).map((words) => words.replace(/\s+/g, " ").trim());
    expect(await notes()).toEqual([
      "+0:03.002 2 KB of output were not recorded: no space left on device",
      "+0:06.902 Interrupted by the person",
    ]);
    const quiet = await page.locator(".mark-gap").first().boundingBox();
    const note = await page.locator(".mark-note").first().boundingBox();
    expect((note?.y ?? 0) + (note?.height ?? 0)).toBe(quiet?.y);
    expect(await page.locator(".mark-end").innerText()).toContain("stopped by the person: killed by SIGINT");
    expect(await page.locator(".banner").innerText()).not.toContain("Failed at");
  });

  it("that has printed nothing yet says so", async () => {
    await using drive = await openTrace(browser, live([]), { liveness: "alive" });
    await drive.page.getByText("The program has not printed anything yet.").waitFor();
  });

  it("whose session was killed has a command without an end", async () => {
    const trace = programTrace({ command: "npm run dev", pieces: [{ atMs: 5, text: "listening\n" }] });
    await using drive = await openTrace(browser, liveFiles(trace), { liveness: "gone" });
    const { page } = drive;
    await page.getByText("listening").waitFor();
    expect(await page.locator(".mark-end").innerText()).toBe("Its end was not recorded");
    expect(await page.locator(".banner").innerText()).toMatch(
      /In progress when the process died:\s+command\s+npm run dev/,
    );
  });
});

describe("output of any size", () => {
  it("is in the page only as far as it is looked at", async () => {
    await using drive = await open(manyLines(2_000_000, 4_000), { heightPx: 500 });
    const { page } = drive;
    await lineWith(page, "row 1999999 of").waitFor();
    expect(await page.locator(".line").count()).toBeLessThan(80);
    await page.locator(".output-scroller").evaluate((element) => {
      element.scrollTop = element.scrollHeight / 2;
    });
    await expect
      .poll(async () => Number(/row (\d+)/.exec((await texts(page))[20] ?? "")?.[1] ?? 0))
      .toBeGreaterThan(990_000);
    await output(page).press("Home");
    await expect.poll(() => lineWith(page, "row 0 of").isVisible()).toBe(true);
    await output(page).press("End");
    await expect.poll(() => lineWith(page, "row 1999999 of").isVisible()).toBe(true);
    expect(await page.locator(".line").count()).toBeLessThan(80);
    expect(drive.panel.errors).toEqual([]);
  });

  it("has lines of any length, of which the beginning is shown", async () => {
    const pieces = [{ atMs: 1, text: `${"x".repeat(50_000)}\nnext\n` }];
    await using drive = await open(programTrace({ command: "x", pieces, end: { atMs: 9 } }));
    expect(await drive.page.locator(".line-cut").innerText()).toBe("… 40,000 more characters");
  });
});

describe("the tree of a run with output", () => {
  it("comes first where the program sent steps, and leads to the output", async () => {
    await using drive = await openTrace(browser, traceFiles(failedTestRun({ steps: [step] })));
    const { page } = drive;
    await page.getByRole("treegrid").waitFor();
    await page.getByRole("row", { name: /command npm test/ }).click();
    await page.getByRole("button", { name: "Show the Last Output" }).click();
    await expect.poll(() => chosen(page)).toEqual([" ❯ test/billing/tax.test.ts:21:31"]);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("output");
  });

  it("holds the output in one row, and its bursts below where they are wanted", async () => {
    await using drive = await openTrace(browser, traceFiles(failedTestRun({ steps: [step] })));
    const { page } = drive;
    const row = page.getByRole("row", { name: /^output/ });
    expect((await row.innerText()).replace(/\s+/g, " ")).toMatch(/output 40 lines · 1\.\d KB/);
    expect(await row.getAttribute("aria-expanded")).toBe("false");
    await row.click();
    await page.keyboard.press("ArrowRight");
    const burst = page.getByRole("row", { name: /invoice\.test\.ts/ });
    await burst.click();
    await page.getByRole("button", { name: "Show in Output" }).click();
    await expect.poll(() => chosen(page)).toEqual([" ✓ test/billing/invoice.test.ts (9 tests) 24ms"]);
  });

  it("shows the text of a burst without codes", async () => {
    await using drive = await openTrace(browser, traceFiles(failedTestRun({ steps: [step] })), {
      revealSpanId: "burst-4",
    });
    await expect
      .poll(() => drive.page.getByRole("tabpanel").innerText())
      .toContain("✓ test/billing/invoice.test.ts (9 tests)");
    expect(await drive.page.getByRole("tabpanel").innerText()).not.toContain("[32m");
  });

  it("has no view of output where there is none", async () => {
    await using drive = await openTrace(browser, traceFiles(madeUpTrace([{ kind: "session" }, { name: "bash" }])));
    expect(await drive.page.getByRole("button", { name: "Output", exact: true }).count()).toBe(0);
  });
});

describe("the card on how to get steps", () => {
  const card = (page: Page) => page.getByRole("region", { name: "Get steps into this trace" });

  it("names what to install and how to start, for each kind of program", async () => {
    await using drive = await open(buildRun());
    const { page } = drive;
    expect(await card(page).innerText()).toContain("@opentelemetry/auto-instrumentations-node/register");
    await card(page).getByRole("button", { name: "Python" }).click();
    expect(await card(page).innerText()).toContain("opentelemetry-exporter-otlp-json-http");
  });

  it("gives commands that pass on where steps go, each with its own button and when it is for", async () => {
    await using drive = await open(buildRun());
    const { page } = drive;
    // Whether a page may read the clipboard is the browser's affair; what is written is the card's.
    await page.evaluate(() => {
      const copied: string[] = [];
      Object.assign(globalThis, { copied });
      navigator.clipboard.writeText = async (value) => void copied.push(value);
    });
    await card(page).getByRole("button", { name: "Docker, SSH, More" }).click();
    const names = ["Into a container, on Linux", "To another user", "To another machine"];
    for (const name of names)
      await card(page)
        .getByRole("button", { name: `Copy ${name}` })
        .click();
    const copied = await page.evaluate(() => (globalThis as unknown as { copied: string[] }).copied);
    // What a shell makes of them.
    const shown =
      'show() { printf "%s\\n" "$@"; }; docker() { show docker "$@"; }; sudo() { show sudo "$@"; }; ssh() { show ssh "$@"; }';
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4711" };
    const words = copied.map((command) =>
      execFileSync("/bin/sh", ["-c", `${shown}\n${command}`], { env, encoding: "utf8" })
        .trim()
        .split("\n"),
    );
    const variables = ["ENDPOINT", "HEADERS", "PROTOCOL"].map((end) => `OTEL_EXPORTER_OTLP_${end}`);
    variables.push("TRACEPARENT");
    const passed = variables.flatMap((name) => ["-e", name]);
    expect(words).toEqual([
      ["docker", "run", "--network", "host", ...passed, "my-image"],
      ["sudo", `--preserve-env=${variables.join(",")}`, "./app"],
      [
        "ssh",
        "-R",
        "4711:127.0.0.1:4711",
        "-o",
        "SendEnv=OTEL_EXPORTER_OTLP_*",
        "-o",
        "SendEnv=TRACEPARENT",
        "my-host",
        "./app",
      ],
    ]);
    expect(await card(page).locator("pre").allInnerTexts()).toEqual(copied);
    expect(await card(page).innerText()).toContain(
      "Without the host's network, 127.0.0.1 would be the container's own",
    );
  });

  it("is put away for good, and found again in the menu", async () => {
    await using drive = await open(buildRun());
    const { page } = drive;
    await card(page).getByRole("button", { name: "Don't Show This Again" }).click();
    expect(await card(page).count()).toBe(0);
    await expect.poll(() => drive.intents).toEqual([{ type: "hideStepsCard", hidden: true }]);
    await page.getByRole("button", { name: "More Actions" }).click();
    await page.getByRole("menuitem", { name: "Get Steps into This Trace…" }).click();
    expect(await card(page).count()).toBe(1);
    await expect.poll(() => drive.intents.at(-1)).toEqual({ type: "hideStepsCard", hidden: false });
  });

  it("is not there once it was put away, nor where there are steps", async () => {
    await using away = await open(buildRun(), { hidesStepsCard: true });
    expect(await card(away.page).count()).toBe(0);
    await using steps = await openTrace(browser, traceFiles(failedTestRun({ steps: [step] })));
    expect(await card(steps.page).count()).toBe(0);
  });
});

describe("a session that was started here", () => {
  const control = { canRunAgain: true, canStop: true, hasTerminal: true };

  it("can be run again once it is over", async () => {
    await using drive = await open(failedTestRun(), { control });
    const { page } = drive;
    await page.locator(".banner").getByRole("button", { name: "Run Again" }).click();
    await page.locator("header").getByRole("button", { name: "Run Again" }).click();
    await expect.poll(() => drive.intents).toEqual([{ type: "runAgain" }, { type: "runAgain" }]);
    expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(0);
  });

  it("can be stopped and its terminal shown while it runs", async () => {
    const files = live([{ atMs: 1, text: "listening\n" }]);
    await using drive = await openTrace(browser, files, { control, liveness: "alive" });
    const { page } = drive;
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Reveal Terminal" }).click();
    await expect.poll(() => drive.intents).toEqual([{ type: "stopSession" }, { type: "revealTerminal" }]);
    expect(await page.getByRole("button", { name: "Run Again" }).count()).toBe(0);
  });

  it("has none of these buttons where it was not", async () => {
    await using drive = await open(failedTestRun());
    expect(await drive.page.getByRole("button", { name: "Run Again" }).count()).toBe(0);
  });
});

describe("what a panel remembers of the output", () => {
  it("is the view, the place and the line", async () => {
    const program: Partial<ProgramTrace> = { pieces: [...failingTests, { atMs: 6_500, text: numbered(300) }] };
    await using drive = await open(failedTestRun(program), { heightPx: 400 });
    const { page } = drive;
    await output(page).press("Home");
    for (let count = 0; count < 6; count++) await output(page).press("PageDown");
    const line = await page.locator(".line.is-cursor").getAttribute("data-line");
    const before = await scrolledTo(drive);
    await expect.poll(async () => (await drive.viewState()).output?.cursorLine).toBe(Number(line));
    await drive.panel.reload();
    await page.locator(".line.is-cursor").waitFor();
    await drive.drawn();
    expect(await page.locator(".line.is-cursor").getAttribute("data-line")).toBe(line);
    expect(Math.abs((await scrolledTo(drive)) - before)).toBeLessThan(20);
  });
});
