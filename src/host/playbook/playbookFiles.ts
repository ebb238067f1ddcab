// Which documents are playbooks, and their places in VS Code's terms, which counts lines and columns from 0.

import { normalize } from "node:path";
import * as vscode from "vscode";
import type { TextPosition, TextRange } from "../../session/playbook/playbookProblem";

/** By their name alone: the language may be another one than YAML, or none. */
export const playbookSelector: vscode.DocumentSelector = [{ pattern: "**/*.playbook.{yaml,yml}" }];

export function isPlaybook(document: vscode.TextDocument): boolean {
  return vscode.languages.match(playbookSelector, document) > 0 && document.uri.scheme !== "git";
}

/** Of what a menu or a line above a document hands to a command; undefined for anything else. */
export function filePath(argument: unknown): string | undefined {
  return argument instanceof vscode.Uri && argument.scheme === "file" ? normalize(argument.fsPath) : undefined;
}

export function toRange({ start, end }: TextRange): vscode.Range {
  return new vscode.Range(toPosition(start), toPosition(end));
}

export function offsetRange(document: vscode.TextDocument, start: number, end: number): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}

/** The extension of Red Hat completes and tells what the schema knows, which we contribute to it. */
export function isSchemaServedElsewhere(): boolean {
  return vscode.extensions.getExtension("redhat.vscode-yaml")?.isActive === true;
}

function toPosition({ line, column }: TextPosition): vscode.Position {
  return new vscode.Position(line - 1, column - 1);
}
