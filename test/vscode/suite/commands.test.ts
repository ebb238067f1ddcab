import { strict as assert } from "node:assert";
import { after, before, describe, it } from "mocha";
import * as vscode from "vscode";
import { closeAllEditors, hearMessages, until } from "./support";

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
  };
}

const manifest = vscode.extensions.getExtension("tracekeeper.tracekeeper")?.packageJSON as Manifest;
const contributed = manifest.contributes.commands.map(({ command }) => command);

describe("commands", () => {
  let simpleDialog: unknown;
  before(async () => {
    await closeAllEditors();
    // The dialog of the operating system could not be cancelled from here.
    const files = vscode.workspace.getConfiguration("files");
    simpleDialog = files.inspect("simpleDialog.enable")?.workspaceValue;
    await files.update("simpleDialog.enable", true, vscode.ConfigurationTarget.Workspace);
  });
  after(async () => {
    await closeAllEditors();
    const files = vscode.workspace.getConfiguration("files");
    await files.update("simpleDialog.enable", simpleDialog, vscode.ConfigurationTarget.Workspace);
  });

  it("are registered exactly as the manifest names them", async () => {
    const views = Object.values(manifest.contributes.views).flatMap((list) => list.map(({ id }) => id));
    // VS Code makes commands of its own for every view.
    const isOfView = (command: string) => views.some((view) => command.startsWith(`${view}.`));
    const registered = (await vscode.commands.getCommands(true)).filter(
      (command) => command.startsWith("tracekeeper.") && !isOfView(command),
    );
    assert.deepEqual(registered.sort(), [...contributed].sort());
  });

  it("tell an error of theirs, which is how the next tests would know of one", async () => {
    const told = hearMessages();
    try {
      await vscode.commands.executeCommand("tracekeeper.openTraceFile", vscode.Uri.parse("git:/a.json"));
    } finally {
      told.restore();
    }
    assert.equal(told.messages.length, 1);
    assert.match(told.messages[0] ?? "", /^error /);
  });

  /** Starts a session at once; test/vscode/suite/start.test.ts does that. */
  const startsAtOnce = "tracekeeper.collectOnly";
  for (const command of contributed.filter((each) => each !== startsAtOnce))
    it(`${command} can be run with no editor open, and cancelled where it asks`, async () => {
      await closeAllEditors();
      const unhandled: unknown[] = [];
      const onUnhandled = (reason: unknown) => void unhandled.push(reason);
      process.on("unhandledRejection", onUnhandled);
      const told = hearMessages();
      try {
        let isDone = false;
        const run = Promise.resolve(vscode.commands.executeCommand(command)).finally(() => {
          isDone = true;
        });
        await until(`${command} has ended`, async () => {
          if (!isDone) await vscode.commands.executeCommand("workbench.action.closeQuickOpen");
          return isDone;
        });
        await run;
      } finally {
        told.restore();
        process.off("unhandledRejection", onUnhandled);
      }
      assert.deepEqual(
        told.messages.filter((message) => message.startsWith("error")),
        [],
      );
      assert.deepEqual(unhandled, []);
    });
});
