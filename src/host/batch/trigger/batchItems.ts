// Where the items of a batch come from: what is selected or stands in the editor in front, a file, or what is typed or
// pasted. They are checked before anything is run, and what is wrong with them is told with its line and shown there.

import { basename } from "node:path";
import * as vscode from "vscode";
import { type Items, ItemsError, itemsOfDocument, itemsOfFile } from "../../../session/batch/items";
import { formatCount } from "../../../trace/formatValue";
import { plainText } from "../../../trace/plainText";
import type { PlaybookTools } from "../../playbook/loadPlaybookTools";
import { type Answer, askChoice, askText, type Choice } from "../../playbook/run/questions";
import type { BatchTask } from "./batchTask";

export interface SoundItems {
  readonly items: Items;
  /** The first one as it stands, cut. */
  readonly sample: string;
}

type Source =
  | { readonly type: "text"; readonly text: string; readonly uri: vscode.Uri; readonly firstLine: number }
  | { readonly type: "file"; readonly uri: vscode.Uri }
  | { readonly type: "open" }
  | { readonly type: "typed" };

const mostFiles = 50;
const itemFiles = "**/*.{ndjson,jsonl}";
const notLookedInto = "**/{node_modules,.git,.tracekeeper}/**";

/** @param editor the one that was in front when the command was given */
export async function askItems(
  title: string,
  task: BatchTask,
  editor: vscode.TextEditor | undefined,
  tools: PlaybookTools,
): Promise<Answer<SoundItems>> {
  const prompt = vscode.l10n.t("Where do the items come from? A list in JSON, or a value a line");
  const choices = [...fromEditor(editor), ...(await fromFiles(editor)), ...others()];
  for (;;) {
    const answer = await askChoice({ title, prompt, step: 2, totalSteps: 3, canGoBack: true }, choices);
    if (answer === undefined || answer === "back") return answer;
    const found = await itemsFrom(answer.value, title);
    if (found === "back") continue;
    if (found === undefined) return undefined;
    const sound = await checked(found.items, found.place, task, tools);
    return sound && { value: sound };
  }
}

interface Found {
  readonly items: Items;
  /** Where a line of them can be shown. */
  readonly place: vscode.Uri | undefined;
}

async function itemsFrom(source: Source, title: string): Promise<Found | "back" | undefined> {
  switch (source.type) {
    case "text": {
      const { text, uri, firstLine } = source;
      return await readable(uri, () => itemsOfDocument(text, nameOf(uri), firstLine));
    }
    case "file":
      return await readable(source.uri, () => itemsOfFile(source.uri.fsPath));
    case "open": {
      const filters = {
        [vscode.l10n.t("Items")]: ["ndjson", "jsonl", "json", "txt"],
        [vscode.l10n.t("All files")]: ["*"],
      };
      const openLabel = vscode.l10n.t("Take Items");
      const [uri] = (await vscode.window.showOpenDialog({ title, openLabel, filters })) ?? [];
      return uri === undefined ? "back" : await readable(uri, () => itemsOfFile(uri.fsPath));
    }
    case "typed":
      return await typed(title);
  }
}

/** What is wrong with the text is told, and shown where it stands. */
async function readable(uri: vscode.Uri, read: () => Items | Promise<Items>): Promise<Found | undefined> {
  try {
    return { items: await read(), place: uri };
  } catch (error) {
    if (!(error instanceof ItemsError)) throw error;
    const { line } = error;
    const show = vscode.l10n.t("Show");
    const told = vscode.l10n.t("These items can't be run: {0}", error.message);
    const chosen = await vscode.window.showErrorMessage(plainText(told), ...(line === undefined ? [] : [show]));
    if (chosen === show && line !== undefined) await showLine(uri, line);
    return undefined;
  }
}

/** A field for one line: line breaks of what is pasted get lost, which the values survive. */
async function typed(title: string): Promise<Found | "back" | undefined> {
  const problemOf = (value: string) => {
    try {
      itemsOfDocument(value);
      return undefined;
    } catch (error) {
      if (!(error instanceof ItemsError)) throw error;
      return error.message;
    }
  };
  const answer = await askText({
    title,
    prompt: vscode.l10n.t("Type or paste the items: a list in JSON, or one value after the other"),
    placeholder: '{"image": "1.png"} {"image": "2.png"}',
    step: 2,
    totalSteps: 3,
    canGoBack: true,
    value: "",
    isPassword: false,
    validate: problemOf,
  });
  if (answer === undefined || answer === "back") return answer;
  return { items: itemsOfDocument(answer.value), place: undefined };
}

