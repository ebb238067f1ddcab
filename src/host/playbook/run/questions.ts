// One question after another in VS Code's quick input, with a way back to the one before. Every text of a playbook passes
// `plainText`, because VS Code reads links and icons into prompts and labels.

import * as vscode from "vscode";
import { DisposableStore } from "../../../base/disposable";
import { plainText } from "../../../trace/plainText";

/** Undefined: the person wants nothing of it any more. */
export type Answer<T> = { readonly value: T } | "back" | undefined;

export interface Question {
  readonly title: string;
  readonly prompt: string;
  /** From 1 on. */
  readonly step: number;
  readonly totalSteps: number;
  readonly canGoBack: boolean;
}

export interface TextQuestion extends Question {
  readonly value: string;
  readonly placeholder?: string | undefined;
  readonly isPassword: boolean;
  /** In words what is wrong. */
  validate(value: string): string | undefined;
  /** Opens a dialog for files and folders beside the field. */
  browse?(): Promise<string | undefined>;
}

const browseButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("folder-opened"),
  tooltip: vscode.l10n.t("Browse…"),
};

export async function askText(question: TextQuestion): Promise<Answer<string>> {
  const input = vscode.window.createInputBox();
  const owned = new DisposableStore();
  owned.add(input);
  showQuestion(input, question);
  input.prompt = plainText(question.prompt);
  input.value = question.value;
  input.placeholder = question.placeholder === undefined ? undefined : plainText(question.placeholder);
  input.password = question.isPassword;
  if (question.browse !== undefined) input.buttons = [...input.buttons, browseButton];
  const problemOf = (value: string) => {
    const problem = question.validate(value);
    return problem === undefined ? undefined : plainText(problem);
  };
  let isBrowsing = false;
  const answer = new Promise<Answer<string>>((resolve) => {
    owned.add(
      input.onDidChangeValue((value) => {
        input.validationMessage = problemOf(value);
      }),
    );
    owned.add(
      input.onDidAccept(() => {
        const { value } = input;
        input.validationMessage = problemOf(value);
        if (input.validationMessage === undefined) resolve({ value });
      }),
    );
    owned.add(
      input.onDidTriggerButton((button) => {
        if (button === vscode.QuickInputButtons.Back) return resolve("back");
        isBrowsing = true;
        // The field goes while the dialog is there.
        const show = (found?: string) => {
          isBrowsing = false;
          if (owned.isDisposed) return;
          if (found !== undefined) input.value = found;
          input.show();
        };
        question.browse?.().then(show, () => show());
      }),
    );
    owned.add(
      input.onDidHide(() => {
        if (!isBrowsing) resolve(undefined);
      }),
    );
  });
  input.show();
  try {
    return await answer;
  } finally {
    owned.dispose();
  }
}

export interface Choice<T> {
  readonly label: string;
  readonly description?: string | undefined;
  readonly value: T;
  /** What a press on the bin beside it does, which then goes. */
  forget?(): Promise<void>;
}

const forgetButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("trash"),
  tooltip: vscode.l10n.t("Forget the kept value"),
};

/** @param initial index of the row that is selected first */
export async function askChoice<T>(question: Question, choices: readonly Choice<T>[], initial = 0): Promise<Answer<T>> {
  interface Item extends vscode.QuickPickItem {
    readonly choice: Choice<T>;
  }
  const pick = vscode.window.createQuickPick<Item>();
  const owned = new DisposableStore();
  owned.add(pick);
  showQuestion(pick, question);
  pick.placeholder = plainText(question.prompt);
  const items = choices.map((choice) => ({
    label: plainText(choice.label) || '""',
    description: plainText(choice.description ?? ""),
    buttons: choice.forget === undefined ? [] : [forgetButton],
    choice,
  }));
  pick.items = items;
  const selected = items[initial];
  if (selected !== undefined) pick.activeItems = [selected];
  const answer = new Promise<Answer<T>>((resolve, reject) => {
    owned.add(
      pick.onDidAccept(() => {
        const [item] = pick.selectedItems;
        if (item !== undefined) resolve({ value: item.choice.value });
      }),
    );
    owned.add(
      pick.onDidTriggerButton((button) => {
        if (button === vscode.QuickInputButtons.Back) resolve("back");
      }),
    );
    owned.add(
      pick.onDidTriggerItemButton(({ item }) => {
        item.choice.forget?.().then(() => {
          pick.items = pick.items.filter((each) => each !== item);
        }, reject);
      }),
    );
    owned.add(pick.onDidHide(() => resolve(undefined)));
  });
  pick.show();
  try {
    return await answer;
  } finally {
    owned.dispose();
  }
}

/** A secret is fetched from another window while the question stays. */
function showQuestion(input: vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem>, question: Question): void {
  const { title, step, totalSteps, canGoBack } = question;
  input.title = plainText(title);
  input.ignoreFocusOut = true;
  if (totalSteps > 1) {
    input.step = step;
    input.totalSteps = totalSteps;
  }
  if (canGoBack) input.buttons = [vscode.QuickInputButtons.Back];
}
