// A large trace that is sent once more, whole: because too much of it changed at once, because its reader was replaced, or
// because nothing of it could be read for a while. What the person has set and where the person is stays.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium, type Page } from "../support/chromium";
import { ColumnsHost } from "../support/columnsHost";
import { generatedColumns } from "../support/generatedColumns";
import { openPanelPage } from "../support/panelPage";

const count = 60_000;

async function drawn(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** Which rows are in view and where, how many there are, and which one is selected. */
async function place(page: Page) {
  const seen = await page.evaluate(() => {
    const scroller = document.querySelector(".grid-scroller");
    const box = scroller?.getBoundingClientRect();
    const rows = [...document.querySelectorAll(".grid-scroller .row")].flatMap((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return box === undefined || bottom <= box.top || top >= box.bottom ? [] : [`${element.id} at ${top - box.top}`];
    });
    const active = document.querySelector('[role="treegrid"]')?.getAttribute("aria-activedescendant");
    return {
      rows: rows.sort(),
      active,
      total: document.querySelector('[role="treegrid"]')?.getAttribute("aria-rowcount"),
    };
  });
  const title = await page.locator(".details-title, .details h2").first().textContent();
  return { ...seen, title };
}

describe("a large trace that is sent again", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  /** A trace in which a row is collapsed, another one selected, and the list scrolled away from both. */
  async function visited() {
    const panel = await openPanelPage(browser, { widthPx: 1000, heightPx: 700 });
    const host = new ColumnsHost(panel, generatedColumns({ spans: count, shape: "wide", seed: 7 }));
    await host.open();
    const { page } = panel;
    await page.getByRole("treegrid").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowDown");
    const total = await page.getByRole("treegrid").getAttribute("aria-rowcount");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => page.getByRole("treegrid").getAttribute("aria-rowcount")).not.toBe(total);
    await page.locator(".grid-scroller").evaluate((element) => {
      element.scrollTop = 0.4 * element.scrollHeight;
    });
    await drawn(page);
    return { panel, host, page, before: await place(page), [Symbol.asyncDispose]: () => panel.close() };
  }

  /** More rows end later than a delta is made of; the title says when this is on the screen. */
  function changeRows(host: ColumnsHost): void {
    const { columns } = host;
    host.columns = { ...columns, endMs: columns.endMs.map((end, row) => (row > 2 && row < 55_000 ? end + 1 : end)) };
    host.header = { ...host.header, title: "changed" };
  }

  async function shown(page: Page, title: string): Promise<void> {
    await page
      .getByRole("heading", { name: title })
      .or(page.getByText(title, { exact: true }))
      .first()
      .waitFor();
    await drawn(page);
  }

  it("within its epoch, after more changed than a delta holds", async () => {
    await using visit = await visited();
    changeRows(visit.host);
    visit.host.revision = 2;
    await visit.host.sendAll();
    await shown(visit.page, "changed");
    expect(await place(visit.page)).toEqual(visit.before);
    expect(visit.panel.errors).toEqual([]);
  });

  it("in a new epoch with the same rows, as the next reader gives it", async () => {
    await using visit = await visited();
    changeRows(visit.host);
    visit.host.epoch = 2;
    await visit.host.sendAll();
    await shown(visit.page, "changed");
    expect(await place(visit.page)).toEqual(visit.before);
  });

  it("after nothing of it could be shown for a while", async () => {
    await using visit = await visited();
    await visit.panel.post({ type: "unavailable", reason: "stopped", message: "it did not answer", problems: [] });
    await visit.page.getByRole("alert").waitFor();
    changeRows(visit.host);
    visit.host.epoch = 2;
    await visit.host.sendAll();
    await shown(visit.page, "changed");
    expect(await place(visit.page)).toEqual(visit.before);
  });

  it("says that the reader does not answer, or the disk, and takes that back", async () => {
    await using visit = await visited();
    const { page, panel, before } = visit;
    const said = page.getByRole("status").filter({ hasText: "does not answer" });
    await panel.post({ type: "delay", of: "reader" });
    await said.filter({ hasText: "The reader does not answer" }).waitFor();
    await panel.post({ type: "delay", of: "files" });
    await said.filter({ hasText: "The disk does not answer" }).waitFor();
    await panel.post({ type: "delay", of: "nothing" });
    await expect.poll(() => said.count()).toBe(0);
    expect((await place(page)).active).toEqual(before.active);
  });
});
