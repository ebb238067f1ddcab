// Reads what a webview gets in each of VS Code's own themes from a real one, the Markdown preview.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/lib/paths.mjs";
import { launchChromium } from "../support/chromium";
import { startVscode } from "../support/vscodeServer";
import { type ThemeName, themeSettings, type WebviewTheme } from "../support/webviewTheme";
import { openWorkbench } from "../support/workbench";

const themes: Partial<Record<ThemeName, WebviewTheme>> = {};
await using browser = await launchChromium();
for (const theme of Object.keys(themeSettings) as ThemeName[]) {
  await using vscode = await startVscode({ settings: { "workbench.colorTheme": themeSettings[theme] } });
  await using workbench = await openWorkbench(browser, vscode.url());
  await workbench.openFile("README.md");
  await workbench.press("Control+Shift+V");
  const body = workbench.panel().locator("body");
  await body.getByText("A small shop").waitFor();
  const all = await body.evaluate((element) => {
    const variables: Record<string, string> = {};
    const style = document.documentElement.style;
    for (const name of style) if (name.startsWith("--vscode-")) variables[name] = style.getPropertyValue(name);
    const bodyClass = [...element.classList].filter((name) => name.startsWith("vscode-") || name === "highContrast");
    return { variables, bodyClass: bodyClass.join(" "), kind: element.dataset["vscodeThemeKind"] ?? "" };
  });
  const variables = Object.entries(all.variables).sort(([a], [b]) => (a < b ? -1 : 1));
  themes[theme] = { ...all, variables: Object.fromEntries(variables) };
  console.log(`${theme}: ${variables.length} variables`);
}
await writeFile(join(repositoryRoot, "test/support/themes.json"), `${JSON.stringify(themes, undefined, 2)}\n`);
