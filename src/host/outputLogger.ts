// The extension's log: one output channel, handed around as a `Logger`.

import * as vscode from "vscode";
import type { Disposable } from "../base/disposable";
import type { Logger } from "../base/logger";

export function createOutputLogger(): Logger & Disposable & { show(): void } {
  const channel = vscode.window.createOutputChannel("Tracekeeper", { log: true });
  return {
    trace: (message) => channel.trace(message),
    debug: (message) => channel.debug(message),
    info: (message) => channel.info(message),
    warn: (message) => channel.warn(message),
    error: (message) => channel.error(message),
    show: () => channel.show(true),
    dispose: () => channel.dispose(),
  };
}
