// The built panel in a page of headless Chromium, as VS Code would show it: same content security policy, same theme
// variables, same default styles, and an `acquireVsCodeApi` whose other end is in the test.
//
//   const panel = await openPanelPage(browser, { theme: "dark" });
//   panel.onMessage((message) => ...);            // what the panel posts, in order; earlier messages are handed over too
//   await panel.post({ type: "header", ... });    // what the host posts; typed arrays arrive as typed arrays
//   await panel.page.getByRole("treegrid").waitFor();
//   expect(panel.errors).toEqual([]);             // exceptions and refused loads of the page
//
// `panel.webview` has the part of `vscode.Webview` that carries messages, so that the host's own code can be the other
// end. `panel.reload()` is what happens to a hidden panel that is shown again: a new page with the old state.
// The bundle in dist/webview is what is driven; the browser suite builds it first.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContext, Page, Route } from "playwright-core";
import { repositoryRoot } from "../../scripts/lib/paths.mjs";
import { type ThemeName, themeOf, type WebviewTheme } from "./webviewTheme";

export interface PanelPageOptions {
  /** Which page: the trace panel, unless told. */
  readonly page?: "main" | "batch" | undefined;
  readonly theme?: ThemeName | undefined;
  readonly widthPx?: number | undefined;
  readonly heightPx?: number | undefined;
  /** Device pixels per CSS pixel. */
  readonly scale?: number | undefined;
  readonly reducedMotion?: boolean | undefined;
  /** What `getState` gives first. */
  readonly state?: unknown;
}

export interface MessageListener {
  dispose(): void;
}

/** The part of `vscode.Webview` that carries messages. */
export interface MessagePort {
  postMessage(message: unknown): Promise<boolean>;
  onDidReceiveMessage(listener: (message: unknown) => void): MessageListener;
}

const origin = "https://panel.tracekeeper.test";

/** Whether this address is that of a built file of the panel, as of the parts that it loads when they are needed. */
export function isBuiltFile(url: string): boolean {
  const { origin: from, pathname } = new URL(url);
  return from === origin && pathname !== "/" && existsSync(join(repositoryRoot, "dist/webview", pathname));
}

const contentSecurityPolicy = `default-src 'none'; script-src 'nonce-panel'; style-src ${origin}; font-src ${origin}; img-src ${origin} blob:`;

/** What VS Code gives every webview beside the variables. */
const defaultStyles = `
html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); }
body {
  background-color: var(--vscode-editor-background);
  color: var(--vscode-editor-foreground);
  font-family: var(--vscode-font-family);
  font-weight: var(--vscode-font-weight);
  font-size: var(--vscode-font-size);
  margin: 0;
  padding: 0 20px;
}`;

export async function openPanelPage(browser: Browser, options: PanelPageOptions = {}): Promise<PanelPage> {
  const context = await browser.newContext({
    viewport: { width: options.widthPx ?? 1000, height: options.heightPx ?? 700 },
    deviceScaleFactor: options.scale ?? 1,
    reducedMotion: options.reducedMotion === true ? "reduce" : "no-preference",
  });
  const panel = new PanelPage(context, await context.newPage(), options);
  await panel.open();
  return panel;
}

export class PanelPage implements AsyncDisposable {
  readonly page: Page;
  /** Everything the panel posted so far. */
  readonly messages: unknown[] = [];
  /** Exceptions, console errors and refused loads of the page. */
  readonly errors: string[] = [];
  readonly webview: MessagePort;
  readonly #context: BrowserContext;
  readonly #listeners = new Set<(message: unknown) => void>();
  readonly #name: string;
  #state: unknown;
  #theme: Promise<WebviewTheme>;

  constructor(context: BrowserContext, page: Page, options: PanelPageOptions) {
    this.#context = context;
    this.page = page;
    this.#name = options.page ?? "main";
    this.#state = options.state;
    this.#theme = themeOf(options.theme ?? "dark");
    this.webview = {
      postMessage: (message) => this.post(message).then(() => true),
      onDidReceiveMessage: (listener) => this.onMessage(listener),
    };
  }

