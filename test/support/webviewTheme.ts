// The colours and fonts that a webview gets in VS Code's own themes, read from the real VS Code by
// `node scripts/run.mjs themes` into themes.json.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/lib/paths.mjs";

export type ThemeName = "light" | "dark" | "highContrast" | "highContrastLight";

export interface WebviewTheme {
  /** Of the body. */
  readonly bodyClass: string;
  readonly kind: string;
  /** Custom properties of the root element. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The names by which settings know the themes. */
export const themeSettings: Readonly<Record<ThemeName, string>> = {
  light: "Default Light Modern",
  dark: "Default Dark Modern",
  highContrast: "Default High Contrast",
  highContrastLight: "Default High Contrast Light",
};

// Not by the place of this module, which benchmarks bundle into another one.
const themesFile = join(repositoryRoot, "test/support/themes.json");

export async function themeOf(name: ThemeName): Promise<WebviewTheme> {
  const themes = JSON.parse(await readFile(themesFile, "utf8")) as Readonly<Record<ThemeName, WebviewTheme>>;
  return themes[name];
}
