// What VS Code asks about a playbook in front of a person: completion, hover and the outline. The answers come from the
// tools that are loaded then; here they only take VS Code's shape.

import * as vscode from "vscode";
import { plainText } from "../../trace/plainText";
import type { PlaybookTools } from "./loadPlaybookTools";
import { isPlaybook, isSchemaServedElsewhere, offsetRange, playbookSelector, toRange } from "./playbookFiles";

export function registerPlaybookProviders(tools: () => PlaybookTools): vscode.Disposable {
  const { languages } = vscode;
  return vscode.Disposable.from(
    languages.registerCompletionItemProvider(
      playbookSelector,
      { provideCompletionItems: (document, position) => completions(tools(), document, position) },
      "{",
      ".",
      '"',
    ),
    languages.registerHoverProvider(playbookSelector, {
      provideHover: (document, position) => hover(tools(), document, position),
    }),
    languages.registerDocumentSymbolProvider(
      playbookSelector,
      { provideDocumentSymbols: (document) => symbols(tools(), document) },
      { label: "Tracekeeper" },
    ),
  );
}

const kinds = {
  key: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.EnumMember,
  reference: vscode.CompletionItemKind.Variable,
} as const;

function completions(
  tools: PlaybookTools,
  document: vscode.TextDocument,
  position: vscode.Position,
): vscode.CompletionItem[] {
  if (!isPlaybook(document)) return [];
  const only = isSchemaServedElsewhere() ? "references" : undefined;
  return tools
    .completePlaybook(document.getText(), document.offsetAt(position), only)
    .map(({ label, kind, detail, words, snippet, start, end }, index) => {
      const item = new vscode.CompletionItem(label, kinds[kind]);
      item.insertText = new vscode.SnippetString(snippet);
      item.range = offsetRange(document, start, end);
      // In the order of the format, not of the alphabet.
      item.sortText = String(index).padStart(4, "0");
      if (detail !== undefined) item.detail = plainText(detail);
      if (words !== undefined) item.documentation = new vscode.MarkdownString(words);
      return item;
    });
}

function hover(
  tools: PlaybookTools,
  document: vscode.TextDocument,
  position: vscode.Position,
): vscode.Hover | undefined {
  if (!isPlaybook(document)) return undefined;
  const only = isSchemaServedElsewhere() ? "references" : undefined;
  const found = tools.hoverPlaybook(document.getText(), document.offsetAt(position), only);
  return (
    found && new vscode.Hover(new vscode.MarkdownString(found.words), offsetRange(document, found.start, found.end))
  );
}

function symbols(tools: PlaybookTools, document: vscode.TextDocument): vscode.DocumentSymbol[] {
  if (!isPlaybook(document)) return [];
  const { params, paramsRange, steps, stepsRange } = tools.playbookOutline(document.getText());
  const { SymbolKind, DocumentSymbol } = vscode;
  const all: vscode.DocumentSymbol[] = [];
  const group = (
    name: string,
    kind: vscode.SymbolKind,
    range: typeof stepsRange,
    children: vscode.DocumentSymbol[],
  ) => {
    if (range === undefined) return;
    const symbol = new DocumentSymbol(
      name,
      "",
      kind,
      toRange(range),
      toRange({ start: range.start, end: range.start }),
    );
    symbol.children = children;
    all.push(symbol);
  };
  group(
    vscode.l10n.t("Parameters"),
    SymbolKind.Namespace,
    paramsRange,
    params.map(({ name, type, isSecret, range, nameRange }) => {
      const detail = isSecret ? vscode.l10n.t("secret {0}", type) : type;
      return new DocumentSymbol(
        plainText(name) || "?",
        plainText(detail),
        SymbolKind.Variable,
        toRange(range),
        toRange(nameRange),
      );
    }),
  );
  group(
    vscode.l10n.t("Steps"),
    SymbolKind.Array,
    stepsRange,
    steps.map(({ name, action, range, nameRange }) => {
      const shown = plainText(name) || vscode.l10n.t("step without an id");
      return new DocumentSymbol(shown, plainText(action), SymbolKind.Function, toRange(range), toRange(nameRange));
    }),
  );
  return all;
}
