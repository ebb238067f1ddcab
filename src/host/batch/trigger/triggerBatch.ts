// "Trigger Batch…": asks what is to be run, for which items and how many at once, and starts a session that runs the batch
// in the background, so that it outlives the window. Nothing is written before the last question is answered.

import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Logger } from "../../../base/logger";
import { makeFolders } from "../../../recorder/makeFolders";
import { triggerFileNames, triggerFolder, triggerPlaybook } from "../../../session/batch/triggerPlaybook";
import { batchFolder } from "../../../trace/batch/batchIds";
import { formatCount } from "../../../trace/formatValue";
import { oneLine } from "../../../trace/plainText";
import { batchInstallation, hasEngineKey } from "../../batchEngine";
import { fileFolders } from "../../directories";
import type { PlaybookTools } from "../../playbook/loadPlaybookTools";
import type { KeptSecrets } from "../../playbook/run/keptSecrets";
import { askText } from "../../playbook/run/questions";
import type { LaunchedSession, LaunchRequest } from "../../start/launchRequest";
import { folderOf, makeTraceFolder } from "../../start/traceFolder";
import { askItems, type SoundItems } from "./batchItems";
import { type BatchTask, pickBatchTask, playbookTask, remoteTask } from "./batchTask";

export interface BatchTriggerParts {
  readonly tools: PlaybookTools;
  /** The extension's own folder. */
  readonly storage: string;
  readonly logger: Logger;
  readonly secrets: KeptSecrets;
  launch(request: LaunchRequest): Promise<LaunchedSession>;
}

const usualConcurrency = 4;
const mostConcurrency = 1_000;
const longestSample = 80;

/** @param clicked path of the playbook that the command was used on */
export async function triggerBatch(clicked: string | undefined, parts: BatchTriggerParts): Promise<void> {
  // Questions take the focus from it.
  const editor = vscode.window.activeTextEditor;
  const title = vscode.l10n.t("Trigger Batch");
  const { logger, secrets, storage } = parts;
  const folder = folderOf(
    editor?.document.uri.fsPath ?? "",
    fileFolders().map(({ path }) => path),
  );
  const url = batchInstallation(logger, folder === undefined ? undefined : vscode.Uri.file(folder));
  if (url !== undefined && clicked !== undefined)
    throw new Error(
      vscode.l10n.t("Batches run at {0}, as a setting says, which has tasks of its own and no playbooks.", url),
    );
  if (url !== undefined && !(await hasEngineKey(url, secrets))) return;
  for (let given = clicked; ; given = undefined) {
    const task =
      url !== undefined
        ? await remoteTask(title, url, folder ?? storage)
        : given === undefined
          ? await pickBatchTask(title, parts)
          : await playbookTask(given, parts);
    if (task === undefined) return;
    const answer = await askRest(`${title}: ${task.name}`, task, editor, parts.tools);
    if (answer === undefined) return;
    if (answer !== "back") return await start(task, answer.items, answer.concurrency, parts);
  }
}

async function askRest(
  title: string,
  task: BatchTask,
  editor: vscode.TextEditor | undefined,
  tools: PlaybookTools,
): Promise<{ readonly items: SoundItems; readonly concurrency: number } | "back" | undefined> {
  for (;;) {
    const answer = await askItems(title, task, editor, tools);
    if (answer === undefined || answer === "back") return answer;
    const items = answer.value;
    const concurrency = await askConcurrency(title, items);
    if (concurrency === undefined) return undefined;
    if (concurrency !== "back") return { items, concurrency };
  }
}

async function askConcurrency(title: string, { items, sample }: SoundItems): Promise<number | "back" | undefined> {
  const { count } = items;
  const first = oneLine(sample, longestSample);
  const found =
    count === 1
      ? vscode.l10n.t("1 item: {0}", first)
      : vscode.l10n.t("{0} items, the first: {1}", formatCount(count), first);
  const answer = await askText({
    title,
    prompt: vscode.l10n.t("{0}. How many runs at once? Enter triggers the batch", found),
    step: 3,
    totalSteps: 3,
    canGoBack: true,
    value: String(Math.min(usualConcurrency, count)),
    isPassword: false,
    validate: (value) =>
      concurrencyOf(value) === undefined
        ? vscode.l10n.t("A whole number from 1 to {0}", formatCount(mostConcurrency))
        : undefined,
  });
  if (answer === undefined || answer === "back") return answer;
  return concurrencyOf(answer.value);
}

function concurrencyOf(text: string): number | undefined {
  const number = /^\s*\d{1,4}\s*$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= mostConcurrency ? number : undefined;
}

async function start(
  { task, name, folder }: BatchTask,
  { items }: SoundItems,
  concurrency: number,
  { tools, storage, launch }: BatchTriggerParts,
): Promise<void> {
  const folders = fileFolders().map(({ path }) => path);
  const { directory } = await makeTraceFolder(folderOf(folder, folders), storage);
  const place = join(directory, batchFolder, triggerFolder, randomBytes(6).toString("hex"));
  await makeFolders(place);
  try {
    await tools.writeItems(items, join(place, triggerFileNames.items));
    const path = join(place, triggerFileNames.playbook);
    await writeFile(path, triggerPlaybook(concurrency), { mode: 0o600, flag: "wx" });
    const params = { task, name };
    await launch({
      title: vscode.l10n.t("Batch {0}", name),
      origin: { type: "playbook", label: name },
      start: { type: "program", program: { type: "playbook", path, params }, cwd: folder },
      playbook: { params },
      isBackground: true,
    });
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    throw error;
  }
}
