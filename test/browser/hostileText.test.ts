// Every text of a trace is data: whatever it looks like, it is shown as it is, nothing of it runs and nothing is loaded.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { isBuiltFile } from "../support/panelPage";
import { madeUpTrace, openTrace, traceFiles } from "./panelHarness";

const hostile = [
  "<img src=x onerror=\"globalThis.wasRun = 'img'\">",
  "</script><script>globalThis.wasRun = 'script'</script>",
  "[x](command:workbench.action.quit)",
  "![x](https://panel.tracekeeper.test/picture.png)",
  "<iframe srcdoc=\"<script>parent.wasRun = 'iframe'</script>\"></iframe>",
  "[y](javascript:globalThis.wasRun='link')",
  "<style>body { display: none }</style>",
  '<a href="https://example.com">click</a>',
].join("\n\n");

describe("hostile texts", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("are shown as text in the header, the tree, the details, the conversation and the summary", async () => {
    const trace = madeUpTrace(
      [
        { kind: "session", name: hostile, input: hostile, endTime: 9_000, status: "error", statusMessage: hostile },
        { kind: "user-message", name: hostile, input: hostile },
        { kind: "generation", name: hostile, output: hostile, model: { modelId: hostile }, finishReason: hostile },
        {
          name: hostile,
          parentSpanId: "s2",
          input: { filePath: hostile, oldString: hostile, newString: `${hostile}!`, [hostile]: hostile },
          output: { [hostile]: [hostile] },
          status: "error",
          statusMessage: hostile,
          attributes: { [hostile]: hostile, "code.file.path": hostile, nested: { [hostile]: hostile } },
          events: [{ name: hostile, timeMs: Date.UTC(2026, 10, 20, 9), attributes: { [hostile]: hostile } }],
        },
      ],
      {
        metadata: { title: hostile, prompt: hostile, agent: hostile },
        summary: {
          status: "error",
          error: hostile,
          narrative: hostile,
          loops: [{ tool: hostile, count: 3, description: hostile }],
        },
      },
    );
    const requests: string[] = [];
    await using drive = await openTrace(browser, traceFiles(trace), { widthPx: 1280, heightPx: 900 });
    const { page } = drive;
    page.on("request", (request) => requests.push(request.url()));
    const look = async () => {
      await drive.drawn();
      expect(await page.locator("img, iframe, a, script:not([nonce]), style, #root [style*=expression]").count()).toBe(
        0,
      );
      expect(await page.evaluate(() => (globalThis as { wasRun?: string }).wasRun)).toBeUndefined();
    };
    await expect.poll(() => page.getByRole("tabpanel").innerText()).toContain("<img src=x onerror=");
    await look();
    for (const row of await page.getByRole("treegrid").getByRole("row").all()) {
      if ((await row.getAttribute("aria-level")) === null) continue;
      await row.click();
      for (const tab of ["Data", "Raw", "Overview"]) {
        await page.getByRole("tab", { name: tab }).click();
        await look();
      }
      for (const choice of ["Markdown", "Text", "JSON"]) {
        for (const button of await page
          .getByRole("tabpanel")
          .getByRole("button", { name: choice, exact: true })
          .all()) {
          await button.click();
          await look();
        }
      }
    }
    expect(await page.getByRole("row", { selected: true }).innerText()).toContain("</script><script>");
    await page.getByRole("button", { name: "Conversation" }).click();
    await expect.poll(() => page.getByRole("feed").innerText()).toContain("<iframe srcdoc=");
    expect(await page.getByRole("feed").innerText()).toContain("picture.png");
    await look();
    await page.locator("#summary-button").click();
    await page.getByRole("dialog", { name: "Summary" }).locator(".summary-columns").waitFor();
    await look();
    expect(requests.filter((url) => !isBuiltFile(url))).toEqual([]);
    expect(drive.panel.errors).toEqual([]);
  });

  it("make no link of Markdown that leads anywhere, and say where it would lead", async () => {
    const output = "See [the docs](https://example.com/a) and [that](command:evil) and <b>bold</b> & **strong**.";
    const trace = madeUpTrace([
      { kind: "session", endTime: 9 },
      { kind: "generation", output },
    ]);
    await using drive = await openTrace(browser, traceFiles(trace));
    const { page } = drive;
    await page.getByRole("row", { name: /generation/ }).click();
    const words = page.locator(".markdown");
    await expect
      .poll(() => words.innerText())
      .toBe("See the docs (https://example.com/a) and that (command:evil) and <b>bold</b> & strong.");
    expect(await words.getByText("the docs").getAttribute("title")).toBe("https://example.com/a");
    await words.getByText("that", { exact: true }).click();
    expect(page.url()).toBe("https://panel.tracekeeper.test/");
    expect(await words.locator("strong").innerText()).toBe("strong");
  });
});
