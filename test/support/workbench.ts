// Drives the workbench of a real VS Code as a person does: keys, mouse, and what can be seen.
//
//   const workbench = await openWorkbench(browser, vscode.url());
//   await workbench.runCommand("Tracekeeper: Go to Failing Step");
//   await workbench.panel().getByRole("treegrid").waitFor();
//   expect(await workbench.cursor()).toEqual({ file: "tax.test.ts", line: 41, column: 23 });
//
// Every wait is for something that shows; none is for a time. A wait that fails says what was looked for.
import type { Browser, FrameLocator, Locator, Page } from "playwright-core";

/** How long the first wait after a reload may take: extensions begin only once the window is there. */
export const afterReload = { timeout: 60_000 };

export interface WorkbenchOptions {
  readonly widthPx?: number | undefined;
  readonly heightPx?: number | undefined;
  /** Device pixels per CSS pixel; 1 unless told. */
  readonly scale?: number | undefined;
  /** How long one wait may take, in ms; 20 s unless told. */
  readonly timeoutMs?: number | undefined;
}

export interface Cursor {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Opens a workbench in a page of its own and waits until it can be used; `close()` it when done. */
export async function openWorkbench(browser: Browser, url: string, options: WorkbenchOptions = {}): Promise<Workbench> {
  const context = await browser.newContext({
    viewport: { width: options.widthPx ?? 1280, height: options.heightPx ?? 800 },
    deviceScaleFactor: options.scale ?? 1,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  context.setDefaultTimeout(options.timeoutMs ?? 20_000);
  const workbench = new Workbench(await context.newPage());
  await workbench.open(url);
  return workbench;
}

export class Workbench implements AsyncDisposable {
  readonly page: Page;
  /** The part of the window that holds the views of the chosen container. */
  readonly sideBar: Locator;
  readonly statusBar: Locator;
  readonly #quickInput: Locator;

  constructor(page: Page) {
    this.page = page;
    this.sideBar = page.locator(".part.sidebar");
    this.statusBar = page.locator(".part.statusbar");
    this.#quickInput = page.locator(".quick-input-widget:visible");
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.#ready();
  }

  /**
   * Reloads the window and waits until it can be used again. By its command: what a window remembers of its editors is
   * written when VS Code ends it, and lost with some of the reloads that the browser begins.
   */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent("load", { timeout: 60_000 });
    await this.runCommand("Developer: Reload Window");
    await loaded;
    await this.#ready();
  }

  /** Closes the page and its profile. */
  async close(): Promise<void> {
    await this.page.context().close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #ready(): Promise<void> {
    await this.page.locator(".monaco-workbench").waitFor({ timeout: 60_000 });
    await this.statusBar.locator(".statusbar-item").first().waitFor({ timeout: 60_000 });
  }

  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /**
   * Runs a command by its palette title, for example "Tracekeeper: Refresh". Extensions bring their commands a moment
   * after the window is there, so the palette is opened again until it lists this one.
   */
  async runCommand(title: string): Promise<void> {
    await this.#pick("F1", `>${title}`, title);
  }

  /** Opens a file of the workspace by the end of its path. */
  async openFile(path: string): Promise<void> {
    const name = path.split("/").at(-1) ?? path;
    await this.#pick("Control+P", path, name);
    await this.tab(name).waitFor();
    await this.page.locator(".editor-group-container.active .editor-instance .view-line").first().waitFor();
  }

  /** Moves the cursor of the text editor in front, counted from 1. */
  async goToLine(line: number, column = 1): Promise<void> {
    await this.page.keyboard.press("Control+G");
    await this.#quickInput.locator("input[type=text]").fill(`:${line}:${column}`);
    // The picker answers a keystroke late; Enter before that would close it without a move.
    await this.#quickInput
      .getByText(new RegExp(`\\b${line}\\b.*\\b${column}\\b`))
      .first()
      .waitFor();
    await this.page.keyboard.press("Enter");
    await this.statusBar.getByText(`Ln ${line}, Col ${column}`).waitFor();
  }

  async #pick(key: string, text: string, row: string): Promise<void> {
    const deadlineMs = performance.now() + 30_000;
    const rows = this.#quickInput.locator(".monaco-list-row");
    const wanted = rows.filter({ has: this.page.getByText(row, { exact: true }) }).first();
    for (;;) {
      await this.page.keyboard.press(key);
      await this.#quickInput.waitFor();
      await this.#quickInput.locator("input[type=text]").fill(text);
      const found = await wanted.waitFor({ timeout: 3_000 }).then(
        () => true,
        () => false,
      );
      if (found) break;
      const shown = await rows.allInnerTexts();
      await this.page.keyboard.press("Escape");
      if (performance.now() > deadlineMs)
        throw new Error(`"${row}" is not offered for ${text}, but ${shown.join(" | ")}`);
    }
    await wanted.click();
    // Either the input is gone, or the command asks something itself, which the caller answers.
    await this.page.waitForFunction((typed) => {
      const input = document.querySelector<HTMLInputElement>(".quick-input-widget input[type=text]");
      return input === null || input.offsetParent === null || input.value !== typed;
    }, text);
  }

  /** The rows of an open quick pick; fails when none is open. */
  async quickPickRows(): Promise<readonly string[]> {
    await this.#quickInput.locator(".monaco-list-row").first().waitFor();
    return (await this.#quickInput.locator(".monaco-list-row").allInnerTexts()).map((text) =>
      text.replaceAll("\n", " "),
    );
  }

  /** Types into an open quick pick or input box and confirms. */
  async answerQuickInput(text: string): Promise<void> {
    const input = this.#quickInput.locator("input[type=text]");
    // Where the focus has left the input in between, the key went elsewhere, and the question has to come back.
    do await input.fill(text);
    while (!(await this.#confirm()));
  }

  /** Presses Enter; false where the quick input did not get it. */
  async #confirm(): Promise<boolean> {
    const handle = await this.page.evaluateHandle(() => {
      const seen = { isHeard: false };
      const listen = ({ target }: Event) => {
        seen.isHeard = target instanceof Element && target.closest(".quick-input-widget") !== null;
      };
      globalThis.addEventListener("keydown", listen, { capture: true, once: true });
      return { seen, end: () => globalThis.removeEventListener("keydown", listen, { capture: true }) };
    });
    await this.page.keyboard.press("Enter");
    return await handle.evaluate(({ seen, end }) => {
      end();
      return seen.isHeard;
    });
  }

  /** Shows a view container by the name of its icon in the activity bar. */
  async openContainer(name: string): Promise<void> {
    const icon = this.page
      .locator(".activitybar .action-item")
      .filter({ has: this.page.getByLabel(name) })
      .first();
    await icon.waitFor();
    if ((await icon.getAttribute("aria-expanded")) === "true" || (await isChecked(icon))) return;
    await icon.click();
    await this.sideBar.getByText(name).first().waitFor();
    // The name of the icon, shown while the pointer is there, hides rows of a narrow window.
    await this.page.mouse.move((this.page.viewportSize()?.width ?? 0) / 2, 1);
  }

  /** A row of a tree in the side bar, found by its text. */
  row(text: string | RegExp): Locator {
    return this.sideBar.getByRole("treeitem").filter({ hasText: text });
  }

  /**
   * Chooses an item of the menu that a right click on `target` opens. A new window learns a moment later that its folder is
   * trusted, and a menu that is open stays as it is, so it is opened again until this item can be chosen.
   */
  async chooseFromMenu(target: Locator, item: string): Promise<void> {
    const deadlineMs = performance.now() + 30_000;
    const menu = this.page.locator(".monaco-menu");
    const items = menu.getByRole("menuitem");
    const entry = menu.getByRole("menuitem", { name: item });
    for (;;) {
      await target.click({ button: "right" });
      await items.first().waitFor();
      if ((await entry.isVisible()) && (await entry.getAttribute("aria-disabled")) !== "true") break;
      const shown = await items.allInnerTexts();
      await this.page.keyboard.press("Escape");
      await items.first().waitFor({ state: "hidden" });
      if (performance.now() > deadlineMs) throw new Error(`"${item}" is not in the menu, but ${shown.join(" | ")}`);
    }
    // A menu ignores the mouse button for a moment after it opened, but not the keyboard.
    await entry.hover();
    await this.page.keyboard.press("Enter");
    await entry.waitFor({ state: "hidden" });
  }

  /** The texts of the rows that show in the side bar, from top to bottom. */
  async rows(): Promise<readonly string[]> {
    const texts = await this.sideBar.getByRole("treeitem").allInnerTexts();
    return texts.map((text) => text.replaceAll(/\s+/g, " ").trim());
  }

  /** An editor tab by its name. */
  tab(name: string | RegExp): Locator {
    return this.page.getByRole("tab", typeof name === "string" ? { name: new RegExp(escapeRegExp(name)) } : { name });
  }

  /** The name of the tab that is in front. */
  async activeTab(): Promise<string> {
    const label = await this.page
      .locator(".editor-group-container.active .tab.active")
      .getAttribute("data-resource-name");
    return label ?? "";
  }

  /** The content of the panel that is in front: locators below it find what the webview draws. */
  panel(): FrameLocator {
    return this.page.frameLocator("iframe.webview.ready:visible").frameLocator("#active-frame");
  }

  /** Where the cursor of the text editor in front is, counted from 1. */
  async cursor(): Promise<Cursor> {
    const position = this.statusBar.getByText(/^Ln \d+, Col \d+/);
    await position.waitFor();
    const [line = 0, column = 0] = ((await position.textContent()) ?? "").match(/\d+/g)?.map(Number) ?? [];
    return { file: await this.activeTab(), line, column };
  }

  /** The texts of the notifications that show. */
  async notifications(): Promise<readonly string[]> {
    return await this.page.locator(".notifications-toasts .notification-list-item-message").allInnerTexts();
  }

  notification(text: string | RegExp): Locator {
    return this.page.locator(".notifications-toasts .notification-list-item").filter({ hasText: text });
  }

  /** What has the keyboard, as `tag.class` of the active element, with the webview's own inside `>`. */
  async focus(): Promise<string> {
    const describe = () => {
      const element = document.activeElement;
      return element === null ? "" : `${element.tagName.toLowerCase()}.${element.className}`;
    };
    const outer = await this.page.evaluate(describe);
    if (!outer.startsWith("iframe.webview")) return outer;
    return `${outer} > ${await this.panel().locator(":root").evaluate(describe)}`;
  }

  async screenshot(path: string): Promise<void> {
    await this.page.screenshot({ path, animations: "disabled", caret: "hide" });
  }
}

async function isChecked(icon: Locator): Promise<boolean> {
  return ((await icon.getAttribute("class")) ?? "").split(" ").includes("checked");
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
