// What is run for each item: a command that is registered, or a playbook of the workspace.

import { relative } from "node:path";
import { platform } from "node:process";
import * as vscode from "vscode";
import type { Logger } from "../../../base/logger";
import type { Playbook } from "../../../session/playbook/playbook";
import { plainText } from "../../../trace/plainText";
import { readBatchTasks } from "../../batchTasks";
import { fileFolders } from "../../directories";
import { commandIds, settingIds } from "../../ids";
import type { PlaybookTools } from "../../playbook/loadPlaybookTools";
import { findPlaybooks } from "../../playbook/run/findPlaybooks";
import { cwdOf } from "../../playbook/run/playbookRunner";
import { askChoice, askText, type Choice } from "../../playbook/run/questions";
import { readyPlaybook } from "../../playbook/run/readyPlaybook";

export interface BatchTask {
  /** As a `batch` step takes it. */
  readonly task: string;
  /** For people. */
  readonly name: string;
  /** Where tasks are at home and relative paths of items begin. */
  readonly folder: string;
  /** Of a playbook, which takes the items as its parameters. */
  readonly playbook: Playbook | undefined;
}

export interface BatchTaskParts {
  readonly tools: PlaybookTools;
  /** Home of tasks in a window without a folder. */
  readonly storage: string;
  readonly logger: Logger;
}

type Offer =
  | { readonly type: "task"; readonly name: string; readonly folder: string }
  | { readonly type: "playbook"; readonly path: string };

/** @returns undefined where the person wants nothing of it, or there is nothing, which has been told */
export async function pickBatchTask(title: string, parts: BatchTaskParts): Promise<BatchTask | undefined> {
  const choices = [...registered(parts), ...(await playbooks())];
  if (choices.length === 0) {
    await tellNone();
    return undefined;
  }
  const prompt = vscode.l10n.t("What is to be run for each item?");
  const answer = await askChoice({ title, prompt, step: 1, totalSteps: 3, canGoBack: false }, choices);
  if (answer === undefined || answer === "back") return undefined;
  const offer = answer.value;
  if (offer.type === "playbook") return await playbookTask(offer.path, parts);
  return { task: offer.name, name: offer.name, folder: offer.folder, playbook: undefined };
}

/** @returns undefined where the playbook can't be run, which has been told */
export async function playbookTask(path: string, { tools }: BatchTaskParts): Promise<BatchTask | undefined> {
  const playbook = await readyPlaybook(path, tools);
  if (playbook === undefined) return undefined;
  const folder = cwdOf(path);
  const task = relative(folder, path);
  return { task: platform === "win32" ? task.replaceAll("\\", "/") : task, name: playbook.name, folder, playbook };
}

/** Only the installation knows which tasks it has. */
export async function remoteTask(title: string, url: string, folder: string): Promise<BatchTask | undefined> {
  const answer = await askText({
    title,
    prompt: vscode.l10n.t("The id of the task that {0} is to run for each item", url),
    step: 1,
    totalSteps: 3,
    canGoBack: false,
    value: "",
    isPassword: false,
    validate: (value) => (value.trim() === "" ? vscode.l10n.t("A task has an id.") : undefined),
  });
  if (answer === undefined || answer === "back") return undefined;
  const task = answer.value.trim();
  return { task, name: task, folder, playbook: undefined };
}

function registered({ storage, logger }: BatchTaskParts): Choice<Offer>[] {
  const folders = fileFolders();
  const homes = folders.length === 0 ? [{ path: storage, name: "" }] : folders;
  return homes.flatMap(({ path, name: folderName }) => {
    const scope = folders.length === 0 ? undefined : vscode.Uri.file(path);
    return Object.entries(readBatchTasks(logger, scope)).map(([name, task]) => {
      const what = "playbook" in task ? task.playbook : [task.command].flat().join(" ");
      const description = homes.length > 1 ? `${what} · ${folderName}` : what;
      return { label: name, description, value: { type: "task" as const, name, folder: path } };
    });
  });
}

async function playbooks(): Promise<Choice<Offer>[]> {
  return (await findPlaybooks()).map(({ name, place, path }) => {
    return { label: name, description: place, value: { type: "playbook" as const, path } };
  });
}

async function tellNone(): Promise<void> {
  const create = vscode.l10n.t("New Playbook…");
  const register = vscode.l10n.t("Register a Task");
  const none = vscode.l10n.t("There is nothing that could be run for each item: no playbook, and no registered task.");
  const chosen = await vscode.window.showInformationMessage(plainText(none), create, register);
  if (chosen === create) await vscode.commands.executeCommand(commandIds.newPlaybook);
  if (chosen === register)
    await vscode.commands.executeCommand("workbench.action.openSettings", `@id:${settingIds.batchTasks}`);
}
