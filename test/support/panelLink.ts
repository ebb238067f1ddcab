// A panel's page that is served over loopback HTTP and gets the host's messages as bytes, as a webview of VS Code does:
// typed arrays are copied, never turned into text. For benches, where `PanelPage` would measure the browser's driver.
//
//   await using link = await openPanelLink(browser, { widthPx: 1400 });
//   link.webview.postMessage(message);              // the part of `vscode.Webview` that carries messages
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { repositoryRoot } from "../../scripts/lib/paths.mjs";
import type { MessagePort, PanelPageOptions } from "./panelPage";
import { themeOf } from "./webviewTheme";

const types: Readonly<Record<string, string>> = {
  js: "text/javascript",
  css: "text/css",
  ttf: "font/ttf",
  html: "text/html",
};

/** Runs in the page, before the panel: takes messages one after the other, as they come. */
const pageScript = `
let kept;
globalThis.acquireVsCodeApi = () => ({
  postMessage: (message) => void fetch("/post", { method: "POST", body: JSON.stringify(message, (_, value) =>
    ArrayBuffer.isView(value) ? [...value] : value) }),
  getState: () => kept,
  setState: (next) => (kept = next),
});
const kinds = { Float64Array, Float32Array, Int32Array, Uint32Array, Int16Array, Uint16Array, Int8Array, Uint8Array };
(async () => {
  for (;;) {
    const response = await fetch("/next");
    if (response.status !== 200) return;
    const body = await response.arrayBuffer();
    for (let at = 0; at < body.byteLength; ) {
      const [headBytes, bytes] = new Uint32Array(body, at, 2);
      const head = new TextDecoder().decode(new Uint8Array(body, at + 8, headBytes));
      const message = JSON.parse(head, (_, value) =>
        value !== null && typeof value === "object" && "$array" in value
          ? new kinds[value.$array](body.slice(at + value.at, at + value.at + value.bytes))
          : value);
      globalThis.postMessage(message, "*");
      at += bytes;
    }
  }
})();`;

export async function openPanelLink(browser: Browser, options: PanelPageOptions = {}): Promise<PanelLink> {
  const theme = await themeOf(options.theme ?? "dark");
  const variables = Object.entries(theme.variables).map(([name, value]) => `${name}: ${value};`);
  const link = new PanelLink(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<style>:root { ${variables.join(" ")} } body { margin: 0; padding: 0 20px; }</style>
<link rel="stylesheet" href="/main.css"></head>
<body class="${theme.bodyClass}" data-vscode-theme-kind="${theme.kind}"><div id="root"></div>
<script>${pageScript}</script><script type="module" src="/main.js"></script></body></html>`);
  await link.open(browser, options);
  return link;
}

export class PanelLink implements AsyncDisposable {
  readonly webview: MessagePort;
  /** Exceptions of the page. */
  readonly errors: string[] = [];
  readonly #html: string;
  readonly #server: Server;
  readonly #listeners = new Set<(message: unknown) => void>();
  readonly #received: unknown[] = [];
  #queue: Buffer[] = [];
  #waiting: ServerResponse | undefined;
  #context: BrowserContext | undefined;
  #page: Page | undefined;

  constructor(html: string) {
    this.#html = html;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.webview = {
      postMessage: (message) => {
        this.#queue.push(encode(message));
        this.#send();
        return Promise.resolve(true);
      },
      onDidReceiveMessage: (listener) => {
        for (const message of this.#received) listener(message);
        this.#listeners.add(listener);
        return { dispose: () => this.#listeners.delete(listener) };
      },
    };
  }

  get page(): Page {
    if (this.#page === undefined) throw new Error("The page is not open yet");
    return this.#page;
  }

  async open(browser: Browser, options: PanelPageOptions): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.#context = await browser.newContext({
      viewport: { width: options.widthPx ?? 1000, height: options.heightPx ?? 700 },
      deviceScaleFactor: options.scale ?? 1,
    });
    this.#page = await this.#context.newPage();
    this.#page.on("pageerror", (error) => this.errors.push(error.message));
    await this.reload();
  }

  /** A new page; messages that the last one did not take are dropped. */
  async reload(): Promise<void> {
    this.#queue = [];
    this.#received.length = 0;
    await this.page.goto(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context?.close();
    this.#waiting?.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    if (path === "/next") {
      this.#waiting = response;
      this.#send();
      return;
    }
    if (path === "/post") {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const message: unknown = JSON.parse(Buffer.concat(chunks).toString());
      response.end();
      this.#received.push(message);
      for (const listener of this.#listeners) listener(message);
      return;
    }
    const file = path === "/" ? undefined : join(repositoryRoot, "dist/webview", path.replaceAll("..", ""));
    const body = file === undefined ? this.#html : await readFile(file).catch(() => undefined);
    const type = types[file?.split(".").at(-1) ?? "html"] ?? "application/octet-stream";
    response.writeHead(body === undefined ? 404 : 200, { "content-type": type }).end(body);
  }

  /** Everything that waits, in one answer. */
  #send(): void {
    const response = this.#waiting;
    if (response === undefined || this.#queue.length === 0) return;
    this.#waiting = undefined;
    const queue = this.#queue;
    this.#queue = [];
    response.writeHead(200, { "content-type": "application/octet-stream" }).end(Buffer.concat(queue));
  }
}

/** Lengths of the head and of all, the head as JSON, the arrays; all of it aligned to 8 bytes. */
function encode(message: unknown): Buffer {
  const arrays: Uint8Array[] = [];
  let bytes = 0;
  const replaced = (_: string, value: unknown) => {
    if (!ArrayBuffer.isView(value)) return value;
    // The head's length decides where arrays begin, so their places have as many digits as they may need.
    const mark = { $array: value.constructor.name, at: 1e9 + bytes, bytes: value.byteLength };
    arrays.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    bytes += aligned(value.byteLength);
    return mark;
  };
  const measured = Buffer.from(JSON.stringify(message, replaced));
  const from = aligned(8 + measured.length);
  const head = measured.toString().replace(/"at":1(\d{9}),/g, (_, at: string) => {
    return `"at":${String(from + Number(at)).padStart(10, " ")},`;
  });
  const all = Buffer.alloc(from + bytes);
  all.writeUInt32LE(Buffer.byteLength(head), 0);
  all.writeUInt32LE(all.length, 4);
  all.write(head, 8);
  let at = from;
  for (const array of arrays) {
    all.set(array, at);
    at += aligned(array.length);
  }
  return all;
}

function aligned(bytes: number): number {
  return (bytes + 7) & ~7;
}