/** @returns undefined where the person wants to mend them first */
async function checked(
  items: Items,
  place: vscode.Uri | undefined,
  { playbook, folder, name }: BatchTask,
  tools: PlaybookTools,
): Promise<SoundItems | undefined> {
  const taking = playbook && { path: playbook.path, params: playbook.params, folder };
  const { unfitCount, firstUnfit, sample } = await tools.checkItems(items, taking);
  if (firstUnfit === undefined) return { items, sample };
  const { line, number, message } = firstUnfit;
  const anyway = vscode.l10n.t("Trigger Anyway");
  const show = vscode.l10n.t("Show Item");
  const question =
    unfitCount === 1
      ? vscode.l10n.t("1 of {0} items can't be run by {1}.", formatCount(items.count), name)
      : vscode.l10n.t("{0} of {1} items can't be run by {2}.", formatCount(unfitCount), formatCount(items.count), name);
  const where = place === undefined ? vscode.l10n.t("Item {0}", number) : `${nameOf(place)}:${line}`;
  const after = vscode.l10n.t("What can't be run would fail at once, and the others would run.");
  const options = { modal: true, detail: `${plainText(`${where}: ${message}`, 1_000)}\n\n${after}` };
  const actions = place === undefined ? [anyway] : [show, anyway];
  const chosen = await vscode.window.showWarningMessage(plainText(question), options, ...actions);
  if (chosen === anyway) return { items, sample };
  if (chosen === show && place !== undefined) await showLine(place, line);
  return undefined;
}

function fromEditor(editor: vscode.TextEditor | undefined): Choice<Source>[] {
  if (editor === undefined) return [];
  const { document, selections } = editor;
  const { uri } = document;
  const choices: Choice<Source>[] = [];
  const filled = selections.filter((selection) => document.getText(selection).trim() !== "");
  const [selected] = filled;
  if (selected !== undefined && filled.length === 1) {
    const { start, end } = selected;
    const label = vscode.l10n.t("Selection in {0}", nameOf(uri));
    const description = vscode.l10n.t("lines {0} to {1}", start.line + 1, end.line + 1);
    const source: Source = { type: "text", text: document.getText(selected), uri, firstLine: start.line + 1 };
    choices.push({ label, description, value: source });
  }
  const looksLikeItems = /\.(?:json|ndjson|jsonl)$/i.test(uri.path) || /^json/.test(document.languageId);
  if (looksLikeItems || (document.isUntitled && document.getText().trim() !== "")) {
    const source: Source = { type: "text", text: document.getText(), uri, firstLine: 1 };
    const description = document.isDirty ? vscode.l10n.t("as it stands in the editor") : "";
    choices.push({ label: nameOf(uri), description, value: source });
  }
  return choices;
}

async function fromFiles(editor: vscode.TextEditor | undefined): Promise<Choice<Source>[]> {
  const found = await vscode.workspace.findFiles(itemFiles, notLookedInto, mostFiles);
  return found
    .filter((uri) => uri.scheme === "file" && uri.fsPath !== editor?.document.uri.fsPath)
    .sort((one, other) => (one.fsPath < other.fsPath ? -1 : 1))
    .map((uri) => {
      const description = vscode.workspace.asRelativePath(uri);
      return {
        label: nameOf(uri),
        description: description === nameOf(uri) ? "" : description,
        value: { type: "file", uri },
      };
    });
}

function others(): Choice<Source>[] {
  return [
    { label: vscode.l10n.t("Choose a File…"), value: { type: "open" } },
    { label: vscode.l10n.t("Type or Paste…"), value: { type: "typed" } },
  ];
}

async function showLine(uri: vscode.Uri, line: number): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  const range = document.lineAt(Math.min(line, document.lineCount) - 1).range;
  await vscode.window.showTextDocument(document, { selection: range });
}

function nameOf(uri: vscode.Uri): string {
  return basename(uri.path);
}
