// The colours and fonts that a webview gets in VS Code's own themes, read from the real VS Code by
// `node scripts/run.mjs themes` into themes.json.
import { readFile } from "node:fs/promises";

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

const themesFile = new URL("./themes.json", import.meta.url);

export async function themeOf(name: ThemeName): Promise<WebviewTheme> {
  const themes = JSON.parse(await readFile(themesFile, "utf8")) as Readonly<Record<ThemeName, WebviewTheme>>;
  return themes[name];
}
