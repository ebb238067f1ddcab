import { strict as assert } from "node:assert";
import { mkdtemp, realpath, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import * as vscode from "vscode";
import {
  closeAllEditors,
  customTabs,
  hearMessages,
  problems,
  removeFiles,
  setSetting,
  traceFolder,
  until,
  writeTrace,
} from "./support";

describe("the trace editor", () => {
  let outside: string;
  let made: string[];
  beforeEach(async () => {
    outside = await realpath(await mkdtemp(join(tmpdir(), "tracekeeper-outside-")));
    made = [outside];
  });
  afterEach(async () => {
    await closeAllEditors();
    await setSetting("tracekeeper.problems", undefined);
    await removeFiles(...made);
  });

  it("opens a trace of the trace directory without being asked for", async () => {
    const trace = await writeTrace({ id: "editor-default" });
    made.push(trace);
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(trace));
    await until("the tab is there", () => customTabs().length > 0);
    assert.deepEqual(customTabs(), ["tracekeeper.trace traces/editor-default.json"]);
  });

  it("leaves JSON elsewhere to the text editor, and opens it when asked to", async () => {
    const trace = await writeTrace({ id: "anything" }, join(outside, "runs"));
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(trace));
    await until("the text is there", () => vscode.window.activeTextEditor?.document.uri.fsPath === trace);
    assert.deepEqual(customTabs(), []);
    await vscode.commands.executeCommand("vscode.openWith", vscode.Uri.file(trace), "tracekeeper.traceFile");
    await until("the tab is there", () => customTabs().length > 0);
    assert.deepEqual(customTabs(), ["tracekeeper.traceFile runs/anything.json"]);
  });

  it("opens the session when a companion file is picked", async () => {
    const trace = await writeTrace({ id: "editor-companion" });
    const journal = join(traceFolder, "editor-companion.1.journal.ndjson");
    await writeFile(journal, "");
    made.push(trace, journal);
    await vscode.commands.executeCommand("tracekeeper.openTraceFile", vscode.Uri.file(journal));
    await until("the tab is there", () => customTabs().length > 0);
    assert.deepEqual(customTabs(), ["tracekeeper.trace traces/editor-companion.json"]);
  });

  it("opens the session of a journal also while its snapshot does not exist", async () => {
    const journal = join(traceFolder, "editor-early.1.journal.ndjson");
    await writeFile(journal, "");
    made.push(journal, join(traceFolder, "editor-early.json"));
    await vscode.commands.executeCommand("tracekeeper.openTraceFile", vscode.Uri.file(journal));
    await until("the tab is there", () => customTabs().length > 0);
    assert.deepEqual(customTabs(), ["tracekeeper.trace traces/editor-early.json"]);
    // The same editor takes up the snapshot into which the journal is folded: only an open panel can be the source of this problem.
    await setSetting("tracekeeper.problems", "open");
    await writeTrace({ id: "editor-early", message: "editor-early broke" });
    await removeFiles(journal);
    await until("the panel shows the snapshot", () => problems("editor-early broke").length === 1);
    assert.deepEqual(customTabs(), ["tracekeeper.trace traces/editor-early.json"]);
  });

  it("gives way to the session's editor when it was asked for a companion file itself", async () => {
    const trace = await writeTrace({ id: "S" }, outside);
    const journal = join(outside, "S.1.journal.ndjson");
    await writeFile(journal, "");
    await vscode.commands.executeCommand("vscode.openWith", vscode.Uri.file(journal), "tracekeeper.traceFile");
    await until("the journal's own tab has gone", () => {
      const tabs = customTabs();
      return tabs.length === 1 && tabs[0]?.endsWith("/S.json");
    });
    assert.ok(trace.endsWith("S.json"));
  });

  it("does not take the file of that path for a document of another scheme", async () => {
    const trace = await writeTrace({ id: "editor-scheme", message: "editor-scheme broke" }, outside);
    const other = await writeTrace({ id: "editor-fence", message: "editor-fence broke" }, outside);
    await setSetting("tracekeeper.problems", "open");
    const foreign = vscode.Uri.file(trace).with({ scheme: "git" });
    await Promise.resolve(vscode.commands.executeCommand("vscode.openWith", foreign, "tracekeeper.traceFile")).catch(
      () => undefined,
    );
    await vscode.commands.executeCommand("vscode.openWith", vscode.Uri.file(other), "tracekeeper.traceFile", {
      preview: false,
    });
    await until("the other trace is shown", () => problems("editor-fence broke").length === 1);
    assert.deepEqual(problems("editor-scheme broke"), []);
  });

  it("refuses what is no file of this machine, and says so", async () => {
    const told = hearMessages();
    try {
      await vscode.commands.executeCommand("tracekeeper.openTraceFile", vscode.Uri.parse("http://example.org/a.json"));
    } finally {
      told.restore();
    }
    assert.deepEqual(customTabs(), []);
    assert.match(told.messages.join("\n"), /^error Tracekeeper: Only files on this machine/);
  });
});
