// Entry of the page of a batch: puts connection, model and page together.

import "../jitless";
import { render } from "preact";
import "./batch.css";
import type { VsCodeApi } from "../model/hostConnection";
import { BatchHost } from "./model/batchHost";
import { BatchPage } from "./model/batchPage";
import { BatchApp } from "./ui/batchApp";

declare function acquireVsCodeApi(): VsCodeApi;

const tickMs = 1_000;

function start(root: HTMLElement): void {
  const host = new BatchHost(acquireVsCodeApi());
  const page = new BatchPage(host, () => Date.now());
  globalThis.addEventListener("error", (event) =>
    host.log("error", `${event.message} (${event.filename}:${event.lineno})`),
  );
  globalThis.addEventListener("unhandledrejection", (event) => host.log("error", `Unhandled: ${String(event.reason)}`));
  // The page of a hidden editor is destroyed without further notice.
  globalThis.addEventListener("pagehide", () => page.saveNow());
  document.addEventListener("visibilitychange", () => page.saveNow());
  host.listen(globalThis, (message) => page.receive(message));
  document.fonts.load("16px codicon").catch(() => host.log("warn", "The icons could not be loaded."));
  render(<BatchApp page={page} />, root);
  page.start();
  setInterval(() => {
    if (document.visibilityState === "visible") page.tick();
  }, tickMs);
}

const root = document.getElementById("root");
if (root !== null) start(root);
