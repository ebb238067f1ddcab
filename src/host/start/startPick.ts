// The one pick that starts a session. What takes time to find comes when it comes, without moving what is selected.

import * as path from "node:path";
import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { describeError, type Logger } from "../../base/logger";
import { plainText } from "../../trace/plainText";
import type { SessionStatus } from "../../trace/state";
import { reportError } from "../commandEdge";
import { type FirmInput, showFirmly } from "../firmInput";
import { findPlaybooks, type PlaybookOffer } from "../playbook/run/findPlaybooks";
import { type ActiveFile, activeFile, runOfActiveFile } from "./activeFile";
import { commandLineOf, shellKind } from "./commandLine";
import type { LaunchRecord } from "./launchRecord";
import type { LaunchRequest } from "./launchRequest";
import { findScripts } from "./npmOffers";
import { scriptLine } from "./npmScripts";
import { commandRequest, fileRequest, scriptRequest, taskRequest } from "./requests";
import {
  acceptedChoice,
  isSameChoice,
  isTypedShown,
  type ScriptOffer,
  type StartChoice,
  type StartGroup,
  type StartRow,
  type StartSection,
  startSections,
  type TaskOffer,
} from "./startRows";
import { groupLabels, startTexts } from "./startTexts";
import { textOf } from "./taskCopy";
import { executionOf, type ListedTask, listTasks, placeOfTask } from "./tasks";

export interface StartPickParts {
  readonly records: readonly LaunchRecord[];
  readonly outcome: (key: string) => { readonly status: SessionStatus; readonly atMs: number } | undefined;
  /** Outcomes have changed. */
  readonly onDidChangeOutcomes: (listener: () => void) => Disposable;
  readonly logger: Logger;
  start(request: LaunchRequest): Promise<unknown>;
  startAgain(record: LaunchRecord): Promise<void>;
  startPlaybook(path: string): Promise<void>;
}

interface OfferedTask extends TaskOffer {
  readonly listed: ListedTask;
}

interface StartItem extends vscode.QuickPickItem {
  readonly row?: StartRow<OfferedTask>;
}

const revealButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("go-to-file"),
  tooltip: vscode.l10n.t("Open File"),
};
const editButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("edit"),
  tooltip: vscode.l10n.t("Edit Command"),
};

export class StartPick {
  readonly #parts: StartPickParts;
  readonly #pick = vscode.window.createQuickPick<StartItem>();
  readonly #owned = new DisposableStore();
  readonly #cancelled = this.#owned.add(new vscode.CancellationTokenSource());
  readonly #file: ActiveFile | undefined = activeFile();
  readonly #items = new Map<string, StartItem>();
  #playbooks: readonly PlaybookOffer[] = [];
  #scripts: readonly ScriptOffer[] = [];
  #tasks: readonly OfferedTask[] = [];
  #sections: readonly StartSection<OfferedTask>[] = [];
  #isCommandLine = false;
  /** VS Code has shown the rows of what is typed. */
  #isShown = true;
  /** The row among those of what is typed to which the person went. */
  #wentTo: string | undefined;
  #loading = 0;
  #shown: FirmInput | undefined;

  constructor(parts: StartPickParts) {
    this.#parts = parts;
  }

