// A search that takes its time: what it finds is shown meanwhile, and nothing moves that the person points at. The answers
// come from the test, so that it decides what is found when.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { type Drive, largeTrace, openTrace, traceFiles } from "./panelHarness";

interface Asked {
  readonly id: number;
  readonly query: { readonly text: string; readonly regex: boolean };
}

/** Searches of the panel, which the host does not hear of. */
class Searches {
  readonly asked: Asked[] = [];
  readonly #drive: Drive;

  constructor(drive: Drive) {
    this.#drive = drive;
    const { webview } = drive.panel;
    const post = webview.postMessage;
    const mine = new Set<number>();
    drive.panel.onMessage((message) => {
      const { method, id, params } = message as { method?: string; id?: number; params?: { query: Asked["query"] } };
      if (method !== "search" || id === undefined || params === undefined) return;
      mine.add(id);
      this.asked.push({ id, query: params.query });
    });
    webview.postMessage = (message) => {
      const { type, id } = message as { type?: string; id?: number };
      const isAnswer = (type === "part" || type === "reply") && id !== undefined && mine.has(id);
      return isAnswer ? Promise.resolve(true) : post(message);
    };
  }

  async next(text: string): Promise<number> {
    await expect.poll(() => this.asked.at(-1)?.query.text).toBe(text);
    return this.asked.at(-1)?.id ?? -1;
  }

  async part(id: number, rows: readonly number[], searched: number): Promise<void> {
    await this.#drive.panel.post({ type: "part", id, part: { rows: Uint32Array.from(rows), searched } });
    await this.#drive.drawn();
  }

  async end(id: number, result: object = { skipped: 0 }): Promise<void> {
    await this.#drive.panel.post({ type: "reply", id, ok: true, result });
    await this.#drive.drawn();
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe("a search that takes its time", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("shows what is found and how far it is, and is read out once it ends", async () => {
    await using drive = await openTrace(browser, traceFiles(largeTrace(600)));
    const searches = new Searches(drive);
    const search = drive.page.getByRole("search");
    const status = search.getByRole("status");
    await drive.page.getByRole("textbox", { name: "Find in Trace" }).fill("case");
    const id = await searches.next("case");
    await searches.part(id, [], 0);
    expect(await search.innerText()).toContain("Searching…");
    await searches.part(id, range(20, 57), 0.62);
    expect(await search.innerText()).toContain("37+ matches · searching 62 %");
    expect(await status.innerText()).toBe("");
    // What is there can be gone to, and has its place among what is known.
    await drive.page.keyboard.press("Enter");
    await expect.poll(() => search.innerText()).toContain("1 of 37+ · searching 62 %");
    expect(await drive.selectedText()).toContain("case 20");
    const announced = () => drive.page.locator(".status-announcement").innerText();
    expect(await announced()).toContain("1 of 37+");
    await searches.part(id, [590], 0.99);
    await searches.end(id);
    await expect.poll(() => search.innerText()).toContain("1 of 38");
    // The status line told the count as it was then.
    expect(await announced()).toContain("1 of 38");
    expect(await announced()).not.toContain("+");
    expect(await search.innerText()).not.toContain("searching");
    expect(await status.innerText()).toBe("38 matches");
  });

  it("is given up by the next key stroke, and its late answers count for nothing", async () => {
    await using drive = await openTrace(browser, traceFiles(largeTrace(600)));
    const searches = new Searches(drive);
    const field = drive.page.getByRole("textbox", { name: "Find in Trace" });
    await field.fill("case");
    const first = await searches.next("case");
    await searches.part(first, [3], 0.1);
    await field.press("5");
    const canceled = () => drive.panel.messages.filter((message) => (message as { type?: string }).type === "cancel");
    await expect.poll(canceled).toEqual([{ type: "cancel", id: first }]);
    const second = await searches.next("case5");
    await searches.part(first, [4, 5], 0.2);
    await searches.part(second, [7], 1);
    await searches.end(second);
    expect(await drive.page.getByRole("search").innerText()).toContain("1 match");
    await field.press("Escape");
    await expect.poll(() => drive.page.locator(".is-match").count()).toBe(0);
  });

  it("lets rows appear as they are found, without moving the one under the pointer", async () => {
    await using drive = await openTrace(browser, traceFiles(largeTrace(600)));
    const { page } = drive;
    const searches = new Searches(drive);
    await page.getByRole("textbox", { name: "Find in Trace" }).fill("case");
    const id = await searches.next("case");
    await page.getByRole("button", { name: "Show Matches Only" }).click();
    const again = await searches.next("case");
    expect(again).toBe(id);
    await searches.part(id, range(300, 400), 0.4);
    await expect.poll(() => page.locator(".status-counts").innerText()).toBe("100 of 600");
    const row = page.getByRole("row", { name: /case 320 / });
    await row.hover();
    const before = await row.boundingBox();
    await searches.part(id, range(100, 200), 0.7);
    expect(await page.locator(".status-counts").innerText()).toBe("200 of 600");
    expect((await row.boundingBox())?.y).toBe(before?.y);
    await searches.part(id, range(310, 319), 0.8);
    await searches.part(id, range(400, 450), 0.9);
    expect((await row.boundingBox())?.y).toBe(before?.y);
    await row.click();
    expect(await drive.selectedText()).toContain("case 320");
    await searches.end(id);
    expect((await row.boundingBox())?.y).toBe(before?.y);
  });
});
