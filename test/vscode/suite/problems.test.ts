import { strict as assert } from "node:assert";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import * as vscode from "vscode";
import {
  closeAllEditors,
  problems,
  removeFiles,
  setSetting,
  type TraceSpec,
  traceFolder,
  until,
  workspaceFolder,
  writeTrace,
} from "./support";

const hourMs = 3_600_000;

describe("Problems", () => {
  let made: string[];
  let count = 0;
  let program: string;
  beforeEach(async () => {
    made = [];
    program = `problems-${++count}`;
    await setSetting("tracekeeper.pathMap", { "/build/shop": workspaceFolder });
  });
  afterEach(async () => {
    await closeAllEditors();
    await removeFiles(...made);
    for (const setting of ["problems", "pathMap"]) await setSetting(`tracekeeper.${setting}`, undefined);
  });

  /** A run of the test's own program, `hoursAgo`. */
  async function run(name: string, hoursAgo: number, spec: Partial<TraceSpec> = {}): Promise<string> {
    const id = `${program}-${name}`;
    const place = { file: "/build/shop/src/billing/tax.ts", line: 7 };
    const startMs = Date.now() - hoursAgo * hourMs;
    const path = await writeTrace({ id, agent: program, startMs, place, message: `${id} broke`, ...spec });
    made.push(path);
    return path;
  }

  /** A failed run of another program: once it shows, everything written before has been looked at. */
  async function fence(name: string): Promise<void> {
    const id = `${program}-fence-${name}`;
    made.push(await writeTrace({ id, agent: id, message: `${id} broke` }));
    await shows(`${id} broke`, 1);
  }

  async function shows(token: string, howMany: number): Promise<string[]> {
    return until(`Problems holds ${howMany} of ${token}`, () => {
      const found = problems(token);
      return found.length === howMany && found;
    });
  }

  it("shows the failing step of a program's last run at its mapped source line", async () => {
    await run("a", 1);
    assert.deepEqual(await shows(`${program}-a`, 1), [`tax.ts:7 bash npm test — ${program}-a broke`]);
  });

  it("shows a step without a place at the start of its trace", async () => {
    await run("a", 1, { place: { file: "/elsewhere/of/nobody.ts", line: 9 } });
    assert.deepEqual(await shows(`${program}-a`, 1), [`${program}-a.json:1 bash npm test — ${program}-a broke`]);
  });

  it("moves an entry when the path map changes", async () => {
    await setSetting("tracekeeper.pathMap", {});
    await run("a", 1, { place: { file: "/far/away/place.ts", line: 3 } });
    await shows(`${program}-a`, 1);
    await setSetting("tracekeeper.pathMap", { "/far/away/place.ts": join(workspaceFolder, "src/billing/invoice.ts") });
    await until("it is at the mapped file", () => problems(`${program}-a`)[0]?.startsWith("invoice.ts:3 "));
  });

  it("forgets a program's failure when a newer run succeeds, and not when an older one does", async () => {
    await run("b", 2);
    await shows(`${program}-b`, 1);
    await run("a", 3, { failed: false });
    await fence("older");
    assert.equal(problems(`${program}-b`).length, 1);
    await run("c", 1, { failed: false });
    await shows(`${program}-b`, 0);
  });

  it("shows only the newest failure of a program", async () => {
    await run("a", 3);
    await shows(`${program}-a`, 1);
    await run("b", 2);
    await shows(`${program}-b`, 1);
    await shows(`${program}-a`, 0);
  });

  it("forgets the failure of a session that is deleted", async () => {
    const trace = await run("a", 1);
    await shows(`${program}-a`, 1);
    await removeFiles(trace);
    await shows(`${program}-a`, 0);
  });

  it("shows the failing step of an open panel until it is closed, also of an old run", async () => {
    const old = await run("a", 2);
    await run("b", 1, { failed: false });
    await fence("closed");
    assert.deepEqual(problems(`${program}-a`), []);
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(old));
    assert.deepEqual(await shows(`${program}-a`, 1), [`tax.ts:7 bash npm test — ${program}-a broke`]);
    await closeAllEditors();
    await shows(`${program}-a`, 0);
  });

  it("shows a session once that is both open and a last run", async () => {
    const trace = await run("a", 1);
    await shows(`${program}-a`, 1);
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(trace));
    await fence("open");
    assert.equal(problems(`${program}-a`).length, 1);
  });

  it("shows open panels alone, or nothing, when set so", async () => {
    const trace = await run("a", 1);
    await run("other", 1, { agent: `${program}-second` });
    await shows(`${program}-a`, 1);
    await shows(`${program}-other`, 1);
    await setSetting("tracekeeper.problems", "open");
    await shows(`${program}-`, 0);
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(trace));
    await shows(`${program}-a`, 1);
    await setSetting("tracekeeper.problems", "off");
    await shows(`${program}-`, 0);
    await setSetting("tracekeeper.problems", undefined);
    await shows(`${program}-other`, 1);
  });

  it("shows hostile texts as texts", async () => {
    await run("a", 1, {
      title: "[title](command:workbench.action.quit)",
      message: `${program}-a [x](command:workbench.action.quit) $(bug) \u202e<img src=x onerror=alert(1)>\u0007\n${"long ".repeat(200)}`,
    });
    const [entry] = await shows(`${program}-a`, 1);
    assert.ok(entry);
    assert.ok(!entry.includes("](") && !entry.includes("$("), entry);
    assert.ok(entry.includes("<img src=x onerror=alert(1)>"), entry);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    assert.doesNotMatch(entry, /[\u0000-\u001f\u202a-\u202e\u2066-\u2069]/);
    const diagnostic = vscode.languages
      .getDiagnostics()
      .flatMap(([, diagnostics]) => diagnostics)
      .find(({ message }) => message.includes(`${program}-a`));
    assert.ok((diagnostic?.message.length ?? 0) <= 200);
    assert.equal(diagnostic?.relatedInformation?.[0]?.message, "Session [title] (command:workbench.action.quit)");
    assert.equal(diagnostic.relatedInformation[0].location.uri.fsPath, join(traceFolder, `${program}-a.json`));
  });
});
