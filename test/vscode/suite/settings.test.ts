import { strict as assert } from "node:assert";
import { afterEach, describe, it } from "mocha";
import * as vscode from "vscode";
import { silentLogger } from "../../../src/base/logger";
import { readSettings } from "../../../src/host/settings";
import { defaultRunners } from "../../../src/host/start/fileRunner";
import {
  closeAllEditors,
  customTabs,
  hearMessages,
  problems,
  removeFiles,
  setSetting,
  until,
  writeTrace,
} from "./support";

/** Two wrong values of each. */
const wrong: Readonly<Record<string, readonly [unknown, unknown]>> = {
  directories: ["/not/a/list", [1, 2]],
  pathMap: ["/a", { "/a": 1 }],
  problems: ["sometimes", 1],
  notifyOnFailure: ["yes", 0],
  pollingIntervalMs: ["soon", -5],
  retentionDays: ["ever", -1],
  retentionMegabytes: [{}, -1],
  runners: ["node", { ".rb": 1 }],
  openOnStart: ["sometimes", true],
  capture: ["all", 1],
  stopPauses: ["long", { killAfterMs: -1 }],
};
const defaults = {
  directories: [],
  pathMap: {},
  problems: "latest",
  notifyOnFailure: true,
  pollingIntervalMs: 0,
  retentionDays: 0,
  retentionMegabytes: 0,
  runners: defaultRunners,
  openOnStart: "beside",
  capture: "terminal",
  stopPauses: { terminateAfterMs: 5_000, killAfterMs: 5_000 },
  // These are the machine's: a workspace can't set them, and for this run the port is any that is free.
  collectorAutoStart: false,
  collectorPort: 0,
  collectorTerminals: false,
};

describe("settings of the wrong type", () => {
  const made: string[] = [];
  afterEach(async () => {
    for (const name of Object.keys(wrong)) await setSetting(`tracekeeper.${name}`, undefined);
    await closeAllEditors();
    await removeFiles(...made.splice(0));
  });

  it("are replaced by their defaults and named in the log", async () => {
    for (const round of [0, 1]) {
      for (const [name, values] of Object.entries(wrong)) await setSetting(`tracekeeper.${name}`, values[round]);
      const warnings: string[] = [];
      const settings = readSettings({ ...silentLogger, warn: (text) => void warnings.push(String(text)) });
      assert.deepEqual(settings, defaults);
      assert.deepEqual(
        warnings.map((warning) => /tracekeeper\.(\w+) is not valid/.exec(warning)?.[1]),
        Object.keys(wrong),
      );
    }
  });

  it("leave listing, opening and Problems as they are", async () => {
    const told = hearMessages();
    try {
      for (const [name, [value]] of Object.entries(wrong)) await setSetting(`tracekeeper.${name}`, value);
      const trace = await writeTrace({ id: "wrong-settings", message: "wrong-settings broke" });
      made.push(trace);
      await until("its failure is a problem", () => problems("wrong-settings broke").length === 1);
      await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(trace));
      await until("it is open", () => customTabs().length === 1);
      await vscode.commands.executeCommand("tracekeeper.refreshSessions");
    } finally {
      told.restore();
    }
    assert.deepEqual(told.messages, []);
  });
});