  async open(): Promise<void> {
    this.page.on("pageerror", (error) => this.errors.push(error.message));
    this.page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
    await this.page.exposeFunction("tracekeeperPost", (message: unknown) => this.#receive(message));
    await this.page.exposeFunction("tracekeeperSetState", (state: unknown) => {
      this.#state = state;
    });
    await this.#context.route(`${origin}/**`, async (route) => {
      const path = new URL(route.request().url()).pathname;
      if (path === "/") await route.fulfill({ contentType: "text/html", body: this.#html(await this.#theme) });
      else if (path === "/theme.css") await route.fulfill({ contentType: "text/css", body: styles(await this.#theme) });
      else await fulfillWithFile(route, join(repositoryRoot, "dist/webview", path));
    });
    await this.#load();
  }

  /** A new page with the state that the last one kept, as when a hidden panel is shown again. */
  async reload(): Promise<void> {
    await this.#load();
  }

  async #load(): Promise<void> {
    await this.page.addInitScript(
      ({ state }) => {
        const scope = globalThis as unknown as {
          acquireVsCodeApi: () => unknown;
          tracekeeperPost: (message: unknown) => void;
          tracekeeperSetState: (state: unknown) => void;
        };
        let kept = state;
        scope.acquireVsCodeApi = () => ({
          postMessage: (message: unknown) => scope.tracekeeperPost(message),
          getState: () => kept,
          setState: (next: unknown) => {
            kept = next;
            scope.tracekeeperSetState(next);
            return next;
          },
        });
      },
      { state: this.#state },
    );
    await this.page.goto(origin);
  }

  /** Changes the theme of the open page, as VS Code does: properties of the root, class of the body. */
  async setTheme(name: ThemeName): Promise<void> {
    this.#theme = themeOf(name);
    await this.page.evaluate(
      ({ variables, bodyClass, kind }) => {
        // The style sheet of the page still has what the first theme gave and this one leaves out.
        for (const { style } of [...(document.styleSheets[0]?.cssRules ?? [])] as CSSStyleRule[]) {
          for (const property of [...(style ?? [])]) {
            if (property.startsWith("--vscode-")) style.removeProperty(property);
          }
        }
        document.documentElement.style.cssText = "";
        for (const [property, value] of Object.entries(variables)) {
          document.documentElement.style.setProperty(property, value);
        }
        document.body.className = bodyClass;
        document.body.dataset["vscodeThemeKind"] = kind;
      },
      await this.#theme,
    );
  }

  #html({ bodyClass, kind }: WebviewTheme): string {
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy}">
<link rel="stylesheet" href="${origin}/theme.css">
<link rel="stylesheet" href="${origin}/${this.#name}.css">
</head>
<body class="${bodyClass}" data-vscode-theme-kind="${kind}">
<div id="root"></div>
<script type="module" nonce="panel" src="${origin}/${this.#name}.js"></script>
</body>
</html>`;
  }

  #receive(message: unknown): void {
    this.messages.push(message);
    for (const listener of this.#listeners) listener(message);
  }

  /** Calls the listener for what was posted already and for everything that follows. */
  onMessage(listener: (message: unknown) => void): MessageListener {
    for (const message of this.messages) listener(message);
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  /** Posts a message of the host to the panel. */
  async post(message: unknown): Promise<void> {
    await this.page.evaluate((data) => globalThis.postMessage(data, "*"), message);
  }

  async close(): Promise<void> {
    await this.#context.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function styles({ variables }: WebviewTheme): string {
  const properties = Object.entries(variables).map(([name, value]) => `${name}: ${value};`);
  return `:root { ${properties.join(" ")} }${defaultStyles}`;
}

/** A file that does not exist is a refused load, which the page reports as one of its errors. */
async function fulfillWithFile(route: Route, path: string): Promise<void> {
  if (existsSync(path)) await route.fulfill({ path });
  else await route.fulfill({ status: 404, body: "" });
}

/** The source of the bundle, for tests that look at what is shipped. */
export async function panelBundle(): Promise<string> {
  return await readFile(join(repositoryRoot, "dist/webview/main.js"), "utf8");
}
