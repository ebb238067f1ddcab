// What a checker of accessibility finds on a page: for the panel and the page of a batch, in each state and theme.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "../support/chromium";
import type { ThemeName } from "../support/webviewTheme";

const checker = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const themes: readonly ThemeName[] = ["dark", "light", "highContrast", "highContrastLight"];

/** Rules that judge a whole site, which a panel within a workbench is not. */
const run: RunOptions = {
  resultTypes: ["violations"],
  rules: {
    "page-has-heading-one": { enabled: false },
    region: { enabled: false },
    "document-title": { enabled: false },
  },
};

/** What is serious or worse on the page as it is now, in words. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(checker);
  const results = (await page.evaluate(
    (options) => (globalThis as unknown as { axe: { run(options: unknown): unknown } }).axe.run(options),
    run,
  )) as AxeResults;
  return (
    results.violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      // The list itself is not in the tab order: the tree grid around it is, and its arrow keys scroll.
      .map(({ id, nodes }) => ({
        id,
        nodes: nodes.filter(
          ({ html }) => !(id === "scrollable-region-focusable" && /(?:grid|runs|matrix)-scroller/.test(html)),
        ),
      }))
      .flatMap(({ id, nodes }) =>
        nodes.slice(0, 4).map(({ html, failureSummary }) => `${id}: ${html.slice(0, 300)} ${failureSummary ?? ""}`),
      )
  );
}
