// What a state is of which screenshots are taken, and the sizes and themes that most of them have. A state starts in a fresh
// window, its `steps` bring it about as a person would, and must end with a wait for what is to be seen.
import type { RunningVscode } from "../support/vscodeServer";
import type { ThemeName } from "../support/webviewTheme";
import type { Workbench } from "../support/workbench";

export interface Size {
  /** Part of the file name; empty for the usual size. */
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Device pixels per CSS pixel; with half the width and height it is what zooming to 200 % does in a browser. */
  readonly scale?: number | undefined;
}

export interface Scene {
  readonly workbench: Workbench;
  readonly vscode: RunningVscode;
}

export interface State {
  readonly name: string;
  readonly themes: readonly ThemeName[];
  readonly sizes: readonly Size[];
  /** False for a workspace without traces. */
  readonly sampleTraces?: boolean | undefined;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  readonly steps: (scene: Scene) => Promise<void>;
}

export const usual: Size = { name: "", widthPx: 1440, heightPx: 900 };
export const narrow: Size = { name: "narrow", widthPx: 760, heightPx: 900 };
export const wide: Size = { name: "wide", widthPx: 2200, heightPx: 1000 };
/** The panel alone is about 320 px wide then. */
export const phone: Size = { name: "320px", widthPx: 372, heightPx: 800 };
/** A window of 1440 by 900 at 200 %. */
export const zoomed: Size = { name: "200percent", widthPx: 720, heightPx: 450, scale: 2 };
export const everyTheme: readonly ThemeName[] = ["light", "dark", "highContrast", "highContrastLight"];
export const mainThemes: readonly ThemeName[] = ["light", "dark", "highContrast"];
