// Entry of the panel: puts connection, model and page together.

import "./jitless";
import { render } from "preact";
import "./panel.css";
import { formatDateTime } from "./format";
import { HostConnection, type VsCodeApi } from "./model/hostConnection";
import { Panel } from "./model/panel";
import { App } from "./ui/app";
import { loadParts } from "./ui/onDemand";

declare function acquireVsCodeApi(): VsCodeApi;

/** With more rows than this a tick costs enough to be made rarely. */
const manyRows = 20_000;
const tickMs = 1_000;
const rareTicks = 5;

function start(root: HTMLElement): void {
  const connection = new HostConnection(acquireVsCodeApi());
  const panel = new Panel(connection, () => Date.now());
  globalThis.addEventListener("error", (event) =>
    connection.log("error", `${event.message} (${event.filename}:${event.lineno})`),
  );
  globalThis.addEventListener("unhandledrejection", (event) =>
    connection.log("error", `Unhandled: ${String(event.reason)}`),
  );
  // The page of a hidden panel is destroyed without further notice.
  globalThis.addEventListener("pagehide", () => panel.saveNow());
  document.addEventListener("visibilitychange", () => panel.saveNow());
  connection.listen(globalThis, (message) => panel.receive(message));
  // Before the first icon asks for it: the rows of a large trace would be drawn without any for a moment.
  document.fonts.load("16px codicon").catch(() => connection.log("warn", "The icons could not be loaded."));
  render(<App panel={panel} />, root);
  panel.start();
  // The first format of a date takes as long as half a frame; the page has nothing to do while its trace is read.
  requestIdleCallback(() => void formatDateTime(Date.now(), Intl.DateTimeFormat().resolvedOptions().timeZone));
  const idle = panel.onDidChange(() => {
    if (panel.picture === undefined) return;
    idle.dispose();
    requestIdleCallback(loadParts);
  });
  let ticks = 0;
  setInterval(() => {
    if (document.visibilityState !== "visible" || panel.header?.live !== true) return;
    ticks++;
    if ((panel.picture?.model.columns.count ?? 0) > manyRows && ticks % rareTicks !== 0) return;
    panel.tick();
  }, tickMs);
}

const root = document.getElementById("root");
if (root !== null) start(root);
