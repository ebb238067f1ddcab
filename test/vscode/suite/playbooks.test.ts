import { strict as assert } from "node:assert";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import * as vscode from "vscode";
import { parsePlaybook } from "../../../src/session/playbook/parsePlaybook";
import {
  closeAllEditors,
  customTabs,
  hearMessages,
  problems,
  removeFiles,
  traceFolder,
  traceOf,
  until,
  workspaceFolder,
} from "./support";

const folder = join(workspaceFolder, "playbooks");
let count = 0;
let path: string;

const sound = `name: Night
params:
  target: { type: string, default: staging, description: Where to }
steps:
  - id: build
    name: Build it
    action: run
    with:
      command: make {target}
  - id: check
    action: run
    with: { command: "true" }
`;

async function open(text: string): Promise<vscode.TextEditor> {
  await mkdir(folder, { recursive: true });
  await writeFile(path, text);
  return await vscode.window.showTextDocument(vscode.Uri.file(path));
}

/** Replaces the text as typing does. */
async function type(editor: vscode.TextEditor, text: string): Promise<void> {
  const { document } = editor;
  const whole = new vscode.Range(document.positionAt(0), document.positionAt(document.getText().length));
  assert.ok(await editor.edit((edit) => edit.replace(whole, text)));
}

async function offered(editor: vscode.TextEditor, at: vscode.Position): Promise<vscode.CompletionItem[]> {
  const { uri } = editor.document;
  const list = await vscode.commands.executeCommand<vscode.CompletionList>(
    "vscode.executeCompletionItemProvider",
    uri,
    at,
  );
  // Others offer words of the document.
  return list.items.filter(({ kind }) => kind !== vscode.CompletionItemKind.Text);
}

async function lensCommands(): Promise<(vscode.Command | undefined)[]> {
  const uri = vscode.Uri.file(path);
  const found = await vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", uri, 10);
  return found.map(({ command }) => command);
}

async function lenses(): Promise<string[]> {
  return (await lensCommands()).map((command) => command?.title ?? "");
}

/** Does what a click on the line does. */
async function use(words: string): Promise<void> {
  const lens = (await lensCommands()).find((command) => command?.title.includes(words));
  await vscode.commands.executeCommand(lens?.command ?? "", ...(lens?.arguments ?? []));
}

const ours = () => problems("").filter((problem) => problem.startsWith(`night${count}.`));

