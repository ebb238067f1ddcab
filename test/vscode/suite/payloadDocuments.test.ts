import { strict as assert } from "node:assert";
import { join } from "node:path";
import { afterEach, describe, it } from "mocha";
import * as vscode from "vscode";
import { silentLogger } from "../../../src/base/logger";
import { PayloadDocuments } from "../../../src/host/panel/payloadDocuments";
import { ReaderClient } from "../../../src/reader/readerClient";
import { workerPort } from "../../../src/reader/workerPort";
import { closeAllEditors, hearMessages, removeFiles, until, workspaceFolder, writeTrace } from "./support";

const scheme = "tracekeeper-payload";

describe("a payload in an editor", () => {
  const made: string[] = [];
  afterEach(async () => {
    await closeAllEditors();
    await removeFiles(...made.splice(0));
  });

  function uriOf(key: string, span: string, field: string, path?: readonly number[]): vscode.Uri {
    return vscode.Uri.from({ scheme, path: `/${field}.txt`, query: JSON.stringify({ key, span, field, path }) });
  }

  async function read(uri: vscode.Uri): Promise<string> {
    return (await vscode.workspace.openTextDocument(uri)).getText();
  }

  /** Writes a trace and opens it, for only payloads of listed and open traces are given. */
  async function openTrace(spec: Parameters<typeof writeTrace>[0], folder?: string): Promise<string> {
    const key = await writeTrace(spec, folder);
    made.push(key);
    await vscode.commands.executeCommand("vscode.openWith", vscode.Uri.file(key), "tracekeeper.traceFile");
    return key;
  }

  function newReader(): ReaderClient {
    const folder = vscode.extensions.getExtension("tracekeeper.tracekeeper")?.extensionPath ?? "";
    const connect = () => workerPort(join(folder, "dist", "reader.js"));
    return new ReaderClient({ connect, borders: () => undefined, logger: silentLogger });
  }

  /** What is known of the edit of the trace's second step. */
  async function editOf(reader: ReaderClient, key: string) {
    const edit = await reader.once(key, (trace) => trace.call("edit", { epoch: trace.facts?.epoch ?? 0, row: 1 }));
    assert.ok(edit);
    return edit;
  }

  it("is the whole text, read from the trace", async () => {
    const output = `${"0123456789\n".repeat(2_000)}<img src=x onerror=alert(1)> ✓`;
    const key = await openTrace({
      id: "payload",
      tool: "query",
      input: { where: ["a", 1] },
      output,
      message: "first line\nsecond line",
    });
    assert.equal(await read(uriOf(key, "payload-step", "output")), output);
    assert.deepEqual(JSON.parse(await read(uriOf(key, "payload-step", "input"))), { where: ["a", 1] });
    assert.match(await read(uriOf(key, "payload-step", "error")), /^first line\nsecond line/);
    assert.equal(JSON.parse(await read(uriOf(key, "payload-step", "raw"))).spanId, "payload-step");
  });

  it("is an entry of a payload where its numbers are named, and an empty text where they lead nowhere", async () => {
    const key = await openTrace({ id: "payload-entry", tool: "query", input: { where: ["a", { deep: "text\n" }] } });
    assert.equal(await read(uriOf(key, "payload-entry-step", "input", [0, 1, 0])), "text\n");
    assert.deepEqual(JSON.parse(await read(uriOf(key, "payload-entry-step", "input", [0]))), ["a", { deep: "text\n" }]);
    assert.equal(await read(uriOf(key, "payload-entry-step", "input", [7, 7])), "");
  });

  it("says so when the step has gone", async () => {
    const key = await openTrace({ id: "payload-gone" });
    assert.equal(await read(uriOf(key, "no-such-step", "output")), "The step is no longer in the trace.");
  });

  it("is refused for a trace that is neither listed nor open, and given once it is open", async () => {
    const spec = { id: "payload-elsewhere", output: "secret" };
    const elsewhere = join(workspaceFolder, "elsewhere");
    const key = await writeTrace(spec, elsewhere);
    made.push(key);
    const uri = uriOf(key, "payload-elsewhere-step", "output");
    await assert.rejects(read(uri), /listed or open/);
    await openTrace(spec, elsewhere);
    assert.equal(await read(uri), "secret");
  });

  for (const [what, query] of [
    ["no query", ""],
    ["no JSON", "{"],
    ["another type", '["a"]'],
    ["an unknown field", '{"key":"/a.json","span":"a","field":"password"}'],
    ["a trace that is not there", '{"key":"/no/such/folder/a.json","span":"a","field":"output"}'],
    ["an entry that is no number", '{"key":"/a.json","span":"a","field":"input","path":["__proto__"]}'],
    ["a relative path", '{"key":"package.json","span":"a","field":"output"}'],
    ["a network path", JSON.stringify({ key: "\\\\host\\share\\a.json", span: "a", field: "output" })],
  ] as const)
    it(`is an error, and no more, for ${what}`, async () => {
      const told = hearMessages();
      try {
        await assert.rejects(read(vscode.Uri.from({ scheme, path: "/bogus.txt", query })));
      } finally {
        told.restore();
      }
      const key = await openTrace({ id: "payload-after", output: "still here" });
      assert.equal(await read(uriOf(key, "payload-after-step", "output")), "still here");
    });

  it("shows a recorded edit as a diff of its two texts", async () => {
    const input = {
      filePath: "/build/src/[tax](command:x).ts",
      oldString: "const a = 1;\n",
      newString: "const a = 2;\n",
    };
    const key = await writeTrace({ id: "payload-edit", tool: "edit", input });
    made.push(key);
    const reader = newReader();
    const documents = new PayloadDocuments({ entry: () => undefined }, reader, { ofSession: () => [] });
    try {
      await documents.openDiff(key, await editOf(reader, key));
      const tab = await until("the diff is there", () => {
        const active = vscode.window.tabGroups.activeTabGroup.activeTab;
        return active?.input instanceof vscode.TabInputTextDiff && active;
      });
      assert.equal(tab.label, "/build/src/[tax] (command:x).ts (recorded edit)");
      const { original, modified } = tab.input as vscode.TabInputTextDiff;
      assert.equal(await read(original), input.oldString);
      assert.equal(await read(modified), input.newString);
      assert.match(original.path, /\.ts$/);
    } finally {
      documents.dispose();
      reader.dispose();
    }
  });

  it("says so when there is no edit to compare", async () => {
    const key = await writeTrace({ id: "payload-no-edit" });
    made.push(key);
    const reader = newReader();
    const documents = new PayloadDocuments({ entry: () => undefined }, reader, { ofSession: () => [] });
    const told = hearMessages();
    try {
      await documents.openDiff(key, await editOf(reader, key));
    } finally {
      told.restore();
      documents.dispose();
      reader.dispose();
    }
    assert.deepEqual(told.messages, ["info This step holds no edit to compare."]);
  });
});
