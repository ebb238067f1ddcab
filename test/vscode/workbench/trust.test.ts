// Restricted Mode, a reload of the window, damaged files and hostile texts.
import { symlink, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Browser, launchChromium } from "../../support/chromium";
import { makeTempDir, type TempDir } from "../../support/tempDir";
import { type RunningVscode, startVscode } from "../../support/vscodeServer";
import { afterReload, openWorkbench, type Workbench } from "../../support/workbench";

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
});

async function start(workspaceTrust = false): Promise<{ vscode: RunningVscode; workbench: Workbench }> {
  const vscode = await startVscode({ extensionsFolder: inject("packagedExtensionsFolder"), workspaceTrust });
  const workbench = await openWorkbench(browser, vscode.url());
  return { vscode, workbench };
}

describe("Restricted Mode", () => {
  let outside: TempDir;
  let vscode: RunningVscode;
  let workbench: Workbench;

  beforeAll(async () => {
    ({ vscode, workbench } = await start(true));
    outside = await makeTempDir();
    const secret = {
      version: 2,
      traceId: "t",
      sessionId: "ses_out",
      metadata: { title: "Secret run" },
      spans: [],
      summary: {},
    };
    await symlink(
      await outside.write("secret.json", JSON.stringify(secret)),
      path.join(vscode.workspaceFolder, ".tracekeeper", "traces", "ses_out.json"),
    );
    await workbench.statusBar.getByText("Restricted Mode").waitFor();
    await workbench.openContainer("Tracekeeper");
  });

  afterAll(async () => {
    await vscode?.stop();
    await outside?.remove();
  });

  it("reads nothing through a link that leads out of the workspace", async () => {
    await workbench
      .row("ses_out")
      .getByText(/leads out of the workspace/)
      .waitFor();
    expect((await workbench.rows()).join("\n")).not.toContain("Secret run");
  });

  it("lists and opens the traces below the workspace", async () => {
    await workbench.row("Build revenue mart").click();
    await workbench.panel().getByRole("region", { name: "Failure" }).waitFor();
  });

  it("offers no deletion", async () => {
    await workbench.row("Build revenue mart").click({ button: "right" });
    const item = workbench.page.getByRole("menuitem", { name: "Delete Session…" });
    await item.waitFor();
    expect(await item.getAttribute("aria-disabled")).toBe("true");
    await workbench.press("Escape");
  });
});