describe("a playbook in the editor", () => {
  const made: string[] = [];
  beforeEach(() => {
    path = join(folder, `night${++count}.playbook.yaml`);
    made.push(folder);
  });
  afterEach(async () => {
    await vscode.commands.executeCommand("workbench.action.files.revert");
    await closeAllEditors();
    await removeFiles(...made.splice(0));
  });

  it("has its problems told at their lines while it is typed, until it is closed", async () => {
    const editor = await open(sound.replace("action: run", "action: rum"));
    await until("the slip is told", () => ours().length === 1);
    assert.match(ours()[0] ?? "", /:7 `action` must be one of run, .* Did you mean "run"\?$/);
    await type(editor, sound);
    await until("nothing is wrong any more", () => ours().length === 0);
    await type(editor, sound.replace("{target}", "{targt}"));
    await until("the name that is not known is told", () =>
      ours().some((each) => each.includes('There is no parameter "targt"')),
    );
    const [diagnostic] = vscode.languages.getDiagnostics(editor.document.uri);
    assert.equal(diagnostic?.severity, vscode.DiagnosticSeverity.Warning);
    assert.equal(editor.document.getText(diagnostic?.range), "{targt}");
    await vscode.commands.executeCommand("workbench.action.files.revert");
    await closeAllEditors();
    await until("a closed playbook has no problems", () => ours().length === 0);
  });

  it("leaves other YAML alone", async () => {
    path = join(folder, `night${count}.yaml`);
    const editor = await open("name: [\n");
    const other = join(folder, `night${count}.playbook.yaml`);
    await writeFile(other, "name: [\n");
    await vscode.window.showTextDocument(vscode.Uri.file(other), { viewColumn: vscode.ViewColumn.Beside });
    await until("the playbook beside it has its problem", () => ours().length > 0);
    assert.deepEqual(
      ours().filter((each) => each.startsWith(`night${count}.yaml`)),
      [],
    );
    assert.deepEqual(await offered(editor, new vscode.Position(1, 0)), []);
  });

  it("offers keys, actions and names, and writes what is chosen in its place", async () => {
    const editor = await open(`${sound}    \n`);
    const keys = await offered(editor, new vscode.Position(12, 4));
    assert.deepEqual(
      keys.slice(0, 3).map(({ label }) => label),
      ["name", "expect", "timeout"],
    );
    const actions = await offered(editor, new vscode.Position(6, 12));
    assert.deepEqual(
      actions.map(({ label }) => label),
      ["run", "http", "model", "playbook", "batch"],
    );
    await type(editor, sound.replace("{target}", "{}"));
    const names = await offered(editor, new vscode.Position(8, 21));
    assert.deepEqual(
      names.map(({ label, detail }) => `${label} ${detail}`),
      ["target string"],
    );
    const replaced = names[0]?.range;
    assert.ok(replaced instanceof vscode.Range ? replaced.isEmpty : replaced);
  });

  it("tells what a key and a placeholder mean", async () => {
    const editor = await open(sound);
    const hover = async (line: number, character: number) => {
      const at = new vscode.Position(line, character);
      const found = await vscode.commands.executeCommand<vscode.Hover[]>(
        "vscode.executeHoverProvider",
        editor.document.uri,
        at,
      );
      return found
        .flatMap(({ contents }) => contents.map((each) => (typeof each === "string" ? each : each.value)))
        .join("\n");
    };
    assert.match(await hover(8, 8), /What to run: one line for the shell/);
    assert.match(
      (await hover(8, 22)).replaceAll("\\", ""),
      /Parameter "target", string, "staging" by default\. Where to/,
    );
  });

  it("shows its parameters and steps in the outline", async () => {
    const editor = await open(sound);
    const found = await until("the outline is there", async () => {
      const all = await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>(
        "vscode.executeDocumentSymbolProvider",
        editor.document.uri,
      );
      return all?.some(({ name }) => name === "Steps") ? all : undefined;
    });
    const ofOurs = found.filter(({ name }) => name === "Parameters" || name === "Steps");
    assert.deepEqual(
      ofOurs.map(({ name, children }) => [
        name,
        ...children.map((child) => `${child.name} ${child.range.start.line + 1}-${child.range.end.line + 1}`),
      ]),
      [
        ["Parameters", "target 3-3"],
        ["Steps", "Build it 5-9", "check 10-12"],
      ],
    );
  });

  it("offers to run it, and tells of its last run with the step that failed", async () => {
    await open(sound);
    await until("it can be run", async () => (await lenses()).includes("$(play) Run traced"));
    const batch = "$(run-all) Trigger batch…";
    assert.deepEqual(await lenses(), ["$(play) Run traced", batch]);
    const trace = await writeRun("first", { failedStep: 1, minutesAgo: 2 });
    made.push(trace);
    await until("its last run is told", async () => (await lenses()).length === 4);
    assert.deepEqual(await lenses(), [
      "$(play) Run traced",
      "$(debug-continue) Resume from failing step",
      "Last run: failed at step 2, 2 min ago",
      batch,
    ]);
    const told = hearMessages();
    try {
      await use("Resume from failing step");
      assert.match(told.messages.join("\n"), new RegExp(`^error .*first${count} holds nothing to go on from`));
    } finally {
      told.restore();
    }
    made.push(await writeRun("second", { minutesAgo: 1 }));
    await until("a newer run is told", async () =>
      (await lenses()).some((lens) => lens.startsWith("Last run: completed")),
    );
    assert.deepEqual(await lenses(), ["$(play) Run traced", "Last run: completed, 1 min ago", batch]);
    await use("Last run");
    await until("the trace is open", () => customTabs().some((tab) => tab.endsWith(`second${count}.json`)));
  });

  it("is written anew with comments, runs as it is, and overwrites nothing", async () => {
    await mkdir(folder, { recursive: true });
    const window = vscode.window as unknown as {
      showInputBox: (options: vscode.InputBoxOptions) => Promise<string | undefined>;
    };
    const ask = window.showInputBox;
    const told = hearMessages();
    const asked: (string | undefined)[] = [];
    const name = `Nightly  check ${count}!`;
    window.showInputBox = async (options) => {
      asked.push((await options.validateInput?.(name)) as string | undefined);
      return name;
    };
    try {
      await vscode.commands.executeCommand("tracekeeper.newPlaybook", vscode.Uri.file(folder));
      const file = join(folder, `nightly-check-${count}.playbook.yaml`);
      const editor = await until(
        "it is open",
        () => vscode.window.activeTextEditor?.document.uri.fsPath === file && vscode.window.activeTextEditor,
      );
      const text = editor.document.getText();
      assert.equal(await readFile(file, "utf8"), text);
      const { playbook, problems: wrong } = parsePlaybook(text, file);
      assert.deepEqual(wrong, []);
      assert.equal(playbook?.name, name);
      await type(editor, `${text}# mine\n`);
      await editor.document.save();
      await vscode.commands.executeCommand("tracekeeper.newPlaybook", vscode.Uri.file(folder));
      assert.equal(await readFile(file, "utf8"), `${text}# mine\n`);
      assert.deepEqual(asked, [undefined, `nightly-check-${count}.playbook.yaml is there already.`]);
      assert.match(told.messages.join("\n"), /^error .*could not be written/);
    } finally {
      window.showInputBox = ask;
      told.restore();
    }
  });
});

async function writeRun(
  name: string,
  { failedStep, minutesAgo }: { failedStep?: number; minutesAgo: number },
): Promise<string> {
  const id = `${name}${count}`;
  const failed = failedStep !== undefined;
  const trace = traceOf({ id, failed, startMs: Date.now() - minutesAgo * 60_000 - 5_000 }) as {
    spans: Record<string, unknown>[];
  };
  const [root, ...others] = trace.spans;
  const attributes = {
    "tracekeeper.launch": { id, origin: { type: "playbook", label: "night", path }, capture: {} },
    "tracekeeper.playbook": { name: "Night", path, ...(failed && { failedStep: { id: "check", index: failedStep } }) },
  };
  const file = join(traceFolder, `${id}.json`);
  await mkdir(traceFolder, { recursive: true });
  await writeFile(file, JSON.stringify({ ...trace, spans: [{ ...root, attributes }, ...others] }));
  return file;
}