  /** Settles when something was picked, or nothing. */
  async show(): Promise<void> {
    const pick = this.#owned.add(this.#pick);
    pick.title = vscode.l10n.t("Start Traced Session");
    pick.placeholder = vscode.l10n.t("Pick what to run and record, or type a command");
    pick.matchOnDescription = true;
    this.#owned.add(
      pick.onDidChangeValue(() => {
        const wasShown = this.#isShown;
        this.#isShown = false;
        this.#wentTo = undefined;
        // A blank at the end changes no row.
        if (!this.#draw()) this.#isShown = wasShown;
      }),
    );
    // It is told of the first of new rows, too.
    this.#owned.add(
      pick.onDidChangeActive(([active]) => {
        if (this.#isShown) this.#wentTo = active?.row?.id;
        else this.#isShown = isTypedShown(pick.value, active?.row);
      }),
    );
    this.#owned.add(pick.onDidAccept(() => this.#accept()));
    this.#owned.add(pick.onDidTriggerItemButton(({ item, button }) => this.#press(item, button)));
    this.#owned.add(this.#parts.onDidChangeOutcomes(() => this.#drawOutcomes()));
    this.#draw();
    const hidden = new Promise<void>((resolve) => {
      this.#shown = this.#owned.add(showFirmly(pick, resolve));
    });
    this.#load("playbooks", async () => {
      this.#playbooks = await findPlaybooks(this.#cancelled.token);
    });
    this.#load("npm scripts", async () => {
      this.#scripts = await findScripts(this.#cancelled.token);
    });
    this.#load("tasks", async () => {
      this.#tasks = (await listTasks()).map((listed) => {
        const { task, untraceable } = listed;
        const execution = executionOf(task);
        const detail = execution ? textOf(execution) : "";
        const { scope, folder } = placeOfTask(task);
        return { listed, untraceable, name: task.name, source: task.source, scope, folder, detail };
      });
    });
    await hidden;
    this.#cancelled.cancel();
    this.#owned.dispose();
  }

  #load(what: string, load: () => Promise<void>): void {
    this.#loading++;
    load()
      .catch((error: unknown) => this.#parts.logger.warn(`The ${what} could not be listed: ${describeError(error)}`))
      .finally(() => {
        if (this.#owned.isDisposed) return;
        this.#loading--;
        this.#draw();
      });
  }

  /**
   * How a session ended is told beside a row, and is not worth taking rows from under somebody's fingers: of a step to
   * another row this process hears a moment later, and until then new rows would begin at the first again.
   */
  #drawOutcomes(): void {
    const { value, activeItems, items } = this.#pick;
    const [active] = activeItems;
    if (value === "" && (active === undefined || active === items.find(({ row }) => row))) this.#draw();
  }

  /** @returns whether there are other rows now */
  #draw(): boolean {
    const { records, outcome } = this.#parts;
    const pick = this.#pick;
    this.#sections = startSections(
      {
        records,
        outcome,
        playbooks: this.#playbooks,
        scripts: this.#scripts,
        tasks: this.#tasks,
        file: this.#file?.name,
        isCommandLine: this.#isCommandLine,
        typed: pick.value,
        nowMs: Date.now(),
      },
      startTexts,
    );
    const isTyped = pick.value.trim() !== "";
    const selected = isTyped ? this.#wentTo : pick.activeItems[0]?.row?.id;
    const isMoved = isTyped || selected !== pick.items.find(({ row }) => row)?.row?.id;
    const items: StartItem[] = this.#sections.flatMap(({ group, rows }) => [
      ...separator(group),
      ...rows.map((row) => this.#itemOf(row)),
    ]);
    pick.busy = this.#loading > 0;
    // To set them anew takes the person back to the first one, until VS Code has told of where they went.
    if (isSameList(pick.items, items)) return false;
    pick.keepScrollPosition = true;
    pick.items = items;
    // VS Code selects the first one, and what fits best to what is typed; where the person went the selection stays.
    const before = isMoved ? items.find((item) => item.row && item.row.id === selected) : undefined;
    if (before) pick.activeItems = [before];
    return true;
  }

  /** The same object for the same row, so that VS Code keeps what is selected. */
  #itemOf(row: StartRow<OfferedTask>): StartItem {
    const known = this.#items.get(row.id);
    const isKnown = known?.row && isSameChoice(known.row.choice, row.choice);
    if (isKnown && known.label === row.label && known.description === row.description) return known;
    const item: StartItem = {
      label: row.label,
      description: row.description,
      iconPath: new vscode.ThemeIcon(row.icon),
      alwaysShow: row.alwaysShow,
      buttons: buttonsOf(row.choice),
      row,
    };
    this.#items.set(row.id, item);
    return item;
  }

  #accept(): void {
    const { value, selectedItems } = this.#pick;
    const choice = acceptedChoice(this.#sections, value, selectedItems[0]?.row, this.#isShown);
    switch (choice.type) {
      case "typed": {
        // The row may be that of an earlier keystroke; what counts is what is typed.
        const line = value.trim();
        if (line !== "") this.#run(() => this.#parts.start(commandRequest(line, this.#file?.path)));
        return;
      }
      case "commandLine":
        this.#ask("");
        return;
      case "refused":
        void vscode.window.showInformationMessage(
          plainText(vscode.l10n.t("{0} can't be traced: {1}.", choice.task.name, startTexts.because(choice.because))),
        );
        return;
      case "file":
        if (this.#file) this.#runFile(this.#file);
        return;
      case "again":
        this.#run(() => this.#parts.startAgain(choice.record));
        return;
      case "playbook":
        this.#run(() => this.#parts.startPlaybook(choice.playbook.path));
        return;
      case "script":
        this.#run(() => this.#parts.start(scriptRequest(choice.script)));
        return;
      case "task":
        this.#run(() => this.#parts.start(taskRequest(choice.task.listed)));
        return;
    }
  }

  #run(start: () => Promise<unknown>): void {
    this.#shown?.hide();
    start().catch((error: unknown) => reportError(this.#parts.logger, "Starting a session", error));
  }

  /** Stays open until it is known how the file is run, for it may be that the person has to say it. */
  #runFile(file: ActiveFile): void {
    this.#pick.busy = true;
    this.#pick.enabled = false;
    const decide = async () => {
      const run = await runOfActiveFile(file, this.#parts.logger);
      if (this.#owned.isDisposed) return;
      this.#pick.enabled = true;
      this.#pick.busy = this.#loading > 0;
      if (run.type === "words") this.#run(() => this.#parts.start(fileRequest(file, run.words)));
      else this.#ask(commandLineOf(run.words, shellKind(vscode.env.shell)), run.why);
    };
    decide().catch((error: unknown) => {
      this.#shown?.hide();
      reportError(this.#parts.logger, "Looking how the file is run", error);
    });
  }

  /** Goes on as a command line, with `line` in it. */
  #ask(line: string, why?: "unknownType" | "noTypeStripping"): void {
    this.#isCommandLine = true;
    this.#pick.placeholder = vscode.l10n.t("Type a command line and press Enter");
    this.#pick.title =
      why === "unknownType"
        ? vscode.l10n.t("How is this file run? The setting tracekeeper.runners can say it.")
        : why === "noTypeStripping"
          ? vscode.l10n.t("The installed Node does not run TypeScript. How is this file run?")
          : vscode.l10n.t("Start Traced Session");
    this.#pick.value = line;
    this.#draw();
  }

  #press({ row }: StartItem, button: vscode.QuickInputButton): void {
    if (!row) return;
    const { choice } = row;
    if (button === editButton) {
      const line = choice.type === "again" ? lineOf(choice.record) : undefined;
      if (line !== undefined) this.#ask(line);
      return;
    }
    const reveal = async () => {
      if (choice.type === "file" && this.#file) await vscode.window.showTextDocument(vscode.Uri.file(this.#file.path));
      if (choice.type === "script") await openScript(choice.script);
      if (choice.type === "playbook") await vscode.window.showTextDocument(vscode.Uri.file(choice.playbook.path));
    };
    this.#run(reveal);
  }
}

function isSameList(before: readonly StartItem[], items: readonly StartItem[]): boolean {
  if (before.length !== items.length) return false;
  return items.every((item, index) => {
    const known = before[index];
    return known === item || (item.row === undefined && known?.row === undefined && known?.label === item.label);
  });
}

function separator(group: StartGroup): StartItem[] {
  const label = groupLabels[group];
  return label === "" ? [] : [{ label, kind: vscode.QuickPickItemKind.Separator }];
}

function buttonsOf(choice: StartChoice<OfferedTask>): vscode.QuickInputButton[] {
  if (choice.type === "again") return lineOf(choice.record) === undefined ? [] : [editButton];
  return choice.type === "script" || choice.type === "playbook" || choice.type === "file" ? [revealButton] : [];
}

/** Undefined for what was no command line. */
function lineOf({ start }: LaunchRecord): string | undefined {
  return start.type === "program" && start.program.type === "shell" ? start.program.line : undefined;
}

async function openScript({ folder, script }: ScriptOffer): Promise<void> {
  const document = await vscode.workspace.openTextDocument(path.join(folder, "package.json"));
  const at = new vscode.Position(scriptLine(document.getText(), script), 0);
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at) });
}