describe("a trusted window", () => {
  let vscode: RunningVscode;
  let workbench: Workbench;

  beforeAll(async () => {
    ({ vscode, workbench } = await start());
    await workbench.openContainer("Tracekeeper");
    await workbench.row("Build revenue mart").waitFor();
  });

  afterAll(() => vscode?.stop());

  it("keeps the selected step, the search and the view of a panel over a reload", async () => {
    await workbench.row("Overnight backfill").dblclick();
    const panel = workbench.panel();
    await panel.getByRole("treegrid").waitFor();
    await panel.locator("[role=row]").filter({ hasText: "generation-step-1" }).first().click();
    await panel.getByRole("treegrid").focus();
    await workbench.press("ArrowDown", "ArrowDown", "ArrowDown");
    const selected = () => workbench.panel().locator("[role=row][aria-selected=true]");
    const before = await selected().innerText();
    await panel.getByLabel("Find in Trace").fill("backfill");
    await panel
      .getByText(/1 of \d|match/)
      .first()
      .waitFor();
    const searched = await selected().innerText();
    await workbench.reload();
    await workbench.panel().getByRole("treegrid").waitFor(afterReload);
    await expect.poll(() => selected().innerText()).toBe(searched);
    expect(before).not.toBe("");
    await expect.poll(() => workbench.panel().getByLabel("Find in Trace").inputValue()).toBe("backfill");
  });

  it("keeps its state while its tab is hidden", async () => {
    const selected = () => workbench.panel().locator("[role=row][aria-selected=true]");
    const before = await selected().innerText();
    await workbench.openFile("src/billing/tax.ts");
    await workbench.tab("ses_two_bursts_7h.json").click();
    await expect.poll(() => selected().innerText()).toBe(before);
  });

  it("keeps a step that was selected just before its tab was hidden", async () => {
    await workbench.row("Migrate warehouse").dblclick();
    await workbench.panel().getByText("In progress when the process died:").waitFor();
    await workbench.panel().getByRole("treegrid").focus();
    await workbench.press("Home", "ArrowDown", "ArrowDown");
    const selected = () => workbench.panel().locator("[role=row][aria-selected=true]");
    await expect.poll(() => selected().getAttribute("aria-rowindex")).toBe("4");
    await workbench.press("ArrowDown");
    await workbench.row("Overnight backfill").click();
    await workbench.panel().getByText("Overnight backfill").first().waitFor();
    await workbench.tab("ses_crashed_migration.json").click();
    await workbench.panel().getByText("In progress when the process died:").waitFor();
    await expect.poll(() => selected().getAttribute("aria-rowindex")).toBe("5");
  });

  it("opens a truncated file as far as it is sound and names the byte", async () => {
    await workbench.row(/ends in the middle/).click();
    const panel = workbench.panel();
    await panel.getByRole("treegrid").waitFor();
    await expect.poll(() => panel.locator("[role=row]").count(), { timeout: 20_000 }).toBeGreaterThan(10);
    await panel
      .getByText(/after [\d,]+ bytes/)
      .first()
      .waitFor();
  });

  it("says of an empty file that it is empty", async () => {
    await workbench.row("ses_damaged_empty").click();
    await workbench.panel().getByText(/empty/i).first().waitFor();
  });

  it("shows hostile names and errors as text, everywhere", async () => {
    const hostile = `<img src=x onerror="document.title='owned'"></script><script>document.title='owned'</script>`;
    const link = "[x](command:workbench.action.toggleZenMode) $(alert)";
    const nowMs = Date.now();
    const trace = {
      version: 2,
      traceId: "t",
      sessionId: "ses_hostile",
      startedAt: new Date(nowMs - 1000).toISOString(),
      endedAt: new Date(nowMs).toISOString(),
      metadata: { title: `${link} ${hostile}`, prompt: hostile },
      spans: [
        {
          spanId: "r",
          parentSpanId: null,
          name: hostile,
          kind: "session",
          startTime: nowMs - 1000,
          endTime: nowMs,
          status: "error",
          statusMessage: link,
        },
        {
          spanId: "u",
          parentSpanId: "r",
          name: "user-message",
          kind: "user-message",
          startTime: nowMs - 950,
          endTime: nowMs - 950,
          status: "ok",
          input: hostile,
        },
        {
          spanId: "g",
          parentSpanId: "r",
          name: "generation-1",
          kind: "generation",
          startTime: nowMs - 900,
          endTime: nowMs - 500,
          status: "ok",
          output: `${hostile}\n\n![i](https://example.invalid/x.png) ${link}`,
        },
        {
          spanId: "t",
          parentSpanId: "r",
          name: hostile,
          kind: "tool",
          startTime: nowMs - 400,
          endTime: nowMs - 300,
          status: "error",
          statusMessage: `${link} ${hostile}`,
          input: { command: hostile },
          output: { error: hostile },
        },
      ],
      summary: {
        totalTokens: 0,
        totalCost: 0,
        totalToolCalls: 1,
        totalGenerations: 1,
        duration: 1000,
        status: "error",
        error: link,
      },
    };
    await writeFile(
      path.join(vscode.workspaceFolder, ".tracekeeper", "traces", "ses_hostile.json"),
      JSON.stringify(trace),
    );
    const row = workbench
      .row("ses_hostile")
      .or(workbench.row(/onerror/))
      .first();
    await row.waitFor();
    expect(await row.locator("img").count()).toBe(0);
    await row.click();
    const panel = workbench.panel();
    await panel.getByRole("region", { name: "Failure" }).waitFor();
    await panel.locator("[role=row]").filter({ hasText: "<img src=x onerror=" }).first().waitFor();
    await panel.locator("[role=row]").filter({ hasText: "generation-1" }).first().click();
    await panel.getByRole("button", { name: "Conversation" }).click();
    await panel.getByText("<img src=x onerror=").first().waitFor();
    expect(await panel.locator("#root img, #root script").count()).toBe(0);
    expect(await workbench.page.title()).not.toContain("owned");
    for (const frame of workbench.page.frames()) expect(await frame.title().catch(() => "")).not.toContain("owned");
  });
});
