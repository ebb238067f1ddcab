// The states of playbooks: the editor, and runs that failed, were resumed or were stopped by a guardrail.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { detailsShown, hideSideBar } from "./scenes";
import { everyTheme, mainThemes, phone, type Scene, type State, usual, zoomed } from "./state";

const shop = "check-shop.playbook.yaml";

/** Asks the same again and again, and goes on although it is told no. */
const stubborn = `name: Wait for the release
description: Asks the shop whether version 2 is out
guardrails:
  budget: { tokens: 50000 }
steps:
  - id: tag
    name: Tag the release
    action: run
    with: { command: echo v2.0.0 }
${[1, 2, 3, 4, 5, 6]
  .map(
    (ask) => `  - id: ask${ask}
    name: Ask for version 2 (${ask})
    action: run
    with: { command: "cat src/release.json" }
    on_failure: continue
`,
  )
  .join("")}  - id: announce
    name: Announce it
    if: steps.ask6.ok
    action: run
    with: { command: echo out }
`;

async function runPlaybook({ workbench }: Scene, file: string): Promise<void> {
  await workbench.openContainer("Tracekeeper");
  await workbench.openFile(file);
  await workbench.runCommand("Tracekeeper: Run Playbook…");
}

/** Runs the sample playbook, whose third step fails. */
async function runShop(scene: Scene): Promise<void> {
  const { workbench } = scene;
  await runPlaybook(scene, shop);
  await workbench.quickPickRows();
  await workbench.press("Enter");
  await failureShown(scene, /don't add up/);
}

async function failureShown({ workbench }: Scene, words: string | RegExp): Promise<void> {
  await workbench.panel().getByRole("region", { name: "Failure" }).getByText(words).first().waitFor();
  await detailsShown(workbench);
}

/** The trace alone: the playbook and the terminal are put away. */
async function showAlone(scene: Scene): Promise<void> {
  const { workbench } = scene;
  await workbench.runCommand("View: Toggle Panel Visibility");
  if (isSmall(scene) && (await workbench.sideBar.isVisible())) await hideSideBar(scene);
  await workbench.tab(/playbook\.yaml/).click({ button: "middle" });
  // Away from the tab, which would tell of itself.
  await workbench.page.mouse.move((workbench.page.viewportSize()?.width ?? 0) / 2, 1);
}

/** Above the playbook. */
async function lastRunTold({ workbench }: Scene): Promise<Locator> {
  const editor = workbench.page.locator(".editor-instance").first();
  await editor.getByText(/Last run: failed at step 3/).waitFor();
  return editor;
}

function isSmall({ workbench }: Scene): boolean {
  return (workbench.page.viewportSize()?.width ?? 0) < 800;
}

export const playbookStates: readonly State[] = [
  {
    name: "playbook-beside",
    themes: ["light", "dark"],
    sizes: [usual],
    sampleTraces: false,
    async steps(scene) {
      await runShop(scene);
      await lastRunTold(scene);
    },
  },
  {
    name: "playbook-failed",
    themes: everyTheme,
    sizes: [usual, phone, zoomed],
    sampleTraces: false,
    async steps(scene) {
      await runShop(scene);
      await showAlone(scene);
      await failureShown(scene, /don't add up/);
    },
  },
  {
    name: "playbook-resumed",
    themes: everyTheme,
    sizes: [usual, phone, zoomed],
    sampleTraces: false,
    async steps(scene) {
      const { workbench, vscode } = scene;
      await runShop(scene);
      await showAlone(scene);
      const file = join(vscode.workspaceFolder, shop);
      await writeFile(file, (await readFile(file, "utf8")).replace("=== 21", "=== 20.5"));
      await workbench.panel().getByRole("region", { name: "Failure" }).getByRole("button", { name: "Resume" }).click();
      const head = workbench.panel().locator(".fact-status");
      await head.getByText("Completed").waitFor();
      await workbench.runCommand("View: Toggle Panel Visibility");
      const step = workbench.panel().locator("[role=row]").filter({ hasText: "Read the prices" }).first();
      await step.click({ position: { x: 40, y: 10 } });
      await workbench
        .panel()
        .getByText(/finished in an earlier session/)
        .waitFor();
    },
  },
  {
    name: "playbook-guardrail",
    themes: everyTheme,
    sizes: [usual, phone, zoomed],
    sampleTraces: false,
    async steps(scene) {
      const { workbench, vscode } = scene;
      await writeFile(join(vscode.workspaceFolder, "release.playbook.yaml"), stubborn);
      await runPlaybook(scene, "release.playbook.yaml");
      await failureShown(scene, /./);
      await workbench
        .row("Wait for the release")
        .getByText(/Failed/)
        .waitFor();
      await showAlone(scene);
      await failureShown(scene, /./);
    },
  },
  {
    name: "playbook-editor",
    themes: mainThemes,
    sizes: [usual, zoomed],
    sampleTraces: false,
    async steps(scene) {
      const { workbench } = scene;
      await runShop(scene);
      await workbench.runCommand("View: Toggle Panel Visibility");
      if (isSmall(scene)) await hideSideBar(scene);
      const editor = await lastRunTold(scene);
      await workbench.goToLine(11, 5);
      await workbench.page.keyboard.type("x");
      await editor.getByText("xaction").waitFor();
      await workbench.page
        .locator(".squiggly-error")
        .nth(isSmall(scene) ? 0 : 1)
        .waitFor();
    },
  },
];
